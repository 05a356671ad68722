/** What runc passed when it last ran a suite, committed: so a run of bunc alone is compared with it. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Verdict } from "./tap.ts";

/** Verdicts by the test's name, by its file. */
export type Outcome = Readonly<Record<string, Readonly<Record<string, Verdict>>>>;

interface Recorded {
  /** As `runc --version` has it. */
  readonly runc: string;
  readonly files: Outcome;
}

const path = (suite: string) => join(import.meta.dir, `${suite}-results.json`);

function read(suite: string): Record<string, Recorded> {
  return existsSync(path(suite)) ? JSON.parse(readFileSync(path(suite), "utf8")) : {};
}

export function recorded(suite: string, way: string): Recorded | undefined {
  return read(suite)[way];
}

/** Files that ran replace theirs; those of another version of runc are forgotten. */
export function record(suite: string, way: string, runc: string, files: Outcome): void {
  const all = read(suite);
  const known = all[way]?.runc === runc ? all[way].files : {};
  all[way] = { runc, files: sorted({ ...known, ...files }) };
  writeFileSync(path(suite), `${JSON.stringify(sorted(all), null, 1)}\n`);
}

function sorted<T>(members: Readonly<Record<string, T>>): Record<string, T> {
  return Object.fromEntries(Object.entries(members).sort(([a], [b]) => (a < b ? -1 : 1)));
}
