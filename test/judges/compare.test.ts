import { expect, test } from "bun:test";
import { compare, type Justification, reportLines } from "./compare.ts";
import { justified, justifiedOci } from "./justified.ts";
import { recorded } from "./results.ts";
import { wayNames } from "./ways.ts";

const runc = {
  run: { kept: "pass", lost: "pass", excused: "pass", gained: "fail", skipped: "skip", missing: "pass" },
  other: { unseen: "pass" },
} as const;
const bunc = {
  run: { kept: "pass", lost: "fail", excused: "fail", gained: "pass", skipped: "skip", fresh: "fail" },
} as const;

test("a test that runc passes and bunc fails, skips or does not reach is lost, unless it is justified", () => {
  const comparison = compare(runc, bunc, [{ file: "run", name: "excused", reason: "…" }]);
  expect(comparison).toEqual({
    total: 7,
    runc: { pass: 4, fail: 1, skip: 1 },
    bunc: { pass: 2, fail: 3, skip: 1 },
    lost: ["run: lost", "run: missing"],
    justified: ["run: excused"],
    gained: ["run: gained"],
    unknown: ["run: fresh (fail)"],
  });
  expect(reportLines("host", "runc version 1", comparison).join("\n")).toContain(
    "passed by runc and not by bunc: 2\n    run: lost\n    run: missing\n",
  );
});

test("files that did not run are not compared", () => {
  expect(compare(runc, {}, []).lost).toEqual([]);
});

test("a justification without a name covers every test of its file, and no other", () => {
  const ours = { run: { kept: "fail", lost: "fail" }, other: { unseen: "fail" } } as const;
  const comparison = compare(runc, ours, [{ file: "run", reason: "…" }]);
  expect(comparison.justified).toEqual(["run: kept", "run: lost", "run: excused", "run: missing"]);
  expect(comparison.lost).toEqual(["other: unseen"]);
});

test("at most five are justified, each with a reason, and runc passes each in some way", () => {
  expect(justified.length + justifiedOci.length).toBeLessThanOrEqual(5);
  const runcPasses = (suite: string, { file, name }: Justification) =>
    [...wayNames].some((way) => {
      const verdicts = recorded(suite, way)?.files[file] ?? {};
      return (name === undefined ? Object.values(verdicts) : [verdicts[name]]).includes("pass");
    });
  const entries = [
    ...justified.map((entry) => ["bats", entry] as const),
    ...justifiedOci.map((entry) => ["oci", entry] as const),
  ];
  for (const [suite, entry] of entries) {
    expect([suite, entry.file, runcPasses(suite, entry)]).toEqual([suite, entry.file, true]);
    expect(entry.reason).not.toBe("");
  }
});
