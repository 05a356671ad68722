import { describe, expect, test } from "bun:test";
import type { CgroupFacts } from "../host/cgroup.ts";
import type { CgroupCreateReply } from "../native/boundary.gen.ts";
import { useCore } from "../native/fake-core.ts";
import type { ResourcesConfig } from "../oci/resources.ts";
import {
  type CgroupOptions,
  createCgroups,
  limitCgroups,
  placement,
  planCgroups,
  restrictDevices,
} from "./create.ts";

const v2: CgroupFacts = { mode: "v2", hierarchies: [], v2MountPoint: "/cg", v2Own: "/" };
const hierarchy = (name: string) => ({ controllers: [name], mountPoint: `/cg/${name}`, root: "/", own: "/" });
const hybrid: CgroupFacts = {
  mode: "hybrid",
  hierarchies: ["cpuset", "devices", "memory", "cpu"].map(hierarchy),
  v2MountPoint: "/cg/unified",
  v2Own: "/",
};

function plan(facts: CgroupFacts, resources: ResourcesConfig = {}, more: Partial<CgroupOptions> = {}) {
  return planCgroups({ facts, id: "id", resources, rootless: false, inUserNamespace: false, ...more });
}

/** A core that answers `cgroup_create` with this and remembers all calls. */
function useReply(reply: Partial<CgroupCreateReply>) {
  const calls: [name: string, request: unknown][] = [];
  useCore({
    cgroup_create(request) {
      calls.push(["cgroup_create", request]);
      const errnos = request.groups.map(() => 0);
      return { in_use: null, threaded: null, errnos, not_enabled: [], ...reply };
    },
    cgroup_write(request) {
      calls.push(["cgroup_write", request]);
      return { tolerated: [] };
    },
  });
  return calls;
}

describe("placement", () => {
  test("v2: straight into the cgroup", () => {
    expect(placement(plan(v2).locations)).toEqual({ into: "/cg/id", tasks: [] });
  });
  test("hybrid: into cgroup2, then by pid", () => {
    expect(placement(plan(hybrid).locations)).toEqual({
      into: "/cg/unified/id",
      tasks: ["cpuset", "devices", "memory", "cpu"].map((name) => `/cg/${name}/id/tasks`),
    });
  });
  test("none", () => {
    expect(placement([])).toEqual({ into: null, tasks: [] });
  });
});

describe("createCgroups", () => {
  test.each([
    [
      { in_use: { occupied: { path: "/cg/id", processes: 3 }, frozen: "/cg/id" } },
      "container's cgroup is not empty: 3 process(es) found",
    ],
    [{ in_use: { occupied: null, frozen: "/cg" } }, "container's cgroup unexpectedly frozen"],
    [
      { threaded: { path: "/cg/id", type: "domain invalid" } },
      'unable to apply cgroup configuration: cannot enter cgroupv2 "/cg/id" with domain controllers -- it is in an invalid state',
    ],
    [
      { threaded: { path: "/cg/id", type: "threaded" } },
      'unable to apply cgroup configuration: cannot enter cgroupv2 "/cg/id" with domain controllers -- it is in threaded mode',
    ],
  ])("%j", (reply, message) => {
    useReply(reply);
    expect(() => createCgroups(plan(v2))).toThrow(message);
  });

  test("rootless without limits goes on without cgroup", () => {
    useReply({ errnos: [13] });
    const created = createCgroups(plan(v2, {}, { rootless: true }));
    expect(created.locations).toEqual([]);
  });

  test("rootless with limits does not", () => {
    const limited = plan(v2, { pids: { limit: 1 } }, { rootless: true });
    useReply({ errnos: [13] });
    expect(() => createCgroups(limited)).toThrow(
      "rootless needs no limits + no cgrouppath when no permission is granted for cgroups: mkdir /cg/id: permission denied",
    );
  });

  test("permission is tolerated only for rootless without a path of its own", () => {
    const tolerated = (more: Partial<CgroupOptions>) =>
      plan(v2, {}, more).create.groups[0]?.tolerate_permission;
    expect(tolerated({})).toBe(false);
    expect(tolerated({ rootless: true })).toBe(true);
    expect(tolerated({ rootless: true, cgroupsPath: "/a" })).toBe(false);
  });

  test("rootless on v1: limits only where there is a cgroup", () => {
    const limited = plan(hybrid, { memory: { limit: 4096 } }, { rootless: true });
    useReply({ errnos: [0, 0, 13, 0, 0] });
    const created = createCgroups(limited);
    expect(created.locations.map(({ controller }) => controller)).toEqual(["cpuset", "devices", "cpu", ""]);
    expect(() => limitCgroups(limited, created)).toThrow(
      "cannot set memory limit: container could not join or create cgroup",
    );
  });

  test("rootless on v1: no device rules without a devices cgroup", () => {
    const without = plan(hybrid, {}, { rootless: true });
    const calls = useReply({ errnos: [0, 13, 0, 0, 0] });
    const created = createCgroups(without);
    limitCgroups(without, created);
    restrictDevices(without, created);
    expect(calls.map(([name]) => name)).toEqual(["cgroup_create"]);
  });

  test("a realtime limit comes before the first process, all others later", () => {
    const realtime = plan(hybrid, { cpu: { cpus: "", mems: "", realtimeRuntime: 5, shares: 2 } });
    const calls = useReply({});
    createCgroups(realtime);
    expect(calls[1]).toMatchObject([
      "cgroup_write",
      { groups: [{ mount: "/cg/cpu", path: "id", writes: [{ file: "cpu.rt_runtime_us", value: "5" }] }] },
    ]);
  });
});

test("only the cpuset hierarchy starts with cpus and mems", () => {
  const { groups } = plan(hybrid, { cpu: { cpus: "0-1", mems: "" } }).create;
  expect(groups.map(({ mount, cpuset }) => [mount, cpuset])).toEqual([
    ["/cg/cpuset", { cpus: "0-1", mems: "" }],
    ["/cg/devices", null],
    ["/cg/memory", null],
    ["/cg/cpu", null],
    ["/cg/unified", null],
  ]);
});

test.each([
  [v2, { memory: { limit: 1 } }, true],
  [v2, { pids: { limit: 1 } }, false],
  [hybrid, { memory: { limit: 1 } }, false],
] as [CgroupFacts, ResourcesConfig, boolean][])("domain controllers %#", (facts, resources, domain) => {
  expect(plan(facts, resources).create.groups[0]?.domain).toBe(domain);
});

test("in a user namespace no device rules are set, and a warning says so", () => {
  for (const facts of [v2, hybrid]) {
    const inside = plan(facts, {}, { inUserNamespace: true });
    expect(inside.devices).toBeNull();
    expect(inside.settings).toEqual([]);
    expect(inside.ignored).toMatchObject([{ subject: "linux.resources.devices" }]);
  }
});
