import { expect, test } from "bun:test";
import { compare, reportLines } from "./compare.ts";
import { justified } from "./justified.ts";
import { recorded } from "./results.ts";
import { wayNames } from "./ways.ts";

const runc = {
  run: { kept: "pass", lost: "pass", excused: "pass", gained: "fail", skipped: "skip", missing: "pass" },
  other: { unseen: "pass" },
} as const;
const bunc = {
  run: { kept: "pass", lost: "fail", excused: "fail", gained: "pass", skipped: "skip", fresh: "fail" },
} as const;

test("a test that runc passes and bunc fails, skips or does not reach is lost, unless there is a reason", () => {
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

test("at most five tests are justified, each of which runc passes somewhere, with a reason", () => {
  expect(justified.length).toBeLessThanOrEqual(5);
  for (const { file, name, reason } of justified) {
    const verdicts = wayNames.map((way) => recorded("bats", way)?.files[file]?.[name]);
    expect(verdicts, `${file}: ${name}`).toContain("pass");
    expect(reason).not.toBe("");
  }
});
