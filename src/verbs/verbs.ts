/** Every verb of the command line, and the types its handler gets. */

import type { Command } from "@commander-js/extra-typings";
import type { ContainerContext } from "../container/context.ts";
import * as criu from "./criu.ts";
import { execCommand } from "./exec.ts";
import { explainCommand } from "./explain.ts";
import * as inspect from "./inspect.ts";
import * as lifecycle from "./lifecycle.ts";
import { specCommand } from "./spec.ts";
import { updateCommand } from "./update.ts";
import { validateCommand } from "./validate.ts";

/** Verb → its commander Command. Only the one that was asked for is ever built. */
export const verbs = {
  checkpoint: criu.checkpointCommand,
  create: lifecycle.createCommand,
  delete: lifecycle.deleteCommand,
  doctor: inspect.doctorCommand,
  events: inspect.eventsCommand,
  exec: execCommand,
  explain: explainCommand,
  features: inspect.featuresCommand,
  kill: lifecycle.killCommand,
  list: inspect.listCommand,
  mounts: lifecycle.mountsCommand,
  pause: lifecycle.pauseCommand,
  ps: inspect.psCommand,
  restore: criu.restoreCommand,
  resume: lifecycle.resumeCommand,
  run: lifecycle.runCommand,
  spec: specCommand,
  start: lifecycle.startCommand,
  state: inspect.stateCommand,
  update: updateCommand,
  validate: validateCommand,
};

export type VerbName = keyof typeof verbs;

/** Whether there is such a command. */
export function isVerbName(text: string): text is VerbName {
  return Object.hasOwn(verbs, text);
}

/** Verbs whose flags end at the container id: what follows belongs to another program, or is a signal. */
export const POSITIONALS_BEFORE_STOP: Readonly<Partial<Record<VerbName, number>>> = {
  exec: 1,
  kill: 1,
  ps: 1,
};

/** The parsed flags of a verb: `VerbOptions<"create">`. */
export type VerbOptions<Verb extends VerbName> =
  ReturnType<(typeof verbs)[Verb]> extends Command<infer _Args, infer Options, infer _Globals>
    ? Options
    : never;

/** The positional arguments of a verb, as a tuple: `[containerId]`, `[containerId, command]` … */
export type VerbArguments<Verb extends VerbName> =
  ReturnType<(typeof verbs)[Verb]> extends Command<infer Args, infer _Options, infer _Globals> ? Args : never;

/** What every handler gets besides its own flags and arguments. */
export interface CommandContext extends ContainerContext {
  /** The name bunc was called by: "runc" or "bunc". */
  programName: string;
}

/** What src/commands/<verb>.ts exports as `run`: the exit status. Errors are thrown, as RuntimeError. */
export type Handler<Verb extends VerbName> = (
  options: VerbOptions<Verb>,
  args: VerbArguments<Verb>,
  context: CommandContext,
) => number | Promise<number>;
