/** Removing what is left of a container: processes, cgroups, state directory; then its poststop hooks. */

import { freezeCgroups, isFrozen } from "../cgroup/operate.ts";
import { RuntimeError } from "../failure/errors.ts";
import type { Log } from "../log/log.ts";
import { native } from "../native/call.ts";
import { initOf, type StateRecord } from "../state/record.ts";
import type { StateDirectory } from "../state/store.ts";
import { cgroupsOf, removeCgroupsOf } from "./cgroups.ts";
import { runPoststopHooks } from "./hooks.ts";
import { removeRdtGroupsOf } from "./rdt.ts";
import { ownsPidNamespace, SIGKILL, signalAll, signalInit } from "./signal.ts";
import { readStoredConfig } from "./stored-config.ts";

/** How long runc waits for a killed init to end. */
const KILL_TIMEOUT_MS = 10_000;

/** Kills every process of the container. */
export function killProcesses(record: StateRecord): void {
  signalInit(record, SIGKILL);
  signalAll(record, SIGKILL);
  thawIfFrozen(record);
}

/** The same, and waits until its init has ended. */
export function killContainer(record: StateRecord): void {
  killProcesses(record);
  if (record.init_process_pid === 0) return;
  if (!native("await_end", { ...initOf(record), timeout_ms: KILL_TIMEOUT_MS }).ended) {
    throw new RuntimeError("container init still running", {
      hint: `process ${record.init_process_pid} did not end within ${KILL_TIMEOUT_MS / 1000} s of SIGKILL: see its state and wchan in /proc`,
    });
  }
}

/**
 * Removes a container that has stopped, and then gives its lock back: a hook may take its time. Processes that outlived
 * its init in a shared pid namespace are killed.
 */
export function destroyContainer(directory: StateDirectory, record: StateRecord, log: Log): void {
  // A creation that was interrupted early has no copy of its configuration; no hook has run then.
  const config = native("read_file", { path: directory.configFile });
  // The end of its pid namespace ended every process in it; after an interrupted creation this is unknown.
  if (ownsPidNamespace(record) && !record.bunc.creating) removeCgroupsOf(record);
  else removeRecordedCgroups(record);
  removeRdtGroupsOf(record);
  directory.remove();
  directory.release();
  if (config.found) runPoststopHooks(readStoredConfig(config.text, record), record, log);
}

/** Kills the processes left in the cgroups, and removes them. */
export function removeRecordedCgroups(record: StateRecord): void {
  signalAll(record, SIGKILL);
  removeCgroupsOf(record);
}

/** On cgroup v1 a frozen process does not die of SIGKILL until it is thawed. */
export function thawIfFrozen(record: StateRecord): void {
  const locations = cgroupsOf(record);
  if (isFrozen(locations)) freezeCgroups(locations, false);
}
