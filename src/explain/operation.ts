/** What `explain` lists: one operation of the kernel, who does it, and the config path that asks for it. */

/** `bunc` itself, or a stage of bunc-init (docs/ARCHITECTURE.md, Processes). */
export type Actor = "bunc" | "bunc-init, stage 1" | "bunc-init";

/** Which command does it: an operation of `start` is listed because `create` has prepared it. */
export type Phase = "create" | "start";

export interface Operation {
  phase: Phase;
  by: Actor;
  /** System call, or "hook" for a program that is run. */
  call: string;
  /** File, directory, name: what it is done on; "" where there is nothing to name. */
  target: string;
  /** Flags and values, in words of the man pages. */
  detail: string;
  /** Config path; "" for what no field asks for. */
  subject: string;
  /** Only then; absent: always. */
  condition?: string;
}

/** An operation without its place: what the parts of `explain` make. */
export type Step = Omit<Operation, "phase" | "by" | "subject">;

export function step(call: string, target = "", detail = "", condition?: string): Step {
  return condition === undefined ? { call, target, detail } : { call, target, detail, condition };
}

export function at(phase: Phase, by: Actor, subject: string, steps: readonly Step[]): Operation[] {
  return steps.map((each) => ({ phase, by, subject, ...each }));
}
