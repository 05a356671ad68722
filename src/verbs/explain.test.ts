import { expect, test } from "bun:test";
import { parseSyscalls, type SyscallQuery } from "./explain.ts";

test.each([
  ["all", { names: [], arguments: undefined }],
  ["mount", { names: ["mount"], arguments: undefined }],
  ["165", { names: ["165"], arguments: undefined }],
  ["mount,umount2", { names: ["mount", "umount2"], arguments: undefined }],
  ["getpid()", { names: ["getpid"], arguments: [] }],
  ["socket(16)", { names: ["socket"], arguments: [16n] }],
  ["f(1, 0xff,18446744073709551615)", { names: ["f"], arguments: [1n, 255n, 18446744073709551615n] }],
] as [string, SyscallQuery][])("%s", (text, expected) => {
  expect(parseSyscalls(text)).toEqual(expected);
});

test.each([
  "",
  ",",
  "mount,",
  "mount umount",
  "mount(",
  "mount(x)",
  "mount(-1)",
  "mount(1,)",
  "mount(18446744073709551616)",
  "f(1,2,3,4,5,6,7)",
  "a(1),b(2)",
  "(1)",
])("%p", (text) => {
  expect(() => parseSyscalls(text)).toThrow("is not a system call such as");
});
