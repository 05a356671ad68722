/** Files of the project that keep what tests found: a JSON object whose members are sorted, so that a change of one is one. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";

/** Of a file that is not there: no members. */
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
