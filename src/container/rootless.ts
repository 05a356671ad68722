/** Whether missing permission for cgroups is tolerated: `--rootless`, as runc decides `auto`. */

import type { HostFacts } from "../host/host.ts";

export function rootlessCgroups(flag: boolean | "auto", host: HostFacts): boolean {
  if (flag !== "auto") return flag;
  if (host.euid !== 0) return true;
  // Root of a user namespace: with an own session it is a rootless user's, without one a nested container's root.
  return host.inUserNamespace && process.env["USER"] !== "root";
}
