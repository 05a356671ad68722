import { expect, test } from "bun:test";
import { sessionBusPath, unixPath } from "./address.ts";
import { expandSlice, unitName } from "./unit.ts";

test.each([
  ["", false, "runc-id.scope", "system.slice", "id"],
  ["", true, "runc-id.scope", "user.slice", "id"],
  ["system.slice:docker:1234", false, "docker-1234.scope", "system.slice", "1234"],
  ["machine-a.slice:libpod:x", true, "libpod-x.scope", "machine-a.slice", "x"],
  [":cri:x", false, "cri-x.scope", "system.slice", "x"],
  ["a.slice::pod.slice", false, "pod.slice", "a.slice", "pod.slice"],
])("unitName(%j, rootless %p)", (path, rootless, unit, slice, name) => {
  expect(unitName(path, "id", rootless)).toEqual({ unit, slice, name });
});

test.each(["/a/b", "a:b", "a:b:c:d", "a.slice"])("%j is no cgroupsPath for systemd", (path) => {
  expect(() => unitName(path, "id", false)).toThrow(
    `expected cgroupsPath to be of format "slice:prefix:name" for systemd cgroups, got "${path}" instead`,
  );
});

test.each(["a.slice:b:c/d", "a.slice:../b:c", "a.slice:b:"])("%j is no unit name", (path) => {
  expect(() => unitName(path, "id", false)).toThrow("invalid unit name");
});

test.each([
  ["system.slice", "/system.slice"],
  ["test-a-b.slice", "/test.slice/test-a.slice/test-a-b.slice"],
  ["-.slice", ""],
])("expandSlice(%j)", (slice, path) => {
  expect(expandSlice(slice)).toBe(path);
});

test.each(["", ".slice", "a", "a.scope", "-a.slice", "a--b.slice", "a-.slice", "a/b.slice"])(
  "%j is no slice",
  (slice) => {
    expect(() => expandSlice(slice)).toThrow(`invalid slice name: ${slice}`);
  },
);

test.each([
  ["unix:path=/run/user/1000/bus", "/run/user/1000/bus"],
  ["unix:path=/run/a%20b/bus,guid=12", "/run/a b/bus"],
  ["unix:abstract=/tmp/dbus-x,guid=12", "@/tmp/dbus-x"],
  ["tcp:host=a;unix:path=/b", "/b"],
])("unixPath(%j)", (address, path) => {
  expect(unixPath(address)).toBe(path);
});

test.each(["", "tcp:host=a", "unix:guid=1", "unix:path="])("%j has no unix socket", (address) => {
  expect(() => unixPath(address)).toThrow("no unix socket in the bus address");
});

test("the user's bus", () => {
  expect(sessionBusPath({ XDG_RUNTIME_DIR: "/run/user/7" })).toBe("/run/user/7/bus");
  expect(sessionBusPath({ XDG_RUNTIME_DIR: "/x", DBUS_SESSION_BUS_ADDRESS: "unix:path=/y" })).toBe("/y");
  expect(() => sessionBusPath({})).toThrow("could not detect DBUS_SESSION_BUS_ADDRESS from the environment");
});
