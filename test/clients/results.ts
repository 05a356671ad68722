/**
 * results.json: the last result of each check, with either runtime. A run of some of the checks replaces their results and
 * keeps the others. Results of a check that has changed since are not used.
 */
import { join } from "node:path";
import { readRecord, writeRecord } from "../harness/kept-record.ts";
import type { Check, Group, RuntimeName } from "./check.ts";

const file = join(import.meta.dir, "results.json");

interface Result {
  /** A hash of the check's script and expectations. */
  readonly check: string;
  readonly passed: boolean;
  /** Whether it failed first and was run again. */
  readonly repeated?: boolean;
}

export type Remembered = Required<Pick<Result, "passed" | "repeated">>;

const key = (group: Group, check: Check) => `${group.client}: ${group.name}: ${check.name}`;

function fingerprint(check: Check): string {
  return Bun.hash(`${check.script}\n${check.output}\n${check.status}`).toString(16);
}

const read = () => readRecord<Partial<Record<RuntimeName, Result>>>(file);

export function remember(group: Group, runtime: RuntimeName, check: Check, outcome: Remembered): void {
  // Read again, because another run may have written in the meantime.
  const results = read();
  const name = key(group, check);
  results[name] = { ...results[name], [runtime]: { check: fingerprint(check), ...outcome } };
  writeRecord(file, results, 2);
}

/** → the check's last result with each runtime; undefined if it has not run in its present form. */
export function recall(group: Group, check: Check): Partial<Record<RuntimeName, Remembered>> {
  const known = read()[key(group, check)] ?? {};
  const current = Object.entries(known).filter(([, result]) => result.check === fingerprint(check));
  return Object.fromEntries(
    current.map(([runtime, { passed, repeated = false }]) => [runtime, { passed, repeated }]),
  );
}

/** Removes results of checks that no longer exist. */
export function forgetOthers(groups: readonly Group[]): void {
  const keys = new Set(groups.flatMap((group) => group.checks.map((check) => key(group, check))));
  const kept = Object.entries(read()).filter(([name]) => keys.has(name));
  writeRecord(file, Object.fromEntries(kept), 2);
}
