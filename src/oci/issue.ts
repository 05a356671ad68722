/** What is wrong with a config: every problem at once, each with its place. */

import { type ConfigError, RuntimeError } from "../failure/errors.ts";
import type { Warning } from "../failure/warning.ts";
import { isSpecialNumber, numberText } from "./json-number.ts";

/** One mistake in a document. */
export interface Issue extends ConfigError {
  /** JSON path: `linux.namespaces[2].type`. Empty: the document itself. */
  path: string;
  /** The value found, as JSON, shortened; `nothing` when it is missing. */
  found: string;
  /** What is accepted there. */
  accepted: string;
  /** The sentence for the rule that is broken, in the wording that runc's clients know, where runc has the rule. */
  message?: string | undefined;
}

/** The error for a document with issues. `document` names the file: "config.json". `warnings`: found in it too. */
export function configError(
  document: string,
  issues: readonly Issue[],
  warnings: readonly Warning[] = [],
): RuntimeError {
  return new RuntimeError(formatIssues(document, issues), { configErrors: issues, warnings });
}

/** One problem: one line. Several: a count and one line each. */
export function formatIssues(document: string, issues: readonly Issue[]): string {
  const [first] = issues;
  if (first === undefined) return `invalid ${document}`;
  if (issues.length === 1) return `invalid ${document}: ${formatIssue(first)}`;
  const lines = issues.map((issue) => `\n  ${formatIssue(issue)}`);
  return `invalid ${document}: ${issues.length} problems:${lines.join("")}`;
}

/** `process.cwd: found "a", accepted: an absolute path`. */
export function formatIssue(issue: Issue): string {
  const where = placeOf(issue);
  const what = issue.message === undefined ? "" : `${issue.message}; `;
  // With a suggestion, the list of all words is not needed.
  const instead =
    issue.suggestion === undefined ? `, accepted: ${issue.accepted}` : ` (did you mean ${issue.suggestion}?)`;
  return `${where}${what}found ${issue.found}${instead}`;
}

function placeOf({ path, line, column }: Issue): string {
  if (line !== undefined) return `line ${line}, column ${column}: `;
  return path === "" ? "" : `${path}: `;
}

const FOUND_LENGTH_MAX = 80;

/** A value as an error shows it. */
export function describeFound(value: unknown): string {
  if (value === undefined) return "nothing";
  if (isSpecialNumber(value)) return numberText(value);
  const text = JSON.stringify(value, (_key, item: unknown) =>
    isSpecialNumber(item) ? numberText(item) : item,
  );
  if (text === undefined) return typeof value;
  return text.length > FOUND_LENGTH_MAX ? `${text.slice(0, FOUND_LENGTH_MAX)}...` : text;
}

const IDENTIFIER = /^[A-Za-z_$][\w$]*$/;

const STEP = /\.?([A-Za-z_$][\w$]*)|\[(\d+)\]|\[("(?:[^"\\]|\\.)*")\]/g;

/** The members of a path: the opposite of `formatPath`. */
export function pathMembers(path: string): (string | number)[] {
  return [...path.matchAll(STEP)].map(
    ([, name, index, quoted = '""']) =>
      name ?? (index === undefined ? String(JSON.parse(quoted)) : Number(index)),
  );
}

/** The value at a path in a document; undefined: there is none. */
export function valueAt(document: unknown, path: string): unknown {
  return pathMembers(path).reduce<unknown>(
    (value, member) => (value as Record<string | number, unknown> | undefined)?.[member],
    document,
  );
}

/** Joins path members: numbers are indices, names that are no identifiers are quoted. */
export function formatPath(members: readonly unknown[]): string {
  let text = "";
  for (const member of members) {
    if (typeof member === "number") text += `[${member}]`;
    else if (IDENTIFIER.test(String(member))) text += text === "" ? String(member) : `.${String(member)}`;
    else text += `[${JSON.stringify(String(member))}]`;
  }
  return text;
}
