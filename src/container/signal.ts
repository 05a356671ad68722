/** Signals for a container's processes: to its init, or to all of them through the cgroup. */

import { killCgroups } from "../cgroup/operate.ts";
import { SIG } from "../native/boundary.gen.ts";
import { native } from "../native/call.ts";
import { initOf, type StateRecord } from "../state/record.ts";
import { cgroupsOf } from "./cgroups.ts";

export const SIGKILL = SIG.KILL;

/** False: the init process has ended. */
export function signalInit(record: StateRecord, signal: number): boolean {
  if (record.init_process_pid === 0) return false;
  return native("signal_process", { ...initOf(record), signal }).sent;
}

/** Sends a signal to every process in the container's cgroups. False: there is no such cgroup (any more). */
export function signalAll(record: StateRecord, signal: number): boolean {
  return killCgroups(cgroupsOf(record), signal);
}

/** Whether the end of init ends every process of the container: only its own pid namespace promises that. */
export function ownsPidNamespace(record: StateRecord): boolean {
  return record.config.namespaces.some(({ type, path }) => type === "pid" && path === "");
}
