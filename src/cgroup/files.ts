/** Texts of the files of a cgroup. */

import type { native } from "../native/call.ts";

/** Where a cgroup is: below the mount point of its hierarchy. */
type Directory = Readonly<{ mount: string; path: string }>;

/** In the order of `files`; "" for one that is not there or cannot be read. */
export function fileTexts(call: typeof native, { mount, path }: Directory, files: string[]): string[] {
  return call("cgroup_read", { groups: [{ mount, path, files }] }).files.map(({ text }) => text);
}

/** Undefined: there is no such file, or it cannot be read (memory.reclaim). */
export function fileText(call: typeof native, { mount, path }: Directory, file: string): string | undefined {
  const [reply] = call("cgroup_read", { groups: [{ mount, path, files: [file] }] }).files;
  return reply === undefined || reply.errno !== 0 ? undefined : reply.text;
}
