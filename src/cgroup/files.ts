/** Texts of the files of a cgroup. */

import { native } from "../native/call.ts";

/** Where a cgroup is: below the mount point of its hierarchy. */
type Directory = Readonly<{ mount: string; path: string }>;

/** In the order of `files`; "" for one that is not there or cannot be read. */
export function fileTexts({ mount, path }: Directory, files: string[]): string[] {
  return native("cgroup_read", { groups: [{ mount, path, files }] }).files.map(({ text }) => text);
}

/** Undefined: there is no such file, or it cannot be read (memory.reclaim). */
export function fileText({ mount, path }: Directory, file: string): string | undefined {
  const [reply] = native("cgroup_read", { groups: [{ mount, path, files: [file] }] }).files;
  return reply === undefined || reply.errno !== 0 ? undefined : reply.text;
}
