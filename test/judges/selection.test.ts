import { describe, expect, test } from "bun:test";
import { partOf, runtimeIn } from "./selection.ts";

describe("partOf", () => {
  test.each([
    ["1/1", ["a", "b", "c", "d", "e"]],
    ["1/2", ["a", "c", "e"]],
    ["2/2", ["b", "d"]],
    ["5/9", ["e"]],
    ["9/9", []],
  ])("%s", (part, expected) => {
    expect(partOf(part, ["a", "b", "c", "d", "e"])).toEqual(expected);
  });

  test.each(["", "0/2", "3/2", "1", "1/0", "1/x", "-1/2", "1/100"])("refuses %p", (part) => {
    expect(() => partOf(part, ["a"])).toThrow("K/N");
  });
});

describe("runtimeIn", () => {
  test("bunc goes along under its name", () => {
    expect(runtimeIn("guest", "bunc", "/project")).toEqual({
      path: "bunc",
      share: { bunc: "/project/dist/bunc" },
    });
  });
  test("runc is the guest's own", () => {
    expect(runtimeIn("guest", "runc", "/project")).toEqual({ path: "/usr/sbin/runc", share: {} });
  });
  test("a path goes along", () => {
    expect(runtimeIn("host", "/bin/sh", "/project")).toEqual({
      path: "runtime",
      share: { runtime: "/bin/sh" },
    });
  });
  test("a path that is not there is refused", () => {
    expect(() => runtimeIn("host", "/no/such", "/project")).toThrow("--runtime=/no/such");
  });
});
