/** What the commands do with the cgroups of a container that is there: count, signal, pause, remove. */

import { orExplain, RuntimeError } from "../failure/errors.ts";
import { errnoText } from "../kernel/errno.ts";
import { type Cgroup, ERRNO } from "../native/boundary.gen.ts";
import { native } from "../native/call.ts";
import { type CgroupLocation, type CgroupLocations, distinctGroups, groupOf, locationOf } from "./paths.ts";

/** As long as runc waits; a healthy host takes a few milliseconds. */
const FREEZE_TIMEOUT_MS = 10_000;
const REMOVE_TIMEOUT_MS = 2_000;

/** Pids of the container and of the cgroups below, ascending, as seen from here. */
export function cgroupProcesses(locations: CgroupLocations): readonly number[] {
  // On v1 the devices hierarchy stands for all: it is the one that every container has (runc lists it too).
  const location = locationOf(locations, "devices");
  if (location === undefined) return [];
  return native("cgroup_processes", { groups: [groupOf(location)] }).pids;
}

/**
 * Signals every process in the container's cgroups; SIGKILL until none is left. False: there is no cgroup.
 * A paused container is continued by SIGKILL (v1 would not let it die otherwise), not by other signals.
 */
export function killCgroups(locations: CgroupLocations, signal: number): boolean {
  const { found } = native("cgroup_kill", {
    groups: distinctGroups(locations),
    freezer: freezerGroup(locations) ?? null,
    signal,
    freeze_timeout_ms: 1_000,
  });
  return found;
}

/**
 * `pause` and `resume`. Returns when every process is stopped, or may run again. Throws RuntimeError when
 * there is no freezer or the processes do not stop in time; then they keep running.
 */
export function freezeCgroups(locations: CgroupLocations, frozen: boolean): void {
  const freezer = locationOf(locations, "freezer");
  if (freezer === undefined) {
    throw new RuntimeError("cannot toggle freezer: cgroups not configured for container", {
      hint:
        locations.length === 0
          ? "the container has no cgroup of its own"
          : "no v1 hierarchy with the freezer controller is mounted",
    });
  }
  orExplain(
    () => native("cgroup_freeze", { group: groupOf(freezer), frozen, timeout_ms: FREEZE_TIMEOUT_MS }),
    (error) => {
      const { code, target } = error.failure;
      if (code !== "timeout") return error;
      const message =
        freezer.controller === "freezer"
          ? "unable to freeze"
          : `timeout of ${FREEZE_TIMEOUT_MS / 1000}s reached waiting for the cgroup to freeze`;
      return new RuntimeError(message, {
        step: "freeze",
        path: target,
        hint: "a process did not stop (waiting for a device or a network file system?); the container was thawed",
      });
    },
  );
}

/** Whether `pause` is in effect on the container itself. False where its cgroup is gone or has no freezer. */
export function isFrozen(locations: CgroupLocations): boolean {
  const group = freezerGroup(locations);
  return group !== undefined && native("cgroup_frozen", { groups: [group] }).frozen[0] === true;
}

/** The cgroup that is frozen by `pause`; undefined: there is no freezer. */
export function freezerGroup(locations: CgroupLocations): Cgroup | undefined {
  const freezer = locationOf(locations, "freezer");
  return freezer === undefined ? undefined : groupOf(freezer);
}

/** Whether the container's cgroup is still there. */
export function cgroupsExist(locations: CgroupLocations): boolean {
  const location = locationOf(locations, "devices");
  if (location === undefined) return false;
  const groups = [{ ...groupOf(location), files: ["cgroup.procs"] }];
  const [procs] = native("cgroup_read", { groups }).files;
  return procs !== undefined && procs.errno !== ERRNO.NOENT && procs.errno !== ERRNO.NODEV;
}

/**
 * Removes the cgroups with all below them. Processes on their way out are waited for; who stays is named
 * in the RuntimeError.
 */
export function removeCgroups(locations: CgroupLocations): void {
  const { remaining } = native("cgroup_remove", {
    groups: distinctGroups(locations),
    timeout_ms: REMOVE_TIMEOUT_MS,
  });
  const [first] = remaining;
  if (first === undefined) return;
  const pids = [...new Set(remaining.flatMap((group) => group.pids))];
  const paths = remaining.map(({ path }) => path).join(" ");
  const who = pids.length === 0 ? "" : ` (process(es) left in it: ${pids.join(" ")})`;
  throw new RuntimeError(
    `unable to remove container's cgroup: rmdir ${paths}: ${errnoText(first.errno)}${who}`,
    { step: "rmdir", path: first.path, errno: first.errno },
  );
}

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
  native("cgroup_delegate", { group: groupOf(unified), uid, files });
}

/** The sub-cgroup of `exec --cgroup`, below the container's own. */
export function subCgroup(location: CgroupLocation, sub: string): CgroupLocation {
  const parts = sub.split("/").filter((part) => part !== "" && part !== ".");
  if (parts.includes("..")) throw new RuntimeError(`bad sub cgroup path: ${sub}`, { path: sub });
  const path = [location.path, ...parts].filter((part) => part !== "").join("/");
  return { ...location, path };
}
