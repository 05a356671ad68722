/** A file with mounts, for a container that exists. */

import type * as v from "valibot";
import type { Config } from "./config.ts";
import { check, type Loaded } from "./document.ts";
import { configError } from "./issue.ts";
import { parseDocument } from "./json.ts";
import { type MountConfig, MountSchema } from "./mounts.ts";
import { listOf, struct } from "./primitives.ts";
import { misspeltMembers } from "./unknown-members.ts";
import { type ValidationFacts, validateConfig } from "./validate.ts";

const MountsSchema = struct({ mounts: listOf(MountSchema, "an array of mounts") });

/**
 * `source`: the array alone, or an object with the member `mounts`. `config`: the container that is to have them.
 * `facts` undefined: they are only named, and the rules do not matter. Throws RuntimeError with every problem.
 */
export function loadMounts(
  source: string,
  document: string,
  config: Config,
  facts: ValidationFacts | undefined,
): Loaded<MountConfig[]> {
  const parsed = parseDocument(document, source);
  const value = Array.isArray(parsed) ? { mounts: parsed } : parsed;
  const { output, issues } = check(MountsSchema, value);
  const { mounts } = output as v.InferOutput<typeof MountsSchema>;
  const rules = facts === undefined ? undefined : validateConfig({ ...config, mounts }, facts, issues);
  const all = [...issues, ...(rules?.issues ?? []).filter(({ path }) => path.startsWith("mounts"))];
  const sound = all.length === 0;
  const misspelt = misspeltMembers(MountsSchema, value, sound ? output : undefined);
  const warnings = [...misspelt, ...(rules?.warnings ?? [])];
  if (!sound) throw configError(document, all, warnings);
  return { value: mounts, warnings };
}
