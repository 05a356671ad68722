import { expect, test } from "bun:test";
import { check } from "./document.ts";
import { FeaturesSchema } from "./features.ts";
import { makeState, StateSchema } from "./state.ts";

const members = {
  owner: "root",
  created: "2026-01-02T15:04:05.000000006Z",
  rootfs: "/b/rootfs",
  bundle: "/b",
  status: "running",
  pid: 7,
  id: "c1",
} as const;

test("the members of a state stand in runc's order", () => {
  expect(Object.keys(makeState(members)).join()).toBe("ociVersion,id,pid,status,bundle,rootfs,created,owner");
  const annotated = makeState({ ...members, annotations: { b: "2", a: "1" } });
  expect(Object.keys(annotated).join()).toBe(
    "ociVersion,id,pid,status,bundle,rootfs,created,annotations,owner",
  );
  expect(JSON.stringify(annotated.annotations)).toBe('{"a":"1","b":"2"}');
  expect(check(StateSchema, annotated).issues).toEqual([]);
});

test("states and features that are none", () => {
  expect(
    check(StateSchema, { ...makeState(members), status: "paused?" }).issues.map((issue) => issue.path),
  ).toEqual(["status"]);
  expect(check(FeaturesSchema, { ociVersionMin: "" }).issues.map((issue) => issue.path)).toEqual([
    "ociVersionMin",
    "ociVersionMax",
  ]);
});
