/**
 * The tests that passed in several runs, including those in guests: one `file › name` per line in the file that
 * BUNC_TEST_RECORD names. Groups of tests are recorded too, with another › at the end. Without the variable nothing is
 * recorded.
 */
import { appendFileSync, readFileSync } from "node:fs";

export const recordVariable = "BUNC_TEST_RECORD";

export function recordPassed(names: readonly string[]): void {
  const path = process.env[recordVariable];
  // A name with several lines would count as several names.
  if (path) appendFileSync(path, names.map((name) => `${name.replaceAll("\n", " ")}\n`).join(""));
}

export const groupMark = " ›";

const linesOf = (path: string) => readFileSync(path, "utf8").split("\n").filter(Boolean);

/** Tests and groups. */
export const passedIn = (path: string): string[] =>
  linesOf(path).map((line) => (line.endsWith(groupMark) ? line.slice(0, -groupMark.length) : line));

export const passedTestsIn = (path: string): string[] =>
  linesOf(path).filter((line) => !line.endsWith(groupMark));
