import { expect, test } from "bun:test";
import { filterByPid } from "./ps-table.ts";

const EF = `UID          PID    PPID  C STIME TTY          TIME CMD
root           1       0  0 05:37 ?        00:00:01 /sbin/init
root         412       1  0 05:37 ?        00:00:00 sleep 1
root        4120       1  0 05:37 ?        00:00:00 sleep 412
`;

test.each([
  ["-ef", EF, [412], EF.split("\n").slice(0, 1).concat(EF.split("\n").slice(2, 3)).join("\n")],
  ["no process left: the header stays", EF, [], EF.split("\n")[0] as string],
  ["PID is the last column", "CMD PID\nsleep 7\ninit 1\n", [7], "CMD PID\nsleep 7"],
  ["leading spaces", "    PID CMD\n      7 sleep\n", [7], "    PID CMD\n      7 sleep"],
])("%s", (_name, output, pids, expected) => {
  expect(filterByPid(output, new Set(pids))).toBe(expected);
});

test.each([
  ["no header", "root 1\n", "couldn't find PID field in ps output"],
  ["no output", "", "couldn't find PID field in ps output"],
  ["a line without a number", "PID CMD\nx y\n", "unable to parse pid: x"],
  ["a short line", "CMD PID\nx\n", "unable to parse pid: "],
])("%s", (_name, output, message) => {
  expect(() => filterByPid(output, new Set([1]))).toThrow(message);
});
