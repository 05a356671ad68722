/** The document of `exec --process`: one process object, without the rest of a configuration's schema. */

import { checkDocument, type Loaded, type Reading } from "./document.ts";
import { configError } from "./issue.ts";
import { type ProcessConfig, ProcessSchema } from "./process.ts";
import type { ProcessFacts } from "./rules/rule.ts";
import { validateProcess } from "./validate.ts";

/** Text of `exec --process` to a checked process. `name` is the file's name for errors. */
export function loadProcess(source: string, name: string, facts: ProcessFacts): Loaded<ProcessConfig> {
  const { output, issues, warnings } = examineProcess(source, name, facts);
  if (issues.length > 0) throw configError(name, issues, warnings);
  return { value: output as ProcessConfig, warnings };
}

/** The same for who wants to know all of it. */
export function examineProcess(source: string, name: string, facts: ProcessFacts): Reading {
  const { output, issues, warnings } = checkDocument(ProcessSchema, name, source);
  const rules = validateProcess(output as ProcessConfig, "", facts, issues);
  return { output, issues: [...issues, ...rules.issues], warnings: [...warnings, ...rules.warnings] };
}
