/** The error for a text that is not JSON: position, text found, text accepted. */

import { failureMessage, RuntimeError } from "../failure/errors.ts";
import { formatIssue, formatIssues } from "./issue.ts";
import { findJsonMistake } from "./json-mistake.ts";

/** The error for `source`, of which JSON.parse threw `cause`. `document` names it: "config.json". */
export function jsonError(document: string, source: string, cause: unknown): RuntimeError {
  const mistake = findJsonMistake(source);
  if (mistake === undefined)
    return new RuntimeError(`invalid ${document}: ${failureMessage(cause)}`, { cause });
  const { excerpt, ...place } = mistake;
  const issue = { path: "", ...place };
  return new RuntimeError(formatIssues(document, [issue]), { configErrors: [issue], excerpt });
}

/** The same as a part of a sentence: `line 3, column 9: found "x", accepted: ":" after the member name`. */
export function whyNotJson(source: string, cause: unknown): string {
  const mistake = findJsonMistake(source);
  return mistake === undefined ? failureMessage(cause) : formatIssue({ path: "", ...mistake });
}
