/** What `create` would do, and `start` after it, in order: both are run, and recorded. */

import type { ContainerContext } from "../container/context.ts";
import { createContainer } from "../container/create.ts";
import { runPoststartHooks } from "../container/hooks.ts";
import { startContainer } from "../container/start.ts";
import { failureMessage, RuntimeError } from "../failure/errors.ts";
import type { Warning } from "../failure/warning.ts";
import { currentHost } from "../host/current.ts";
import type { Log } from "../log/log.ts";
import type { Plan } from "../native/boundary.gen.ts";
import type { Operation } from "./operation.ts";
import { type MachineFiles, Recording } from "./recording.ts";

export interface Explanation {
  /** Null: create would fail before it has one. */
  plan: Plan | null;
  operations: Operation[];
  /** Why create would fail. */
  problems: string[];
  warnings: Warning[];
}

type Request = Omit<Parameters<typeof createContainer>[0], "start" | "detach">;

/**
 * Changes nothing. Throws what create throws before it does anything. If it would fail later, this and what it does to take all
 * back is told. `files`: of a machine that is made up, instead of this one.
 */
export function explainCreate(
  request: Request,
  context: ContainerContext,
  files: MachineFiles | null = null,
): Explanation {
  const warnings: Warning[] = [];
  const problems: string[] = [];
  const recorded = { ...context, log: collect(warnings) };
  const recording = new Recording(currentHost(), 3 + request.preserveFds, files);
  try {
    recording.record(() => {
      const { directory, record } = createContainer({ ...request, start: "socket", detach: true }, recorded);
      recording.phase = "start";
      const config = startContainer({ directory, record, status: "created" }, recorded);
      runPoststartHooks(config, record);
    });
  } catch (error) {
    // What is refused before anything is done is refused here too.
    if (!(error instanceof RuntimeError) || recording.operations.length === 0) throw error;
    problems.push(failureMessage(error));
  }
  return { plan: recording.plan ?? null, operations: joined(recording.operations), problems, warnings };
}

/** A log that keeps what it warns of. */
function collect(warnings: Warning[]): Log {
  const ignore = () => {};
  return {
    debugging: false,
    debug: ignore,
    warning: (warning) => warnings.push(typeof warning === "string" ? { message: warning } : warning),
    warnings(some) {
      for (const warning of some) warnings.push(warning);
    },
    ending: ignore,
    failure: ignore,
  };
}

/** Calls that differ in the name of a capability, as one. */
function joined(operations: readonly Operation[]): Operation[] {
  const list: Operation[] = [];
  for (const operation of operations) {
    const last = list.at(-1);
    const isSame =
      last !== undefined &&
      operation.target.startsWith("PR_CAP") &&
      (["call", "target", "by", "subject", "phase"] as const).every((name) => last[name] === operation[name]);
    if (isSame) last.detail += `|${operation.detail}`;
    else list.push({ ...operation });
  }
  return list;
}
