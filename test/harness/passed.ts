/**
 * The tests that passed in several runs, those in guests too, one `file › name` a line in the file that BUNC_TEST_RECORD
 * names, and the groups that they are in, which end with another ›. Without it nothing is recorded.
 */
import { appendFileSync, readFileSync } from "node:fs";

export const recordVariable = "BUNC_TEST_RECORD";

export function recordPassed(names: readonly string[]): void {
  const path = process.env[recordVariable];
  // A name of several lines would be several names.
  if (path) appendFileSync(path, names.map((name) => `${name.replaceAll("\n", " ")}\n`).join(""));
}

export const groupMark = " ›";

const linesOf = (path: string) => readFileSync(path, "utf8").split("\n").filter(Boolean);

/** Tests and groups. */
export const passedIn = (path: string): string[] =>
  linesOf(path).map((line) => (line.endsWith(groupMark) ? line.slice(0, -groupMark.length) : line));

export const passedTestsIn = (path: string): string[] =>
  linesOf(path).filter((line) => !line.endsWith(groupMark));
