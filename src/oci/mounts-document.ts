/** A file with mounts, for a container that exists. */

import type * as v from "valibot";
import type { Config } from "./config.ts";
import { checkDocument, type Loaded } from "./document.ts";
import { configError } from "./issue.ts";
import { parseDocument } from "./json.ts";
import { type MountConfig, MountSchema } from "./mounts.ts";
import { listOf, struct } from "./primitives.ts";
import type { ValidationFacts } from "./rules/rule.ts";
import { validateConfig } from "./validate.ts";

const MountsSchema = struct({ mounts: listOf(MountSchema, "an array of mounts") });

/**
 * `source`: the array alone, or an object with the member `mounts`. `config`: the container that is to have
 * them. `facts` undefined: the mounts are only named, so the rules do not apply. Throws RuntimeError with
 * every problem.
 */
export function loadMounts(
  source: string,
  document: string,
  config: Config,
  facts: ValidationFacts | undefined,
): Loaded<MountConfig[]> {
  const isArray = Array.isArray(parseDocument(document, source));
  const text = isArray ? `{"mounts":${source}}` : source;
  const { output, issues, warnings } = checkDocument(MountsSchema, document, text);
  const { mounts } = output as v.InferOutput<typeof MountsSchema>;
  const rules = facts === undefined ? undefined : validateConfig({ ...config, mounts }, facts, issues);
  const all = [...issues, ...(rules?.issues ?? []).filter(({ path }) => path.startsWith("mounts"))];
  for (const warning of rules?.warnings ?? []) warnings.push(warning);
  if (all.length > 0) throw configError(document, all, warnings);
  return { value: mounts, warnings };
}
