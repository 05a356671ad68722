/**
 * config.json of runtime-spec 1.3.0 for Linux: its schema and the way from text to a checked value.
 *
 *   parseConfig(text)   text → Config, or an error with every mistake of shape
 *   loadConfig(text, f) the same, and the rules between fields (validate.ts) in the same error
 */

import * as v from "valibot";
import { checkDocument, type Loaded } from "./document.ts";
import { HooksSchema } from "./hooks.ts";
import { configError } from "./issue.ts";
import { LinuxSchema } from "./linux.ts";
import { MountSchema } from "./mounts.ts";
import { boolean, listOf, mapOf, nonEmptyText, struct, text } from "./primitives.ts";
import { ProcessSchema } from "./process.ts";
import { type ValidationFacts, validateConfig } from "./validate.ts";

export const ConfigSchema = struct({
  /** "": the document does not say. */
  ociVersion: v.optional(text, ""),
  root: struct({ path: nonEmptyText, readonly: v.optional(boolean, false) }),
  process: v.exactOptional(ProcessSchema),
  hostname: v.optional(text, ""),
  domainname: v.optional(text, ""),
  mounts: v.optional(listOf(MountSchema, "an array of mounts"), []),
  hooks: v.optional(HooksSchema, {}),
  annotations: v.optional(mapOf(text, "an object of strings"), {}),
  linux: v.optional(LinuxSchema, {}),
});
export type Config = v.InferOutput<typeof ConfigSchema>;

/** Text of config.json to a checked Config. Throws RuntimeError with every problem in configErrors. */
export function loadConfig(source: string, facts: ValidationFacts): Loaded<Config> {
  const { output, issues, warnings } = checkDocument(ConfigSchema, "config.json", source);
  const rules = validateConfig(output as Config, facts, issues);
  const all = [...issues, ...rules.issues];
  warnings.push(...rules.warnings);
  if (all.length > 0) throw configError("config.json", all, warnings);
  return { value: output as Config, warnings };
}

/** As loadConfig, without the rules that need facts of the host. For configs that have been loaded before. */
export function parseConfig(source: string): Config {
  const { output, issues } = checkDocument(ConfigSchema, "config.json", source);
  if (issues.length > 0) throw configError("config.json", issues);
  return output as Config;
}

/** Whether the container's cgroup has CPUs of its own. */
export function limitsCpus({ linux }: Config): boolean {
  return (linux.resources?.cpu?.cpus ?? "") !== "";
}
