import { describe, expect, test } from "bun:test";
import { runtimeIn } from "./selection.ts";

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
