/**
 * The tests that passed in several runs, those in guests too, one `file › name` a line in the file that BUNC_TEST_RECORD
 * names. Without it nothing is recorded.
 */
import { appendFileSync, readFileSync } from "node:fs";

export const recordVariable = "BUNC_TEST_RECORD";

export function recordPassed(names: readonly string[]): void {
  const path = process.env[recordVariable];
  // A name of several lines would be several names.
  if (path) appendFileSync(path, names.map((name) => `${name.replaceAll("\n", " ")}\n`).join(""));
}

export function passedIn(path: string): string[] {
  return readFileSync(path, "utf8").split("\n").filter(Boolean);
}
