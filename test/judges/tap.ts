/** What a test said in the Test Anything Protocol, as bats and OCI's programs write it. */

export type Verdict = "pass" | "fail" | "skip";

interface TapTest {
  readonly name: string;
  readonly verdict: Verdict;
  /** Why it was skipped, or the lines that a failure printed. */
  readonly remark: string;
}

export interface TapReport {
  readonly tests: readonly TapTest[];
  /** The plan's number of tests; undefined without a plan. */
  readonly planned: number | undefined;
}

const testLine = /^(not )?ok\b *(?:\d+)? *(?:- )?(.*)$/;
/** What is not written yet counts as what does not run here. */
const skipDirective = / *# (?:skip|todo)\b *(.*)$/i;

/** Lines that are neither a test nor its diagnostics (`# …`) are no part of the protocol, and are left out. */
export function parseTap(output: string): TapReport {
  const tests: { name: string; verdict: Verdict; remark: string }[] = [];
  let planned: number | undefined;
  // A terminal ends lines with a carriage return too.
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
