/** /proc/pid/mountinfo: proc_pid_mountinfo(5). */

export interface MountinfoEntry {
  /** The directory of the file system that is mounted. */
  root: string;
  mountPoint: string;
  fileSystem: string;
  /** The mount or its file system may not be written to. */
  readOnly: boolean;
  /** Options of the superblock: for cgroup v1 the controllers are among them. */
  superOptions: string[];
}

/** Lines that do not have the documented form are skipped. */
export function parseMountinfo(text: string): MountinfoEntry[] {
  const entries: MountinfoEntry[] = [];
  for (const line of text.split("\n")) {
    const separator = line.indexOf(" - ");
    if (separator === -1) continue;
    const [, , , root, mountPoint, options = ""] = line.slice(0, separator).split(" ");
    const [fileSystem, , superOptions = ""] = line.slice(separator + 3).split(" ");
    if (root === undefined || mountPoint === undefined || fileSystem === undefined) continue;
    entries.push({
      root: unescapeOctal(root),
      mountPoint: unescapeOctal(mountPoint),
      fileSystem,
      readOnly: [options, superOptions].some((list) => list.split(",").includes("ro")),
      superOptions: superOptions.split(","),
    });
  }
  return entries;
}

/** The kernel writes space, tab, newline and backslash as \ooo. */
function unescapeOctal(text: string): string {
  if (!text.includes("\\")) return text;
  return text.replace(/\\([0-7]{3})/g, (_match, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 8)),
  );
}
