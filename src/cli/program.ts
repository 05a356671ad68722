/** The command line: from words to the verb with its checked flags and arguments, or a request for help. */

import type { CommandUnknownOpts } from "@commander-js/extra-typings";
import { UsageError } from "../failure/errors.ts";
import { wrapCommandError } from "../failure/messages.ts";
import { didYouMean } from "../failure/suggestion.ts";
import { type GlobalOptions, globalCommand, globalOptions } from "../verbs/global-flags.ts";
import { parseContainerId } from "../verbs/names.ts";
import { readValue } from "../verbs/values.ts";
import {
  isVerbName,
  POSITIONALS_BEFORE_STOP,
  type VerbArguments,
  type VerbName,
  type VerbOptions,
  verbs,
} from "../verbs/verbs.ts";
import { rootHelp, verbHelp } from "./help.ts";
import { oppositeOf, type Setting, type SplitArguments, splitArguments } from "./split-arguments.ts";

/** A command to run, with its parsed flags and arguments. */
export interface VerbInvocation<Verb extends VerbName = VerbName> {
  kind: "verb";
  verb: Verb;
  options: VerbOptions<Verb>;
  args: VerbArguments<Verb>;
}

type Invocation = VerbInvocation | { kind: "help"; text: string } | { kind: "version" };

const HELP = { help: "help", h: "help" };
const HELP_AND_VERSION = { ...HELP, version: "version", v: "version" };

/** What the caller wants, and the global flags as far as they could be read: where to log the mistake. */
interface CommandLine {
  globals: GlobalOptions;
  /** Throws UsageError, or RuntimeError for a bad container id or value. */
  invocation: () => Invocation;
}

/**
 * Reads the words after the program's name. Throws UsageError when a global flag before the verb is wrong;
 * every later mistake is thrown by `invocation()`, so that it reaches the log that the flags ask for.
 */
export function parseCommandLine(words: readonly string[], programName: string): CommandLine {
  const global = globalCommand();
  const commandLine = (invocation: CommandLine["invocation"]) => ({
    globals: globalOptions(global),
    invocation,
  });
  const before = splitArguments(words, {
    own: global.options,
    inherited: [],
    switches: HELP_AND_VERSION,
    positionalsBeforeStop: 1,
    keepDashesAfterStop: true,
  });
  const verb = before.positionals[0];
  const helpWanted = before.switches.has("help") || verb === "help" || verb === "h" || verb === undefined;

  if (helpWanted && (before.error === undefined || before.switches.has("help"))) {
    const topic = verb === "help" || verb === "h" ? before.positionals[1] : verb;
    return commandLine(() => {
      if (topic === undefined && before.switches.has("version")) return { kind: "version" };
      return { kind: "help", text: helpText(topic, programName) };
    });
  }
  if (before.error !== undefined) throw withHelp(before.error, rootHelp(programName));
  if (before.switches.has("version")) return commandLine(() => ({ kind: "version" }));
  if (!isVerbName(verb as string)) {
    apply(global, before.own, () => rootHelp(programName));
    return commandLine(() => unknownTopic(verb as string));
  }
  return parseVerb(verb as VerbName, global, before, programName);
}

function parseVerb(
  verb: VerbName,
  global: ReturnType<typeof globalCommand>,
  before: SplitArguments,
  programName: string,
): CommandLine {
  const command: CommandUnknownOpts = verbs[verb]();
  const help = () => verbHelp(programName, command);
  const after = splitArguments(before.positionals.slice(1), {
    own: command.options,
    inherited: global.options,
    switches: HELP,
    positionalsBeforeStop: POSITIONALS_BEFORE_STOP[verb],
    keepDashesAfterStop: false,
  });
  apply(global, [...before.own, ...after.inherited], help);
  const globals = globalOptions(global);
  return {
    globals,
    invocation: () => {
      if (after.switches.has("help")) return { kind: "help", text: help() };
      if (after.error !== undefined) throw withHelp(after.error, help());
      checkArgumentCount(command, after.positionals.length, programName, help);
      try {
        apply(command, after.own, help);
        const position = command.registeredArguments.findIndex(
          (argument) => argument.name() === "container-id",
        );
        const id = after.positionals[position];
        if (id !== undefined) parseContainerId(id);
      } catch (error) {
        // In runc the flag parser reports usage errors; everything else is a failure of the command, with its
        // exit status.
        throw error instanceof UsageError ? error : wrapCommandError(verb, error);
      }
      return {
        kind: "verb",
        verb,
        // commander's own types say what the flags and arguments of this verb's Command are.
        options: command.opts() as VerbOptions<typeof verb>,
        args: argumentsOf(command, after.positionals) as VerbArguments<typeof verb>,
      };
    },
  };
}

/**
 * Sets the flags, in order. commander's own parse() would do this with the same words, but read and classify them again:
 * 0.2 ms of every command.
 */
function apply(command: CommandUnknownOpts, settings: readonly Setting[], help: () => string): void {
  for (const flag of command.options) {
    // A flag that can only be negated defaults to true.
    if (flag.negate && oppositeOf(flag, command.options) === undefined) {
      command.setOptionValue(flag.attributeName(), true);
    }
  }
  for (const { flag, text } of settings) {
    const name = flag.attributeName();
    try {
      const value = text === undefined ? !flag.negate : parsed(flag, text, command.getOptionValue(name));
      // An empty text may mean that the flag was not given.
      if (value !== undefined) command.setOptionValue(name, value);
    } catch (error) {
      if (error instanceof UsageError) throw withHelp(error, help());
      throw error;
    }
  }
}

function parsed(flag: Setting["flag"], text: string, previous: unknown): unknown {
  const { parseArg } = flag;
  return parseArg === undefined ? text : readValue(flag.name(), text, (given) => parseArg(given, previous));
}

/** One for each declared argument: the last may take all that are left. */
function argumentsOf(command: CommandUnknownOpts, positionals: readonly string[]): unknown[] {
  return command.registeredArguments.map((argument, index) =>
    argument.variadic ? positionals.slice(index) : positionals[index],
  );
}

function checkArgumentCount(
  command: CommandUnknownOpts,
  count: number,
  programName: string,
  help: () => string,
): void {
  const declared = command.registeredArguments;
  const least = declared.filter((argument) => argument.required).length;
  const most = declared.some((argument) => argument.variadic) ? Number.POSITIVE_INFINITY : declared.length;
  if (count >= least && count <= most) return;
  const bound = least === most ? "exactly" : count < least ? "a minimum of" : "a maximum of";
  const expected = count < least ? least : most;
  throw new UsageError(`${programName}: "${command.name()}" requires ${bound} ${expected} argument(s)`, {
    help: help(),
  });
}

function helpText(topic: string | undefined, programName: string): string {
  if (topic === undefined) return rootHelp(programName);
  if (!isVerbName(topic)) return unknownTopic(topic);
  return verbHelp(programName, verbs[topic]());
}

/** runc's answer to a verb it does not know, with its exit status. */
function unknownTopic(topic: string): never {
  const known = Object.keys(verbs);
  const suggestion = didYouMean(topic, known);
  throw new UsageError(`No help topic for '${topic}'${suggestion}`, {
    exitCode: 3,
    hint: suggestion === "" ? `the commands are ${known.join(", ")}` : undefined,
  });
}

function withHelp(error: UsageError, help: string): UsageError {
  return new UsageError(error.message, { exitCode: error.exitCode, help });
}
