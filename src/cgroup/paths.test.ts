import { describe, expect, test } from "bun:test";
import type { CgroupFacts } from "../host/cgroup.ts";
import { cgroupLocations, cgroupPaths, cleanCgroupsPath, distinctGroups, locationsOfPaths } from "./paths.ts";

const v2 = (own: string): CgroupFacts => ({
  mode: "v2",
  hierarchies: [],
  v2MountPoint: "/sys/fs/cgroup",
  v2Own: own,
});

const hybrid: CgroupFacts = {
  mode: "hybrid",
  hierarchies: [
    { controllers: ["cpu", "cpuacct"], mountPoint: "/sys/fs/cgroup/cpu,cpuacct", root: "/", own: "/user" },
    { controllers: ["devices"], mountPoint: "/sys/fs/cgroup/devices", root: "/", own: "/" },
    { controllers: ["memory"], mountPoint: "/sys/fs/cgroup/memory", root: "/docker/a", own: "/docker/a/b" },
    {
      controllers: ["name=systemd"],
      mountPoint: "/sys/fs/cgroup/systemd",
      root: "/docker/a",
      own: "/docker/a",
    },
  ],
  v2MountPoint: "/sys/fs/cgroup/unified",
  v2Own: "/",
};

describe("cleanCgroupsPath", () => {
  test.each([
    ["", ""],
    ["a", "a"],
    ["a//b/./c/", "a/b/c"],
    ["../../etc", "etc"],
    ["a/../../b", "b"],
    [".", "."],
    ["..", "."],
    ["/", "/"],
    ["/a/../..", "/"],
    ["/../../a", "/a"],
  ])("%j → %j", (path, expected) => {
    expect(cleanCgroupsPath(path)).toBe(expected);
  });
});

describe("v2", () => {
  test.each([
    ["/", undefined, "/sys/fs/cgroup/id"],
    ["/user.slice/session-1.scope", undefined, "/sys/fs/cgroup/user.slice/id"],
    ["/user.slice/session-1.scope", "a/b", "/sys/fs/cgroup/user.slice/a/b"],
    ["/user.slice/session-1.scope", "/a/b", "/sys/fs/cgroup/a/b"],
    ["/user.slice/session-1.scope", "../../a", "/sys/fs/cgroup/user.slice/a"],
    ["/user.slice/session-1.scope", "/../a", "/sys/fs/cgroup/a"],
    ["/x", "/", "/sys/fs/cgroup"],
  ])("own %j, cgroupsPath %j → %j", (own, cgroupsPath, expected) => {
    expect(cgroupPaths(cgroupLocations(v2(own), cgroupsPath, "id"))).toEqual({ "": expected });
  });

  test("an own cgroup above the namespace's root gives no relative path", () => {
    expect(() => cgroupLocations(v2("/../other/x"), undefined, "id")).toThrow("own cgroup /../other/x");
    expect(cgroupPaths(cgroupLocations(v2("/../other/x"), "/a", "id"))).toEqual({ "": "/sys/fs/cgroup/a" });
  });
});

describe("hybrid", () => {
  test("the id counts from the own cgroup of each hierarchy, within what is mounted", () => {
    expect(cgroupPaths(cgroupLocations(hybrid, undefined, "id"))).toEqual({
      devices: "/sys/fs/cgroup/devices/id",
      memory: "/sys/fs/cgroup/memory/b/id",
      cpu: "/sys/fs/cgroup/cpu,cpuacct/user/id",
      cpuacct: "/sys/fs/cgroup/cpu,cpuacct/user/id",
      "name=systemd": "/sys/fs/cgroup/systemd/id",
      "": "/sys/fs/cgroup/unified/id",
    });
  });

  test("an absolute path counts from the mount points", () => {
    const locations = cgroupLocations(hybrid, "/pod/c1", "id");
    expect(cgroupPaths(locations)).toEqual({
      devices: "/sys/fs/cgroup/devices/pod/c1",
      memory: "/sys/fs/cgroup/memory/pod/c1",
      cpu: "/sys/fs/cgroup/cpu,cpuacct/pod/c1",
      cpuacct: "/sys/fs/cgroup/cpu,cpuacct/pod/c1",
      "name=systemd": "/sys/fs/cgroup/systemd/pod/c1",
      "": "/sys/fs/cgroup/unified/pod/c1",
    });
    expect(distinctGroups(locations)).toHaveLength(5);
  });

  test("no devices controller is refused", () => {
    const facts = {
      ...hybrid,
      hierarchies: hybrid.hierarchies.filter((h) => !h.controllers.includes("devices")),
    };
    expect(() => cgroupLocations(facts, "/x", "id")).toThrow("mountpoint for devices not found");
  });

  test("an own cgroup beside the mounted part is refused", () => {
    const hierarchies = hybrid.hierarchies.map((h) =>
      h.controllers.includes("memory") ? { ...h, own: "/docker/abc" } : h,
    );
    expect(() => cgroupLocations({ ...hybrid, hierarchies }, undefined, "id")).toThrow(
      "own memory cgroup /docker/abc",
    );
  });
});

describe("locationsOfPaths", () => {
  test.each([
    ["v2", v2("/"), undefined],
    ["v2 with path", v2("/u/s"), "/a/b"],
    ["hybrid", hybrid, undefined],
  ])("%s: what was saved is found again", (_name, facts, cgroupsPath) => {
    const locations = cgroupLocations(facts, cgroupsPath, "id");
    expect(locationsOfPaths(facts, cgroupPaths(locations))).toEqual(locations);
  });

  test.each(["/etc", "/sys/fs/cgroup/../../etc", "/sys/fs/cgroupx", "relative", ""])(
    "%j is not below a cgroup mount",
    (path) => {
      expect(() => locationsOfPaths(v2("/"), { "": path })).toThrow("not below a cgroup mount");
    },
  );
});
