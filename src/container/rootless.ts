/** Whether missing permission for cgroups is tolerated: `--rootless`, as runc decides `auto`. */

import { isRootless } from "../host/current.ts";
import type { HostFacts } from "../host/host.ts";

/** `flag`: of --rootless. */
export function rootlessCgroups(flag: boolean | "auto", host: HostFacts): boolean {
  return flag === "auto" ? isRootless(host) : flag;
}
