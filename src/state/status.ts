/**
 * A container's status as the kernel knows it now: runtime-spec runtime.md, State. What the kernel can be
 * asked is not remembered.
 */

import { isFrozen } from "../cgroup/operate.ts";
import { locationsOfPaths } from "../cgroup/paths.ts";
import type { ContainerStatus } from "../failure/messages.ts";
import { currentHost } from "../host/current.ts";
import type { StatusReply } from "../native/boundary.gen.ts";
import { native } from "../native/call.ts";
import type { StateRecord } from "./record.ts";
import type { StateDirectory } from "./store.ts";

/** What decides; pure. */
interface StatusFacts {
  /** The record's init is running: not ended, not a zombie, not another process with its pid. */
  alive: boolean;
  /** It is still bunc-init, waiting for `start`. */
  waiting: boolean;
  /** Create has not finished. */
  creating: boolean;
  /** The process of that create runs. */
  creatorAlive: boolean;
  frozen: boolean;
}

function statusOf(facts: StatusFacts): ContainerStatus {
  if (facts.creating && (facts.alive || facts.creatorAlive)) return "creating";
  if (!facts.alive) return "stopped";
  if (facts.frozen) return "paused";
  return facts.waiting ? "created" : "running";
}

/** Asks the kernel. Throws RuntimeError for a record with cgroups outside of the mounts. */
export function currentStatus(directory: StateDirectory, record: StateRecord): ContainerStatus {
  const { alive, waiting } = initProcess(directory, record);
  return statusOf({
    alive,
    waiting,
    creating: record.bunc.creating,
    creatorAlive: record.bunc.creating && !alive && isCreatorAlive(record),
    frozen: alive && isFrozen(native, locationsOfPaths(currentHost().cgroup, record.cgroup_paths)),
  });
}

/** The init process now. */
function initProcess(directory: StateDirectory, record: StateRecord): { alive: boolean; waiting: boolean } {
  if (record.init_process_pid === 0) return { alive: false, waiting: false };
  const now = native("process_status", {
    pid: record.init_process_pid,
    start_socket: directory.startSocket,
    executable: record.bunc.initExecutable ?? "",
  });
  const alive = runs(now, record.init_process_start);
  return { alive, waiting: alive && now.waiting };
}

function isCreatorAlive({ bunc: { creator } }: StateRecord): boolean {
  if (creator === undefined) return false;
  const now = native("process_status", { pid: creator.pid, start_socket: "", executable: "" });
  return runs(now, creator.startTime);
}

function runs({ state, start_time }: StatusReply, started: number): boolean {
  return state !== "" && state !== "Z" && state !== "X" && Number(start_time) === started;
}
