/** Giving a container its cgroup: the owner of the delegated subtree may make and limit cgroups of its own. */

import { native } from "../native/call.ts";
import { type CgroupLocations, locationOf } from "./paths.ts";

const DELEGATE_FILE = "/sys/kernel/cgroup/delegate";

/** Of kernels that have no list of their own: cgroups(7), "Delegation". */
const DELEGATED_FILES = ["cgroup.procs", "cgroup.subtree_control", "cgroup.threads"];

/**
 * Changes the owner of the container's v2 cgroup to `uid` (of the host). For a container with its own
 * cgroup namespace and a writable cgroup mount. v1 is not safe to delegate.
 */
export function delegateCgroup(locations: CgroupLocations, uid: number): void {
  const unified = locationOf(locations, "");
  if (unified === undefined || locations.length > 1) return;
  const { found, text } = native("read_file", { path: DELEGATE_FILE });
  const files = found ? text.split("\n").filter((line) => line !== "") : DELEGATED_FILES;
  native("cgroup_delegate", { group: { mount: unified.mount, path: unified.path }, uid, files });
}
