/** The cgroups of a recorded container. */

import { type CgroupLocation, locationsOfPaths } from "../cgroup/paths.ts";
import { currentHost } from "../host/current.ts";
import type { StateRecord } from "../state/record.ts";

export function cgroupsOf(record: StateRecord): CgroupLocation[] {
  return locationsOfPaths(currentHost().cgroup, record.cgroup_paths);
}
