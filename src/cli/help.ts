/** Help texts, laid out as runc's: NAME and the summary in the first two lines. */

import type { CommandUnknownOpts, Option } from "@commander-js/extra-typings";
import { globalCommand } from "../verbs/global-flags.ts";
import { type VerbName, verbs } from "../verbs/verbs.ts";

export const ROOT_SUMMARY = "Open Container Initiative runtime";

const ROOT_DESCRIPTION =
  "Runs applications that are packaged according to the Open Container Initiative (OCI) format.\n" +
  "A container is described by a bundle: a directory with a specification file config.json and a root\n" +
  "file system.\n\n" +
  "To run a container:\n\n" +
  "    # bunc run [ -b bundle ] <container-id>\n\n" +
  "where <container-id> is a name of your choice, unique on this host. The default bundle is the current\n" +
  "directory.";

/** Flags that commander does not know, because they are answered before anything is parsed. */
const HELP_ROW: Row = ["-h, --help", "show help"];
const VERSION_ROW: Row = ["-v, --version", "print the version"];

type Row = readonly [left: string, right: string];

/** `runc --help`. */
export function rootHelp(programName: string): string {
  const names = Object.keys(verbs) as VerbName[];
  return layout(programName, [
    ["NAME", `bunc - ${ROOT_SUMMARY}`],
    ["USAGE", `bunc [global options] command [command options] [arguments...]`],
    ["DESCRIPTION", ROOT_DESCRIPTION],
    [
      "COMMANDS",
      table([
        ...names.map((name): Row => [name, verbs[name]().summary()]),
        ["help, h", "show help for a command"],
      ]),
    ],
    ["GLOBAL OPTIONS", table([...optionRows(globalCommand().options), HELP_ROW, VERSION_ROW])],
  ]);
}

/** `runc <verb> --help`. */
export function verbHelp(programName: string, command: CommandUnknownOpts): string {
  const name = `bunc ${command.name()}`;
  const usage = [name, "[options]", ...command.registeredArguments.map(argumentUsage)].join(" ");
  const described = command.registeredArguments.map(
    (argument): Row => [argument.name(), argument.description],
  );
  return layout(programName, [
    ["NAME", `${name} - ${command.summary()}`],
    ["USAGE", usage],
    ["DESCRIPTION", command.description()],
    ["ARGUMENTS", table(described)],
    ["OPTIONS", table([...optionRows(command.options), HELP_ROW])],
    ["GLOBAL OPTIONS", table(optionRows(globalCommand().options))],
  ]);
}

/** `<container-id>`, `[signal]`, `[command...]`: as in the usage line. */
export function argumentUsage(argument: CommandUnknownOpts["registeredArguments"][number]): string {
  const name = argument.name() + (argument.variadic ? "..." : "");
  return argument.required ? `<${name}>` : `[${name}]`;
}

/** The visible flags: how each is written, and what it does with its default. */
export function optionRows(options: readonly Option[]): Row[] {
  return options.filter((option) => !option.hidden).map((option) => [option.flags, optionText(option)]);
}

function optionText(option: Option): string {
  const value: unknown = option.defaultValueDescription ?? option.defaultValue;
  if (value === undefined || value === false || Array.isArray(value)) return option.description;
  return `${option.description} (default: ${value})`;
}

function table(rows: readonly Row[]): string {
  const width = rows.reduce((most, [left]) => Math.max(most, left.length), 0);
  return rows.map(([left, right]) => `${left.padEnd(width)}  ${right}`.trimEnd()).join("\n");
}

/** Calls the program by the name that it was started with. */
function layout(programName: string, sections: readonly Row[]): string {
  return sections
    .filter(([, body]) => body !== "")
    .map(([heading, body]) => `${heading}:\n${indent(body.replaceAll(/\bbunc\b/g, programName))}`)
    .join("\n\n");
}

function indent(text: string): string {
  return text.replaceAll(/^(?=.)/gm, "   ");
}
