/** Paths as text, without the file system and without Node's modules. */

/** The shortest path with the same meaning, unless a part of it is a symbolic link. ".." above "/" is "/". */
export function cleanPath(path: string): string {
  const absolute = path.startsWith("/");
  // Most are clean.
  if (absolute && !path.endsWith("/") && !path.includes("//") && !path.includes("/.")) return path;
  const parts: string[] = [];
  for (const part of path.split("/")) {
    if (part === "" || part === ".") continue;
    if (part !== "..") parts.push(part);
    else if (parts.length > 0 && parts.at(-1) !== "..") parts.pop();
    else if (!absolute) parts.push(part);
  }
  const joined = parts.join("/");
  if (absolute) return `/${joined}`;
  return joined === "" ? "." : joined;
}

/** `path`, taken from `base` if it is relative. `base` is absolute. */
export function resolvePath(base: string, path: string): string {
  return cleanPath(path.startsWith("/") ? path : `${base}/${path}`);
}

/** The last component: "cpu,cpuacct" of "/sys/fs/cgroup/cpu,cpuacct". */
export function baseName(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}
