/** The committed results of runc's last run of each suite, with which a run of bunc alone is compared. */
import { join } from "node:path";
import { readRecord, sorted, writeRecord } from "../harness/kept-record.ts";
import type { Verdict } from "./tap.ts";

/** File → test → verdict. */
export type Outcome = Readonly<Record<string, Readonly<Record<string, Verdict>>>>;

interface Recorded {
  /** From `runc --version`. */
  readonly runc: string;
  readonly files: Outcome;
}

const path = (suite: string) => join(import.meta.dir, `${suite}-results.json`);

const read = (suite: string) => readRecord<Recorded>(path(suite));

export function recorded(suite: string, way: string): Recorded | undefined {
  return read(suite)[way];
}

/** Replaces the results of the files that ran, and drops those of another version of runc. */
export function record(suite: string, way: string, runc: string, files: Outcome): void {
  const all = read(suite);
  const known = all[way]?.runc === runc ? all[way].files : {};
  all[way] = { runc, files: sorted({ ...known, ...files }) };
  writeRecord(path(suite), all, 1);
}
