/** How deep a JSON text is nested, found out before it is parsed. */

/**
 * The specification's documents have ten levels or so. Go, and so runc, takes ten thousand; the engine's stack ends
 * before that when JSON.parse is given a reviver. What reads values may recurse this far.
 */
export const DEPTH_MAX = 1_000;

/** Whether values are nested more than DEPTH_MAX deep. `structure`: of `withoutStrings`. */
export function isTooDeep(structure: string): boolean {
  // Of nearly every text this tells that it is not.
  if (structure.split("[").length + structure.split("{").length <= DEPTH_MAX) return false;
  let depth = 0;
  for (const [bracket] of structure.matchAll(/[[\]{}]/g)) {
    depth += bracket === "[" || bracket === "{" ? 1 : -1;
    if (depth > DEPTH_MAX) return true;
  }
  return false;
}
