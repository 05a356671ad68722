/** Finds the tests that runc passes and bunc does not. */
import type { Outcome } from "./results.ts";
import type { Verdict } from "./tap.ts";

export interface Justification {
  readonly file: string;
  /** Every test of the file if undefined. */
  readonly name?: string;
  readonly reason: string;
}

export interface Comparison {
  /** The tests of the files that ran. */
  readonly total: number;
  readonly runc: Readonly<Record<Verdict, number>>;
  readonly bunc: Readonly<Record<Verdict, number>>;
  /** `file: name`, each passed by runc and not by bunc. */
  readonly lost: readonly string[];
  readonly justified: readonly string[];
  /** Passed by bunc and not by runc. */
  readonly gained: readonly string[];
  /** Tests without a result of runc: the suite is newer than the record. */
  readonly unknown: readonly string[];
}

export function compare(runc: Outcome, bunc: Outcome, justifications: readonly Justification[]): Comparison {
  const counts = { runc: { pass: 0, fail: 0, skip: 0 }, bunc: { pass: 0, fail: 0, skip: 0 } };
  const lists = { lost: [], justified: [], gained: [], unknown: [] } as Record<
    "lost" | "justified" | "gained" | "unknown",
    string[]
  >;
  let total = 0;
  for (const file of Object.keys(bunc)) {
    const [theirs, ours] = [runc[file] ?? {}, bunc[file] ?? {}];
    for (const name of new Set([...Object.keys(theirs), ...Object.keys(ours)])) {
      total++;
      const [expected, got] = [theirs[name], ours[name]];
      if (expected !== undefined) counts.runc[expected]++;
      if (got !== undefined) counts.bunc[got]++;
      const label = `${file}: ${name}`;
      const excused = justifications.some((one) => one.file === file && (one.name ?? name) === name);
      if (expected === undefined) lists.unknown.push(`${label} (${got})`);
      else if (expected === "pass" && got !== "pass") lists[excused ? "justified" : "lost"].push(label);
      else if (expected !== "pass" && got === "pass") lists.gained.push(label);
    }
  }
  return { total, ...counts, ...lists };
}

const words = ({ pass, fail, skip }: Comparison["runc"]) => `${pass} passed, ${fail} failed, ${skip} skipped`;

export function reportLines(way: string, version: string, comparison: Comparison): string[] {
  const { total, runc, bunc, lost, justified, gained, unknown } = comparison;
  const list = (title: string, names: readonly string[]) =>
    names.length === 0 ? [] : [`  ${title}: ${names.length}`, ...names.map((name) => `    ${name}`)];
  return [
    `${way}: ${total} tests`,
    `  ${version}: ${words(runc)}`,
    `  bunc: ${words(bunc)}`,
    ...list("passed by runc and not by bunc", lost),
    ...list("passed by runc and not by bunc, with a reason in justified.ts", justified),
    ...list("passed by bunc and not by runc", gained),
    ...list("runc has no result for", unknown),
  ];
}
