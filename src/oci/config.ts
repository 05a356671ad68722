/**
 * config.json of runtime-spec 1.3.0 for Linux: its schema and the way from text to a checked value.
 *
 *   parseConfig(text)   text → Config, or an error with every mistake of shape
 *   loadConfig(text, f) the same, and the rules between fields (validate.ts) in the same error
 */

import * as v from "valibot";
import { HooksSchema } from "./hooks.ts";
import { configError, describeFound, formatPath, type Issue } from "./issue.ts";
import { parseJson } from "./json.ts";
import { LinuxSchema } from "./linux.ts";
import { MountSchema } from "./mounts.ts";
import { boolean, listOf, mapOf, nonEmptyText, struct, text } from "./primitives.ts";
import { type ProcessConfig, ProcessSchema } from "./process.ts";
import { sentenceFor } from "./sentences.ts";
import { type ValidationFacts, validateConfig, validateProcess } from "./validate.ts";

export const ConfigSchema = struct({
  ociVersion: nonEmptyText,
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

/** A checked document and what its author should know but need not change. */
export interface Loaded<T> {
  value: T;
  warnings: string[];
}

/** Text of config.json to a checked Config. Throws RuntimeError with every problem in configErrors. */
export function loadConfig(source: string, facts: ValidationFacts): Loaded<Config> {
  const { output, issues } = check(ConfigSchema, parse("config.json", source));
  const rules = validateConfig(output as Config, facts, issues);
  const all = [...issues, ...rules.issues];
  if (all.length > 0) throw configError("config.json", all);
  return { value: output as Config, warnings: rules.warnings };
}

/** As loadConfig, without the rules that need facts of the host. For configs that have been loaded before. */
export function parseConfig(source: string): Config {
  const { output, issues } = check(ConfigSchema, parse("config.json", source));
  if (issues.length > 0) throw configError("config.json", issues);
  return output as Config;
}

/** Text of `exec --process` to a checked process. `name` is the file's name for errors. */
export function loadProcess(source: string, name: string, facts: ValidationFacts): Loaded<ProcessConfig> {
  const { output, issues } = check(ProcessSchema, parse(name, source));
  const rules = validateProcess(output as ProcessConfig, "", facts, issues);
  const all = [...issues, ...rules.issues];
  if (all.length > 0) throw configError(name, all);
  return { value: output as ProcessConfig, warnings: rules.warnings };
}

function parse(document: string, source: string): unknown {
  try {
    return parseJson(source);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw configError(document, [
      { path: "", found: describeFound(source.slice(0, 200)), accepted: "JSON", message: reason },
    ]);
  }
}

/** Runs a schema and turns its issues into ours. The output of a failed run is only partly of its type. */
export function check(schema: v.GenericSchema, value: unknown): { output: unknown; issues: Issue[] } {
  const result = v.safeParse(schema, value);
  if (result.success) return { output: result.output, issues: [] };
  const issues = result.issues.map((issue): Issue => {
    const members = (issue.path ?? []).map((item) => item.key);
    const missing = issue.path?.at(-1)?.origin === "key";
    const path = formatPath(members);
    const found = describeFound(issue.input);
    const accepted = missing ? `${acceptedAt(schema, members)} (required)` : issue.message;
    const message = sentenceFor(path, found);
    return message === undefined ? { path, found, accepted } : { path, found, accepted, message };
  });
  return { output: result.output, issues };
}

/** The phrase of the schema at a path, for members that are missing (valibot reports their parent's). */
function acceptedAt(schema: v.GenericSchema, members: readonly unknown[]): string {
  let at: unknown = schema;
  for (const member of members) at = childSchema(at, member);
  return messageOf(at) ?? "a value";
}

interface AnySchema {
  pipe?: unknown[];
  entries?: Record<string, unknown>;
  item?: unknown;
  wrapped?: unknown;
  message?: unknown;
}

function childSchema(schema: unknown, member: unknown): unknown {
  const { entries, item } = unwrap(schema);
  return typeof member === "number" ? item : entries?.[String(member)];
}

function unwrap(schema: unknown): AnySchema {
  let at = (schema ?? {}) as AnySchema;
  for (;;) {
    if (at.wrapped !== undefined) at = at.wrapped as AnySchema;
    else if (at.pipe !== undefined) at = (at.pipe.find(hasChildren) ?? { message: at.message }) as AnySchema;
    else return at;
  }
}

function hasChildren(schema: unknown): boolean {
  const { entries, item, pipe } = schema as AnySchema;
  return entries !== undefined || item !== undefined || pipe !== undefined;
}

function messageOf(schema: unknown): string | undefined {
  const at = schema as AnySchema | undefined;
  const message = at?.message ?? (at?.pipe?.[0] as AnySchema | undefined)?.message;
  return typeof message === "string" ? message : undefined;
}
