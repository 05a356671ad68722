/** Files of the project with results of tests: JSON objects with sorted members, so that a diff shows only changed members. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";

/** A missing file has no members. */
export function readRecord<T>(path: string): Record<string, T> {
  return existsSync(path) ? JSON.parse(readFileSync(path, "utf8")) : {};
}

/** `indent`: spaces. */
export function writeRecord(path: string, members: Readonly<Record<string, unknown>>, indent: number): void {
  writeFileSync(path, `${JSON.stringify(sorted(members), null, indent)}\n`);
}

export function sorted<T>(members: Readonly<Record<string, T>>): Record<string, T> {
  return Object.fromEntries(Object.entries(members).sort(([a], [b]) => (a < b ? -1 : 1)));
}
