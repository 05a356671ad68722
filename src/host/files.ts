/** Reads this machine's files without ever failing: for facts and diagnoses, which report what is missing. */

import { native } from "../native/call.ts";

/** Contents of a text file; "": it is not there, or may not be read. */
export function hostText(path: string): string {
  try {
    return native("read_host_file", { path }).text;
  } catch {
    return "";
  }
}

/** Names in a directory; none: it is not there, or may not be read. */
export function namesIn(directory: string): string[] {
  try {
    return native("list_directory", { path: directory }).entries.map(({ name }) => name);
  } catch {
    return [];
  }
}

/** Names of users by uid: passwd(5). */
export function userNames(): Map<number, string> {
  const names = new Map<number, string>();
  for (const line of hostText("/etc/passwd").split("\n")) {
    const [name, , uid] = line.split(":");
    if (name && uid && !names.has(Number(uid))) names.set(Number(uid), name);
  }
  return names;
}

/** False also below a directory that may not be searched. */
export function isThere(path: string): boolean {
  try {
    return native("resolve_path", { path }).path !== "";
  } catch {
    return false;
  }
}
