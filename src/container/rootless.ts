/** Whether missing permission for cgroups is tolerated: `--rootless`, as runc decides `auto`. */

import type { HostFacts } from "../host/host.ts";

/** `flag`: of --rootless. */
export function rootlessCgroups(flag: boolean | "auto", host: HostFacts): boolean {
  if (flag !== "auto") return flag;
  if (host.euid !== 0) return true;
  // Root in a user namespace: with a session of its own it is a rootless user, without one root of a nested
  // container.
  return host.inUserNamespace && process.env["USER"] !== "root";
}
