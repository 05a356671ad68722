/** What a shell can complete, from the definitions that help and the parser use. */
import type { CommandUnknownOpts, Option } from "@commander-js/extra-typings";
import { capabilityNames } from "../../src/kernel/capability.ts";
import { SIG } from "../../src/native/boundary.gen.ts";
import { globalCommand } from "../../src/verbs/global-flags.ts";
import { type VerbName, verbs } from "../../src/verbs/verbs.ts";

/** `container`: the id of an existing one. `program`: in the container, so its name cannot be completed. */
export interface Value {
  kind: "words" | "file" | "directory" | "container" | "signal" | "program" | "other";
  /** All possible values, or the most common ones. */
  words: readonly string[];
}

export interface Flag {
  /** "--bundle" */
  long: string;
  /** "-b"; "" if it has none. */
  short: string;
  description: string;
  /** Undefined if the flag takes none. */
  value: Value | undefined;
}

export interface Verb {
  name: string;
  summary: string;
  flags: readonly Flag[];
  /** In order; the last may be repeated. */
  arguments: readonly Value[];
}

export interface CommandLine {
  flags: readonly Flag[];
  verbs: readonly Verb[];
}

/** Flags, with their verb or "", whose values are words. A test checks the words with the flag's own parser. */
export const WORDS: Readonly<Record<string, readonly string[]>> = {
  " --log-format": ["text", "json"],
  " --log-level": ["error", "warning", "info", "debug"],
  " --cgroup-manager": ["cgroupfs", "systemd", "disabled"],
  " --rootless": ["true", "false", "auto"],
  "checkpoint --manage-cgroups-mode": ["soft", "full", "strict", "ignore"],
  "restore --manage-cgroups-mode": ["soft", "full", "strict", "ignore"],
  "list --format": ["table", "json"],
  "ps --format": ["table", "json"],
  "doctor --engine": ["docker", "containerd", "podman"],
  "validate --kind": ["config", "process", "resources", "seccomp"],
  "exec --cap": capabilityNames(),
  "spec --cap-add": ["ALL", ...capabilityNames()],
  "spec --cap-drop": ["ALL", ...capabilityNames()],
  "spec --network": ["host", "none"],
  "spec --userns": ["host"],
  "update --cpu-idle": ["0", "1"],
};

/** Words that flags with a file as value accept as well. */
const WORDS_OR_FILES: Readonly<Record<string, readonly string[]>> = { "spec --seccomp": ["default", "none"] };

export const SIGNALS: readonly string[] = Object.keys(SIG);

/** Containers that do not exist yet. */
const NEW: readonly string[] = ["create", "run", "restore", "explain"];

export function commandLine(): CommandLine {
  const names = Object.keys(verbs) as VerbName[];
  return { flags: flagsOf("", globalCommand()), verbs: names.map((name) => verbOf(name, verbs[name]())) };
}

function verbOf(name: string, command: CommandUnknownOpts): Verb {
  return {
    name,
    summary: command.summary(),
    flags: flagsOf(name, command),
    arguments: command.registeredArguments.map((argument) => argumentOf(name, argument.name())),
  };
}

function argumentOf(verb: string, name: string): Value {
  if (name === "container-id") return value(NEW.includes(verb) ? "other" : "container");
  if (name === "signal") return value("signal", SIGNALS);
  if (name === "command") return value("program");
  if (name === "file") return value("file");
  if (name.includes("|")) return value("words", name.split("|"));
  return name === "output" ? value("words", ["-"]) : value("other");
}

function flagsOf(verb: string, command: CommandUnknownOpts): Flag[] {
  const shown = command.options.filter((option) => !option.hidden);
  return [
    ...shown.map((option) => flagOf(verb, option)),
    { long: "--help", short: "-h", description: "show help", value: undefined },
  ];
}

function flagOf(verb: string, option: Option): Flag {
  const { long = "", short = "", description } = option;
  return { long, short, description, value: option.required ? flagValue(verb, option) : undefined };
}

function flagValue(verb: string, option: Option): Value {
  const key = `${verb} ${option.long}`;
  const words = WORDS[key];
  if (words !== undefined) return value("words", words);
  const placeholder = /<(.*)>/.exec(option.flags)?.[1] ?? "";
  if (/^(file|path|socket)$/.test(placeholder)) return value("file", WORDS_OR_FILES[key]);
  return value(placeholder === "directory" ? "directory" : "other");
}

function value(kind: Value["kind"], words: readonly string[] = []): Value {
  return { kind, words };
}
