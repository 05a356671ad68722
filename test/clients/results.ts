/**
 * results.json: how each check ended last, with either runtime. A run of some of the checks replaces their results and
 * leaves the others; those of a check that has changed since are not used.
 */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
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

type Results = Record<string, Partial<Record<RuntimeName, Result>>>;

const key = (group: Group, check: Check) => `${group.client}: ${group.name}: ${check.name}`;

function fingerprint(check: Check): string {
  return Bun.hash(`${check.script}\n${check.output}\n${check.status}`).toString(16);
}

const read = (): Results => (existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : {});

export function remember(group: Group, runtime: RuntimeName, check: Check, outcome: Remembered): void {
  // Read anew: another run may have written meanwhile.
  const results = read();
  const name = key(group, check);
  results[name] = { ...results[name], [runtime]: { check: fingerprint(check), ...outcome } };
  const sorted = Object.fromEntries(Object.entries(results).sort(([a], [b]) => (a < b ? -1 : 1)));
  writeFileSync(file, `${JSON.stringify(sorted, null, 2)}\n`);
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
  writeFileSync(file, `${JSON.stringify(Object.fromEntries(kept), null, 2)}\n`);
}
