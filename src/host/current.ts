/** The facts of this machine, read once a command. */

import { native } from "../native/call.ts";
import { isThere } from "./files.ts";
import { found } from "./found.ts";
import { type HostFacts, hostFacts, isInitialIdMap, parseIdMap } from "./host.ts";

/** Reads them at the first call only. */
export function currentHost(): HostFacts {
  if (found.host === undefined) {
    const texts = native("host_facts", {});
    const root = texts.euid === 0;
    found.host = hostFacts(texts, {
      // Root writes id maps itself.
      newuidmap: root ? null : findExecutable("newuidmap"),
      newgidmap: root ? null : findExecutable("newgidmap"),
      procKcore: isThere("/proc/kcore"),
      setgroupsDenied: !isInitialIdMap(parseIdMap(texts.uid_map)) && deniesSetgroups("self"),
    });
  }
  return found.host;
}

/**
 * Whether this is a rootless user: also root in a user namespace with a session of its own, but not root of a nested
 * container.
 */
export function isRootless({ euid, inUserNamespace }: HostFacts): boolean {
  return euid !== 0 || (inUserNamespace && process.env["USER"] !== "root");
}

/** Whether missing permission for cgroups is tolerated. `flag`: of --rootless; as runc decides `auto`. */
export function rootlessCgroups(flag: boolean | "auto", host: HostFacts): boolean {
  return flag === "auto" ? isRootless(host) : flag;
}

/** Whether the user namespace of a process refuses setgroups(2). `pid`: a directory of /proc. */
export function deniesSetgroups(pid: number | "self"): boolean {
  return native("read_file", { path: `/proc/${pid}/setgroups` }).text.startsWith("deny");
}

/** Absolute path of a program on PATH; null where there is none. */
function findExecutable(name: string): string | null {
  for (const directory of (process.env["PATH"] ?? "").split(":")) {
    const path = `${directory}/${name}`;
    if (directory.startsWith("/") && isThere(path)) return path;
  }
  return null;
}
