/** The environment of the process. environ(7). */

/**
 * Of several values of a name the last one counts, in its place. An empty HOME is taken out: the core
 * sets it from the container's passwd(5).
 */
export function planEnvironment(env: readonly string[]): string[] {
  const last = new Map<string, number>();
  for (const [index, entry] of env.entries()) last.set(nameOf(entry), index);
  return env.filter((entry, index) => last.get(nameOf(entry)) === index && entry !== "HOME=");
}

function nameOf(entry: string): string {
  return entry.slice(0, entry.indexOf("="));
}
