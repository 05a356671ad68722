/** The document of `exec --process`: one process object, without the rest of a configuration's schema. */

import { checkDocument, type Loaded } from "./document.ts";
import { configError } from "./issue.ts";
import { type ProcessConfig, ProcessSchema } from "./process.ts";
import type { ProcessFacts } from "./rules/rule.ts";
import { validateProcess } from "./validate.ts";

/** Text of `exec --process` to a checked process. `name` is the file's name for errors. */
export function loadProcess(source: string, name: string, facts: ProcessFacts): Loaded<ProcessConfig> {
  const { output, issues, warnings } = checkDocument(ProcessSchema, name, source);
  const rules = validateProcess(output as ProcessConfig, "", facts, issues);
  const all = [...issues, ...rules.issues];
  warnings.push(...rules.warnings);
  if (all.length > 0) throw configError(name, all, warnings);
  return { value: output as ProcessConfig, warnings };
}
