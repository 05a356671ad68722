/**
 * results.json: how each check ended last, with either runtime. A run of some of the checks replaces their results and
 * leaves the others; those of a check that has changed since are not used.
 */
import { join } from "node:path";
import { readRecord, writeRecord } from "../harness/kept-record.ts";
import type { Check, Group, RuntimeName } from "./check.ts";

const file = join(import.meta.dir, "results.json");

interface Result {
  /** Of what the check demands. */
  readonly check: string;
  readonly passed: boolean;
  /** It had failed, and was run again. */
  readonly repeated?: boolean;
}

export type Remembered = Required<Pick<Result, "passed" | "repeated">>;

const key = (group: Group, check: Check) => `${group.client}: ${group.name}: ${check.name}`;

function fingerprint(check: Check): string {
  return Bun.hash(`${check.script}\n${check.output}\n${check.status}`).toString(16);
}

const read = () => readRecord<Partial<Record<RuntimeName, Result>>>(file);

export function remember(group: Group, runtime: RuntimeName, check: Check, outcome: Remembered): void {
  // Read anew: another run may have written meanwhile.
  const results = read();
  const name = key(group, check);
  results[name] = { ...results[name], [runtime]: { check: fingerprint(check), ...outcome } };
  writeRecord(file, results, 2);
}

/** → how the check ended with each runtime when it last ran; undefined when it did not run as it is now. */
export function recall(group: Group, check: Check): Partial<Record<RuntimeName, Remembered>> {
  const known = read()[key(group, check)] ?? {};
  const current = Object.entries(known).filter(([, result]) => result.check === fingerprint(check));
  return Object.fromEntries(
    current.map(([runtime, { passed, repeated = false }]) => [runtime, { passed, repeated }]),
  );
}

/** Removes results of checks that are no more. */
export function forgetOthers(groups: readonly Group[]): void {
  const keys = new Set(groups.flatMap((group) => group.checks.map((check) => key(group, check))));
  const kept = Object.entries(read()).filter(([name]) => keys.has(name));
  writeRecord(file, Object.fromEntries(kept), 2);
}
