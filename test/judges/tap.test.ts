import { describe, expect, test } from "bun:test";
import { parseTap } from "./tap.ts";

describe("parseTap", () => {
  test("verdicts, names and remarks", () => {
    const output = [
      "1..4",
      "ok 1 runc run [tty owner] ({u,g}id != 0)",
      "not ok 2 runc delete",
      "# (in test file delete.bats, line 18)",
      '#   `[ "$status" -eq 0 ]\' failed',
      "ok 3 checkpoint # skip test requires criu",
      "ok 4 spec #1 of many",
    ].join("\n");
    expect(parseTap(output)).toEqual({
      planned: 4,
      tests: [
        { name: "runc run [tty owner] ({u,g}id != 0)", verdict: "pass", remark: "" },
        {
          name: "runc delete",
          verdict: "fail",
          remark: '# (in test file delete.bats, line 18)\n#   `[ "$status" -eq 0 ]\' failed\n',
        },
        { name: "checkpoint", verdict: "skip", remark: "test requires criu" },
        { name: "spec #1 of many", verdict: "pass", remark: "" },
      ],
    });
  });

  test("lines from a terminal, a plan at the end, tests without numbers", () => {
    const output = "TAP version 13\r\nok - one\r\nnoise: ok\r\nnot ok - two # todo later\r\n1..2\r\n";
    expect(parseTap(output)).toEqual({
      planned: 2,
      tests: [
        { name: "one", verdict: "pass", remark: "" },
        { name: "two", verdict: "skip", remark: "later" },
      ],
    });
  });

  test("nothing", () => {
    expect(parseTap("")).toEqual({ planned: undefined, tests: [] });
  });
});
