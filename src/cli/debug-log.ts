/**
 * What --debug logs: a record for every call of the core and every step of bunc-init, with the time it took.
 * Loaded under --debug only. The first words of some records are runc's, whose tests look for them.
 */

import { failureMessage } from "../failure/errors.ts";
import type { Fields, Log } from "../log/log.ts";
import type { Op, Plan, TraceRecord } from "../native/boundary.gen.ts";
import { native } from "../native/call.ts";
import { linked } from "../native/linked.ts";
import { describeStep } from "../plan/describe-step.ts";

/** Calls of the log itself, and those that surround the others. */
const UNSEEN: ReadonlySet<string> = new Set(["append_file", "take_trace", "exit"]);

/** Runs a command's handler, and logs what it does: first what it is, last how long all of it took. */
export async function logged(
  log: Log,
  { verb, args }: { verb: string; args: readonly unknown[] },
  run: () => number | Promise<number>,
): Promise<number> {
  const began = performance.now();
  const [id] = args;
  log.debug(typeof id === "string" ? `${verb} ${id}` : verb, { by: "bunc" });
  observe(log);
  try {
    const status = await run();
    log.debug(`${verb}: exit status ${status}`, {
      by: "bunc",
      duration: milliseconds(performance.now() - began),
    });
    return status;
  } catch (error) {
    log.debug(`${verb}: failed`, { by: "bunc", duration: milliseconds(performance.now() - began) });
    throw error;
  }
}

function observe(log: Log): void {
  /** Of the process that is being made. */
  let plan: Plan | undefined;
  linked.observe = (name, call, request) => {
    if (UNSEEN.has(name)) return call();
    if (isPlanned(request)) plan = request.plan;
    const began = performance.now();
    let outcome = "";
    try {
      return call();
    } catch (error) {
      outcome = `: ${failureMessage(error)}`;
      throw error;
    } finally {
      const duration = milliseconds(performance.now() - began);
      for (const record of native("take_trace", {}).records) {
        const { message, ...fields } = traceFields(record, plan);
        log.debug(message, { ...fields, duration: milliseconds(record.duration_us / 1000) });
      }
      log.debug(`${callText(name, request)}${outcome}`, { by: "bunc", duration });
    }
  };
}

function isPlanned(request: object): request is { plan: Plan } {
  return "plan" in request;
}

/** Fields that say what a call is about; the first one present counts. */
const TARGETS = ["path", "directory", "socket", "source", "file"] as const;

function callText(name: string, request: object): string {
  const words = name.replaceAll("_", " ");
  const fields = request as Record<string, unknown>;
  const hook = fields["hook"] as { path: string; subject: string } | undefined;
  if (hook !== undefined) return `${words} ${hook.path} (${hook.subject})`;
  for (const target of TARGETS) {
    if (typeof fields[target] === "string") return `${words} ${fields[target]}`;
  }
  const { groups, group, pid } = fields as {
    groups?: readonly { mount: string; path: string }[];
    group?: { mount: string; path: string };
    pid?: number;
  };
  const [first = group] = groups ?? [];
  if (first !== undefined) return `${words} ${first.mount}/${first.path}`;
  return pid === undefined ? words : `${words}: process ${pid}`;
}

function traceFields(
  { point, index, text }: TraceRecord,
  plan: Plan | undefined,
): Fields & { message: string } {
  const by = point === "cloned" ? "bunc" : "bunc-init";
  const step = point === "step" ? plan?.steps[index] : undefined;
  if (step !== undefined) return { message: stepText(step.op), by, subject: step.subject };
  switch (point) {
    case "cloned":
      return { message: `nsexec container setup: affinity: ${text}`, by };
    case "joined":
      return { message: "namespaces joined and made", by: "bunc-init, stage 1" };
    case "init":
      return { message: "child process in init()", by };
    case "step":
      return { message: `step ${index}`, by };
    case "program":
      return { message: `program found: ${text}`, by, subject: "process.args" };
    case "start_hooks":
      return { message: "startContainer hooks", by, subject: "hooks.startContainer" };
    case "execute":
      return {
        message:
          plan?.process.start === "immediately"
            ? `setns_init: about to exec ${text}`
            : `init: closing the pipe to signal completion, execve ${text}`,
        by,
        subject: "process.args",
      };
  }
}

function stepText(op: Op): string {
  // As runc has it, with nothing else in the message.
  if ("seccomp" in op) return `seccomp filter flags: ${op.seccomp.flags}`;
  return describeStep(op);
}

function milliseconds(duration: number): string {
  return `${duration.toFixed(3)}ms`;
}
