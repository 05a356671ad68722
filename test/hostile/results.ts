/** results.json: the counts of each row of the table in docs/SECURITY.md, from when it last passed. */
import { appendFileSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { readRecord, writeRecord } from "../harness/kept-record.ts";

const file = join(import.meta.dir, "results.json");

/** Tests append their counts to this file; suite.ts reads it when all of a row's tests have passed. */
export const toldVariable = "HOSTILE_TOLD";

/** What was counted → its number: `{ rounds: 1000, "met the link": 412 }`. */
export type Numbers = Readonly<Record<string, number>>;

export type Results = Readonly<Record<string, Numbers>>;

/** `key`: the row's. The counts of several tests of one row add up. */
export function tell(key: string, numbers: Numbers): void {
  console.log(`${key}: ${inWords(numbers)}`);
  const path = Bun.env[toldVariable];
  if (path) appendFileSync(path, `${JSON.stringify({ key, numbers })}\n`);
}

export function toldIn(path: string): Results {
  const sums: Record<string, Record<string, number>> = {};
  for (const line of readFileSync(path, "utf8").split("\n").filter(Boolean)) {
    const { key, numbers } = JSON.parse(line) as { key: string; numbers: Numbers };
    sums[key] ??= {};
    for (const [what, count] of Object.entries(numbers)) sums[key][what] = (sums[key][what] ?? 0) + count;
  }
  return sums;
}

export const inWords = (numbers: Numbers): string =>
  Object.entries(numbers)
    .map(
      ([what, count]) =>
        `${count.toLocaleString("en-US")} ${count === 1 ? what.replace(/^(\w+)s$/, "$1") : what}`,
    )
    .join(", ");

export const readResults = (): Results => readRecord<Numbers>(file);

export const writeResults = (results: Results): void => writeRecord(file, results, 2);
