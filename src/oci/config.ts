/**
 * config.json of runtime-spec 1.3.0 for Linux: its schema. The rules between its fields are in validate.ts.
 */

import * as v from "valibot";
import { checkDocument, loaded } from "./document.ts";
import { HooksSchema } from "./hooks.ts";
import { LinuxSchema } from "./linux.ts";
import { MountSchema } from "./mounts.ts";
import { boolean, listOf, mapOf, nonEmptyText, struct, text } from "./primitives.ts";
import { ProcessSchema } from "./process.ts";

export const ConfigSchema = struct({
  /** "": not given. */
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

/** Parses a config.json that was validated before: only its shape is checked. Throws RuntimeError. */
export function parseConfig(source: string): Config {
  return loaded<Config>("config.json", checkDocument(ConfigSchema, "config.json", source)).value;
}

/** Whether the container's cgroup has CPUs of its own. */
export function limitsCpus({ linux }: { linux: Pick<Config["linux"], "resources"> }): boolean {
  return (linux.resources?.cpu?.cpus ?? "") !== "";
}
