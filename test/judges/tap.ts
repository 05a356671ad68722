/** Parses results in the Test Anything Protocol, as bats and OCI's programs write them. */

export type Verdict = "pass" | "fail" | "skip";

interface TapTest {
  readonly name: string;
  readonly verdict: Verdict;
  /** The reason for a skip, or the lines that a failure printed. */
  readonly remark: string;
}

export interface TapReport {
  readonly tests: readonly TapTest[];
  /** The plan's number of tests; undefined without a plan. */
  readonly planned: number | undefined;
}

const testLine = /^(not )?ok\b *(?:\d+)? *(?:- )?(.*)$/;
/** A test that is not written yet counts as skipped. */
const skipDirective = / *# (?:skip|todo)\b *(.*)$/i;

/** Lines that are neither a test nor its diagnostics (`# …`) are not part of the protocol, and are ignored. */
export function parseTap(output: string): TapReport {
  const tests: { name: string; verdict: Verdict; remark: string }[] = [];
  let planned: number | undefined;
  // On a terminal lines end with a carriage return as well.
  for (const line of output.split(/\r*\n/)) {
    const plan = /^1\.\.(\d+)/.exec(line);
    if (plan !== null) planned = Number(plan[1]);
    const [, failed, rest] = testLine.exec(line) ?? [];
    const last = tests.at(-1);
    if (rest !== undefined) {
      const skip = skipDirective.exec(rest);
      tests.push({
        name: rest.replace(skipDirective, "").trim(),
        verdict: skip !== null ? "skip" : failed === undefined ? "pass" : "fail",
        remark: skip?.[1] ?? "",
      });
    } else if (last?.verdict === "fail" && line.startsWith("#")) {
      last.remark += `${line}\n`;
    }
  }
  return { tests, planned };
}
