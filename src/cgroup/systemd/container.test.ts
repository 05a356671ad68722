import { expect, test } from "bun:test";
import type { CgroupInUseReply } from "../../native/boundary.gen.ts";
import { useCore } from "../../native/fake-core.ts";
import type { Answers } from "../../native/stand-in.ts";
import { SystemdCgroups } from "./container.ts";
import { FakeBus, type FakeMethods } from "./fake-bus.ts";
import { busAnswers } from "./fake-connection.ts";

const FREE: CgroupInUseReply = { occupied: null, frozen: null };
const SCOPE = "system.slice/runc-a.scope";

/** A core with systemd behind its bus. `inUse`: what it answers, time after time; the last one for good. */
function open(inUse: readonly CgroupInUseReply[], methods: FakeMethods = {}, fails = "") {
  const bus = new FakeBus(methods);
  const calls: string[] = [];
  const asked: unknown[] = [];
  let answers = 0;
  const noted: Answers = {
    ...busAnswers(() => bus),
    resolve_path: () => ({ path: "/run/systemd/system", directory: true }),
    make_directory: () => ({ created: true }),
    cgroup_in_use({ groups }) {
      asked.push(groups);
      return inUse[Math.min(answers++, inUse.length - 1)] as CgroupInUseReply;
    },
    cgroup_create: () => ({ in_use: null, threaded: null, errnos: [0], not_enabled: [] }),
    cgroup_kill({ groups }) {
      bus.members.push(`kill ${JSON.stringify(groups)}`);
      return { found: true, signalled: 0 };
    },
  };
  const failing = (name: string) => (): never => {
    throw new Error(`${name} fails`);
  };
  const asAsked = Object.entries(noted).map(([name, answer]) => [
    name,
    (request: never) => {
      if (name.startsWith("cgroup_")) calls.push(name);
      return (name === fails ? failing(name) : answer)(request);
    },
  ]);
  useCore(Object.fromEntries(asAsked));
  const cgroups = new SystemdCgroups({
    driver: "systemd",
    facts: { mode: "v2", hierarchies: [], v2MountPoint: "/cg", v2Own: "/" },
    id: "a",
    annotations: { "run.oci.systemd.subgroup": "container" },
    inUserNamespace: false,
    rootless: false,
    systemd: { rootless: false, euid: 0, variables: {} },
  });
  return { bus, calls, asked, cgroups };
}

test.each([
  [
    { occupied: { path: `/cg/${SCOPE}`, processes: 2 }, frozen: null },
    "container's cgroup is not empty: 2 process(es) found",
  ],
  [{ occupied: null, frozen: "/cg/system.slice" }, "container's cgroup unexpectedly frozen"],
])("a cgroup in use is refused before systemd is asked for the unit: %j", (inUse, message) => {
  const { bus, asked, cgroups } = open([inUse]);
  expect(() => cgroups.make()).toThrow(message);
  // The scope's, whatever subgroup the container is to have.
  expect(asked).toEqual([[{ mount: "/cg", path: SCOPE }]]);
  expect(bus.members).not.toContain("StartTransientUnit");
});

const ENDED = [
  "StartTransientUnit",
  `kill [{"mount":"/cg","path":"${SCOPE}"}]`,
  "StopUnit",
  "ResetFailedUnit",
];

test("frozen while systemd made the scope: refused, killed, stopped", () => {
  const { bus, calls, cgroups } = open([FREE, { ...FREE, frozen: `/cg/${SCOPE}` }]);
  const made = cgroups.make();
  expect(() => made.place(7)).toThrow("container's cgroup unexpectedly frozen");
  expect(bus.members.slice(2)).toEqual(ENDED);
  expect(calls).not.toContain("cgroup_create");
});

test("its own process in the scope is no reason to refuse it", () => {
  const { bus, cgroups } = open([FREE, { occupied: { path: `/cg/${SCOPE}`, processes: 1 }, frozen: null }]);
  cgroups.make().place(7);
  expect(bus.members.slice(2)).toEqual(["StartTransientUnit", "AttachProcessesToUnit"]);
});

test.each(["make_directory", "cgroup_create"])("%s fails in the new scope: no unit is left", (step) => {
  const { bus, cgroups } = open([FREE], {}, step);
  const made = cgroups.make();
  expect(() => made.place(7)).toThrow(`${step} fails`);
  expect(bus.members.slice(-2)).toEqual(ENDED.slice(-2));
});

test("a unit that systemd has not made is not stopped", () => {
  const { bus, cgroups } = open([FREE], {
    StartTransientUnit: () => ({ error: "org.freedesktop.systemd1.UnitExists" }),
  });
  const made = cgroups.make();
  expect(() => made.place(7)).toThrow('unable to start unit "runc-a.scope"');
  expect(bus.members).not.toContain("StopUnit");
});

test("a look for systemd that fails is not a host without systemd", () => {
  expect(() => open([FREE], {}, "resolve_path")).toThrow("resolve_path fails");
});
