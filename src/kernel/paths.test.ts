import { expect, test } from "bun:test";
import { baseName, cleanPath, resolvePath } from "./paths.ts";

test("clean paths", () => {
  const table: [path: string, clean: string][] = [
    ["", "."],
    ["/", "/"],
    ["//", "/"],
    ["/..", "/"],
    ["/../../a", "/a"],
    ["/a/./b//c/", "/a/b/c"],
    ["/a/../b", "/b"],
    ["a/..", "."],
    ["../a", "../a"],
    ["../../a/..", "../.."],
    ["/...", "/..."],
  ];
  for (const [path, clean] of table) expect([path, cleanPath(path)]).toEqual([path, clean]);
});

test("relative to a base", () => {
  expect(resolvePath("/b", "x/../y")).toBe("/b/y");
  expect(resolvePath("/b", "/x")).toBe("/x");
  expect(resolvePath("/b/c", "../..")).toBe("/");
  expect(resolvePath("/b/", "")).toBe("/b");
});

test("last component", () => {
  expect(baseName("/sys/fs/cgroup/cpu,cpuacct")).toBe("cpu,cpuacct");
  expect(baseName("/")).toBe("");
});
