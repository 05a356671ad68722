import { describe, expect, test } from "bun:test";
import { runtimeIn } from "./selection.ts";

describe("runtimeIn", () => {
  test("bunc is copied under its name", () => {
    expect(runtimeIn("guest", "bunc", "/project")).toEqual({
      path: "bunc",
      share: { bunc: "/project/dist/bunc" },
    });
  });
  test("runc means the guest's own", () => {
    expect(runtimeIn("guest", "runc", "/project")).toEqual({ path: "/usr/sbin/runc", share: {} });
  });
  test("the file of a path is copied", () => {
    expect(runtimeIn("host", "/bin/sh", "/project")).toEqual({
      path: "runtime",
      share: { runtime: "/bin/sh" },
    });
  });
  test("a path that does not exist is refused", () => {
    expect(() => runtimeIn("host", "/no/such", "/project")).toThrow("--runtime=/no/such");
  });
});
