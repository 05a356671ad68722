/**
 * The process that a plan makes, in stages of which each gives the next one:
 *
 *   begin ─▶ held or started ─▶ hooks ─▶ seccomp_listener ─▶ ready ─▶ executed
 *
 * Where the conversation with it stands is known to the core (zig/parent/spawn.zig), which has ended the process when
 * `proceed` throws.
 */

import type { Plan, Progress, Spawned, SpawnReply } from "../native/boundary.gen.ts";
import { native } from "../native/call.ts";

/** bunc-init waits at `Where`; `proceed` returns when it waits again. */
interface Stage<Where extends Progress, Next> extends Spawned {
  readonly progress: Where;
  readonly proceed: () => Next;
}

export interface Listening<Next> extends Stage<"seccomp_listener", Next> {
  readonly fd: number;
}
export type Ready = Stage<"ready", Executed>;
export type Executed = Spawned & { readonly progress: "executed" };

/** Reports of a container's init. Stages that its plan has nothing for are left out. */
export type InitReport = Stage<"hooks", InitReport> | Listening<InitReport> | Ready;
/** Reports of a process of `exec`. */
export type ExecReport = Listening<ExecReport> | Executed;

interface Begun<Report> extends SpawnReply {
  process: Stage<"held" | "started", Report>;
}

/** Returns while bunc-init works on its steps; `held`: before the first one. */
export function begin<Report extends InitReport | ExecReport>(plan: Plan, held: boolean): Begun<Report> {
  const begun = native("spawn", { plan, until: held ? "held" : "started" });
  return { ...begun, process: stage(begun.process) };
}

/** Returns at the first report. */
export function spawn<Report extends InitReport | ExecReport>(plan: Plan): Report {
  return stage(native("spawn", { plan, until: "reported" }).process);
}

function stage<Of extends Spawned>(spawned: Spawned): Of {
  const it: Spawned & { proceed: () => Spawned } = {
    ...spawned,
    proceed: () => stage(native("proceed", { console: it.console })),
  };
  return it as Spawned as Of;
}

/** Ends a process that waits and is not to go on after all. Undefined: there is none. */
export function abandon(process: Spawned | undefined): void {
  native("abandon", { console: process?.console ?? null });
}

/** Does what a process waits for. When that fails, the process is ended. */
export function orAbandon(process: Spawned, act: () => void): void {
  try {
    act();
  } catch (error) {
    abandon(process);
    throw error;
  }
}

/** A plan whose steps are all that its process is for (Start.never). */
export function carryOut(plan: Plan): void {
  // It ends by itself, and is reaped.
  abandon(spawn<InitReport>(plan));
}
