/** The document of `exec --process`: one process object, without the rest of a configuration's schema. */

import { checkDocument, type Loaded, loaded, type Reading, withFindings } from "./document.ts";
import { type ProcessConfig, ProcessSchema } from "./process.ts";
import type { ProcessFacts } from "./rules/rule.ts";
import { validateProcess } from "./validate.ts";

/** Text of `exec --process` to a checked process. `name` is the file's name for errors. */
export function loadProcess(source: string, name: string, facts: ProcessFacts): Loaded<ProcessConfig> {
  return loaded(name, examineProcess(source, name, facts));
}

/** The same for who wants to know all of it. */
export function examineProcess(source: string, name: string, facts: ProcessFacts): Reading {
  const reading = checkDocument(ProcessSchema, name, source);
  return withFindings(reading, validateProcess(reading.output as ProcessConfig, "", facts, reading.issues));
}
