/** The document of `exec --process`: one process object, without the rest of a configuration's schema. */

import { check, type Loaded } from "./document.ts";
import { configError } from "./issue.ts";
import { parseDocument } from "./json.ts";
import { type ProcessConfig, ProcessSchema } from "./process.ts";
import { misspeltMembers } from "./unknown-members.ts";
import { type ProcessFacts, validateProcess } from "./validate.ts";

/** Text of `exec --process` to a checked process. `name` is the file's name for errors. */
export function loadProcess(source: string, name: string, facts: ProcessFacts): Loaded<ProcessConfig> {
  const value = parseDocument(name, source);
  const { output, issues } = check(ProcessSchema, value);
  const rules = validateProcess(output as ProcessConfig, "", facts, issues);
  const all = [...issues, ...rules.issues];
  const sound = all.length === 0;
  const warnings = [...misspeltMembers(ProcessSchema, value, sound ? output : undefined), ...rules.warnings];
  if (!sound) throw configError(name, all, warnings);
  return { value: output as ProcessConfig, warnings };
}
