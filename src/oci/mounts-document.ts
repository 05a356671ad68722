/** A file with mounts, for a container that exists. */

import type * as v from "valibot";
import type { Config } from "./config.ts";
import { checkDocument, type Findings, type Loaded, loaded, withFindings } from "./document.ts";
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
  const reading = checkDocument(MountsSchema, document, text);
  const { mounts } = reading.output as v.InferOutput<typeof MountsSchema>;
  const rules: Findings =
    facts === undefined
      ? { issues: [], warnings: [] }
      : validateConfig({ ...config, mounts }, facts, reading.issues);
  const issues = rules.issues.filter(({ path }) => path.startsWith("mounts"));
  const { warnings } = loaded(document, withFindings(reading, { ...rules, issues }));
  return { value: mounts, warnings };
}
