/**
 * A container's status as the kernel knows it now: runtime-spec runtime.md, State. What the kernel can be
 * asked is not remembered.
 */

import { freezerGroup } from "../cgroup/operate.ts";
import { locationsOfPaths } from "../cgroup/paths.ts";
import type { ContainerStatus } from "../failure/messages.ts";
import { currentHost } from "../host/current.ts";
import { askEach } from "../native/ask-each.ts";
import type { Cgroup, StatusReply, StatusRequest } from "../native/boundary.gen.ts";
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

/** A container and what is remembered of it. */
export interface Recorded {
  directory: StateDirectory;
  record: StateRecord;
}

/**
 * Asks the kernel, in a few calls of the core: the status of each, or why it cannot be told (a record with cgroups outside of
 * the mounts).
 */
export function currentStatuses(containers: readonly Recorded[]): (ContainerStatus | Error)[] {
  const looks = containers.map(
    ({ directory, record }): Look => ({
      directory,
      record,
      alive: false,
      waiting: false,
      creating: record.bunc.creating,
      creatorAlive: false,
      frozen: false,
    }),
  );
  inquire(looks, initOf, processesNow, (look, now) => {
    look.alive = runs(now, look.record.init_process_start);
    look.waiting = look.alive && now.waiting;
  });
  inquire(looks, creatorOf, processesNow, (look, now) => {
    look.creatorAlive = runs(now, look.record.bunc.creator?.startTime);
  });
  inquire(looks, freezerOf, frozenNow, (look, frozen) => {
    look.frozen = frozen;
  });
  return looks.map((look) => look.error ?? statusOf(look));
}

interface Look extends Recorded, StatusFacts {
  error?: Error;
}

/** Those without a question stay as they are. */
function inquire<Question, Answer>(
  looks: readonly Look[],
  questionOf: (look: Look) => Question | undefined,
  ask: (questions: readonly Question[]) => readonly Answer[],
  note: (look: Look, answer: Answer) => void,
): void {
  const asked: Look[] = [];
  const questions: Question[] = [];
  for (const look of looks) {
    if (look.error !== undefined) continue;
    try {
      const question = questionOf(look);
      if (question === undefined) continue;
      questions.push(question);
      asked.push(look);
    } catch (error) {
      look.error = error as Error;
    }
  }
  if (asked.length === 0) return;
  askEach(questions, ask).forEach((answer, index) => {
    const look = asked[index] as Look;
    if (answer instanceof Error) look.error = answer;
    else note(look, answer);
  });
}

function processesNow(processes: readonly StatusRequest[]): readonly StatusReply[] {
  return native("process_statuses", { processes }).statuses;
}

function initOf({ directory, record }: Look): StatusRequest | undefined {
  const { init_process_pid: pid } = record;
  if (pid === 0) return undefined;
  return { pid, start_socket: directory.startSocket, executable: record.bunc.initExecutable ?? "" };
}

function creatorOf({ record, creating, alive }: Look): StatusRequest | undefined {
  const { creator } = record.bunc;
  if (!creating || alive || creator === undefined) return undefined;
  return { pid: creator.pid, start_socket: "", executable: "" };
}

function frozenNow(groups: readonly Cgroup[]): readonly boolean[] {
  return native("cgroup_frozen", { groups }).frozen;
}

function freezerOf({ record, alive }: Look): Cgroup | undefined {
  if (!alive) return undefined;
  return freezerGroup(locationsOfPaths(currentHost().cgroup, record.cgroup_paths));
}

function runs({ state, start_time }: StatusReply, started: number | undefined): boolean {
  return state !== "" && state !== "Z" && state !== "X" && Number(start_time) === started;
}

/** Field 22 of proc_pid_stat(5) of this process. */
export function ownStartTime(): number {
  const [now] = processesNow([{ pid: process.pid, start_socket: "", executable: "" }]);
  return Number(now?.start_time);
}
