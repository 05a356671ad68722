/** What runc passed when it last ran a suite, committed: so a run of bunc alone is compared with it. */
import { join } from "node:path";
import { readRecord, sorted, writeRecord } from "../harness/kept-record.ts";
import type { Verdict } from "./tap.ts";

/** Verdicts by the test's name, by its file. */
export type Outcome = Readonly<Record<string, Readonly<Record<string, Verdict>>>>;

interface Recorded {
  /** As `runc --version` has it. */
  readonly runc: string;
  readonly files: Outcome;
}

const path = (suite: string) => join(import.meta.dir, `${suite}-results.json`);

const read = (suite: string) => readRecord<Recorded>(path(suite));

export function recorded(suite: string, way: string): Recorded | undefined {
  return read(suite)[way];
}

/** Files that ran replace theirs; those of another version of runc are forgotten. */
export function record(suite: string, way: string, runc: string, files: Outcome): void {
  const all = read(suite);
  const known = all[way]?.runc === runc ? all[way].files : {};
  all[way] = { runc, files: sorted({ ...known, ...files }) };
  writeRecord(path(suite), all, 1);
}
