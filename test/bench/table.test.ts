import { expect, test } from "bun:test";
import { callsByThread } from "./system-calls.ts";
import { median, tableLines } from "./table.ts";

test("a call that another thread interrupts is counted once", () => {
  const text = `10 execve("/x"..., [...], 0x7f /* 3 vars */) = 0
10 clone(child_stack=NULL, flags=SIGCHLD <unfinished ...>
11 getpid( <unfinished ...>
10 <... clone resumed>) = 11
11 <... getpid resumed>) = 11
11 exit_group(0) = ?
11 +++ exited with 0 +++
`;
  expect(callsByThread(text)).toEqual([2, 2]);
});

test("bunc's value divided by another's follows that one, and a missing value is a dash", () => {
  const rows = [
    { name: "run", unit: "ms", values: [10, 40, null] },
    { name: "list", unit: "", values: [8, 0, 4], parts: [[8], [], [3, 1]] },
  ];
  const lines = tableLines("wall clock", ["bunc", "runc", "crun"], rows);
  expect(lines.map((line) => line.trim().split(/ {2,}/))).toEqual([
    ["wall clock", "bunc", "runc", "crun"],
    ["run", "10.0 ms", "40.0 ms (0.25)", "–"],
    ["list", "8", "0", "4 (2.00)"],
    ["by thread", "3+1"],
  ]);
});

test("the median of an even number of values is one of them", () => {
  expect([median([4, 1, 3]), median([1, 2])]).toEqual([3, 2]);
});
