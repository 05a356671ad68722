/**
 * A container's status as the kernel knows it now: runtime-spec runtime.md, State. Nothing is remembered that
 * the kernel can be asked.
 */

import { isFrozen } from "../cgroup/operate.ts";
import { locationsOfPaths } from "../cgroup/paths.ts";
import type { ContainerStatus } from "../failure/messages.ts";
import { currentHost } from "../host/current.ts";
import { native } from "../native/call.ts";
import type { StateRecord } from "./record.ts";
import type { StateDirectory } from "./store.ts";

/** What decides; pure. */
interface StatusFacts {
  /** The init process of the record runs (not ended, not a zombie, no other process with its pid). */
  alive: boolean;
  /** It is still bunc-init, waiting for `start`. */
  waiting: boolean;
  /** Create has not finished. */
  creating: boolean;
  frozen: boolean;
}

function statusOf(facts: StatusFacts): ContainerStatus {
  if (!facts.alive) return "stopped";
  if (facts.creating) return "creating";
  if (facts.frozen) return "paused";
  return facts.waiting ? "created" : "running";
}

export function currentStatus(directory: StateDirectory, record: StateRecord): ContainerStatus {
  const { alive, waiting } = initProcess(directory, record);
  return statusOf({
    alive,
    waiting,
    creating: record.bunc.creating,
    frozen: alive && isFrozen(native, locationsOfPaths(currentHost().cgroup, record.cgroup_paths)),
  });
}

/** The init process now. */
function initProcess(directory: StateDirectory, record: StateRecord): { alive: boolean; waiting: boolean } {
  if (record.init_process_pid === 0) return { alive: false, waiting: false };
  const now = native("process_status", { pid: record.init_process_pid, start_socket: directory.startSocket });
  const same = now.state !== "" && Number(now.start_time) === record.init_process_start;
  const alive = same && now.state !== "Z" && now.state !== "X";
  return { alive, waiting: alive && now.waiting };
}
