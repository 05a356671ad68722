import { describe, expect, test } from "bun:test";
import { scopeSubgroups } from "./annotations.ts";

const SUBGROUP = "run.oci.systemd.subgroup";
const DELEGATE = "run.oci.delegate-cgroup";

describe("scopeSubgroups", () => {
  test("none without annotations, or with empty ones", () => {
    const none = { subgroup: "", delegated: "" };
    expect(scopeSubgroups({})).toEqual(none);
    expect(scopeSubgroups({ [SUBGROUP]: "", [DELEGATE]: "" })).toEqual(none);
  });

  test("both", () => {
    const annotations = { [SUBGROUP]: "container", [DELEGATE]: "payload_1" };
    expect(scopeSubgroups(annotations)).toEqual({ subgroup: "container", delegated: "payload_1" });
  });

  test.each(["a/b", "..", "/", "cgroup.procs", "a b"])("%p is no name", (name) => {
    expect(() => scopeSubgroups({ [SUBGROUP]: name })).toThrow(
      `annotation ${SUBGROUP}=${name} is not a valid cgroup name`,
    );
  });

  test("delegated without the cgroup that has the limits", () => {
    expect(() => scopeSubgroups({ [DELEGATE]: "a" })).toThrow(`annotation ${DELEGATE}=a needs ${SUBGROUP}`);
  });
});
