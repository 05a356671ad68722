/** `linux.resources`: every limit is in its kernel file, and takes effect. */
import { expect } from "bun:test";
import { existsSync, readFileSync, statSync } from "node:fs";
import { blockDevice, cgroupFile, controller } from "../harness/cgroup-file.ts";
import { addCapabilities, type Edit } from "../harness/config.ts";
import { cgroupsOf } from "../harness/leaks.ts";
import { buncOnly, cgroupV1, cgroupV2, notIn, type Requirement, root } from "../harness/requirements.ts";
import { until } from "../harness/sandbox.ts";
import { scenario } from "../harness/scenario.ts";

const resources =
  (value: Record<string, unknown>): Edit =>
  (config) => {
    config.linux.resources = value;
  };

interface Case {
  /** What runc 1.1.5 does instead. */
  runc?: string;
  needs: string;
  name: string;
  resources: Record<string, unknown>;
  files: Record<string, string>;
}

const device = blockDevice() ?? "0:0";
const [major, minor] = device.split(":").map(Number);
const disk: Requirement = () => (blockDevice() === undefined ? "needs a block device" : null);

const v1: Case[] = [
  {
    needs: "memory",
    name: "memory, swap, reservation, swappiness",
    resources: { memory: { limit: 67108864, swap: 134217728, reservation: 33554432, swappiness: 10 } },
    files: {
      "memory.limit_in_bytes": "67108864",
      "memory.memsw.limit_in_bytes": "134217728",
      "memory.soft_limit_in_bytes": "33554432",
      "memory.swappiness": "10",
    },
  },
  {
    needs: "cpu",
    name: "shares, quota, period",
    resources: { cpu: { shares: 512, quota: 50000, period: 200000 } },
    files: { "cpu.shares": "512", "cpu.cfs_quota_us": "50000", "cpu.cfs_period_us": "200000" },
  },
  { needs: "pids", name: "pids", resources: { pids: { limit: 17 } }, files: { "pids.max": "17" } },
  {
    needs: "pids",
    name: "no limit of pids",
    resources: { pids: { limit: -1 } },
    files: { "pids.max": "max" },
  },
  {
    needs: "cpuset",
    name: "cpuset",
    resources: { cpu: { cpus: "0", mems: "0" } },
    files: { "cpuset.cpus": "0", "cpuset.mems": "0" },
  },
  {
    needs: "io",
    name: "throttled block devices",
    resources: {
      blockIO: {
        throttleReadBpsDevice: [{ major, minor, rate: 1048576 }],
        throttleWriteIOPSDevice: [{ major, minor, rate: 100 }],
      },
    },
    files: {
      "blkio.throttle.read_bps_device": `${device} 1048576`,
      "blkio.throttle.write_iops_device": `${device} 100`,
    },
  },
];

const v2: Case[] = [
  {
    needs: "memory",
    name: "memory, swap, reservation",
    resources: { memory: { limit: 67108864, swap: 134217728, reservation: 33554432 } },
    files: { "memory.max": "67108864", "memory.swap.max": "67108864", "memory.low": "33554432" },
  },
  {
    needs: "memory",
    name: "no swap",
    resources: { memory: { limit: 67108864, swap: 67108864 } },
    files: { "memory.max": "67108864", "memory.swap.max": "0" },
  },
  {
    needs: "cpu",
    name: "shares, quota, period",
    resources: { cpu: { shares: 1024, quota: 50000, period: 200000 } },
    files: { "cpu.weight": "100", "cpu.max": "50000 200000" },
    runc: "1.1.5 has the older conversion of shares",
  },
  {
    needs: "cpu",
    name: "burst",
    resources: { cpu: { quota: 50000, period: 100000, burst: 30000 } },
    files: { "cpu.max": "50000 100000", "cpu.max.burst": "30000" },
    runc: "1.1.5 has no burst",
  },
  {
    needs: "cpu",
    name: "idle",
    resources: { cpu: { idle: 1 } },
    files: { "cpu.idle": "1" },
    runc: "1.1.5 has no idle",
  },
  { needs: "pids", name: "pids", resources: { pids: { limit: 17 } }, files: { "pids.max": "17" } },
  {
    needs: "cpuset",
    name: "cpuset",
    resources: { cpu: { cpus: "0", mems: "0" } },
    files: { "cpuset.cpus": "0", "cpuset.mems": "0" },
  },
  {
    needs: "io",
    name: "throttled block devices",
    resources: {
      blockIO: {
        throttleReadBpsDevice: [{ major, minor, rate: 1048576 }],
        throttleWriteIOPSDevice: [{ major, minor, rate: 100 }],
      },
    },
    files: { "io.max": `${device} rbps=1048576 wbps=max riops=max wiops=100` },
  },
  {
    needs: "hugetlb",
    name: "huge pages",
    resources: { hugepageLimits: [{ pageSize: "2MB", limit: 4194304 }] },
    files: { "hugetlb.2MB.max": "4194304", "hugetlb.2MB.rsvd.max": "4194304" },
    runc: "1.1.5 does not set what may be reserved",
  },
  {
    needs: "memory",
    name: "unified",
    resources: {
      memory: { limit: 67108864 },
      unified: { "memory.high": "33554432", "memory.max": "50331648", "pids.max": "9" },
    },
    files: { "memory.high": "33554432", "memory.max": "50331648", "pids.max": "9" },
  },
];

for (const [version, requirement, cases] of [
  ["v1", cgroupV1, v1],
  ["v2", cgroupV2, v2],
] as const) {
  for (const { runc, needs, name, resources: value, files } of cases) {
    const differs = runc === undefined ? [] : [notIn("runc", runc)];
    const needed = [root, requirement, controller(needs), ...(needs === "io" ? [disk] : []), ...differs];
    scenario(`${version}: ${name}`, needed, async (box) => {
      const id = await box.create(box.probe(["sleep"], resources(value)));
      const found = Object.fromEntries(Object.keys(files).map((file) => [file, cgroupFile(id, file)]));
      expect(found).toEqual(files);
    });
  }
}

scenario("memory: who takes more is killed", [root, controller("memory")], async (box) => {
  const limit = 16 << 20;
  const bundle = box.probe(["eat:64"], resources({ memory: { limit, swap: limit } }));
  const { status } = await box.run(bundle);
  expect(status).toBe(137);
});

scenario("pids: forks beyond the limit are refused", [root, controller("pids")], async (box) => {
  const report = await box.report(["fork:50"], resources({ pids: { limit: 5 } }));
  expect(report.get("fork:50")).toMatchObject({ errno: "EAGAIN", forked: 4 });
});

scenario(
  "cpu: a process that wants more than its quota is throttled",
  [root, controller("cpu")],
  async (box) => {
    const bundle = box.probe(["burn:300", "sleep"], resources({ cpu: { quota: 10000, period: 100000 } }));
    const id = await box.started(bundle);
    // On a hybrid host the v2 cgroup has a cpu.stat too, without the counters of a limit.
    const directory = cgroupsOf(id).find(
      (path) => existsSync(`${path}/cpu.cfs_quota_us`) || existsSync(`${path}/cpu.max`),
    );
    await until("it has been throttled", async () =>
      /^nr_throttled [1-9]/m.test(readFileSync(`${directory}/cpu.stat`, "utf8")),
    );
  },
);

/** /dev/kmsg under another name: by default no container may use this device. */
const withKmsg =
  (rules: object[]): Edit =>
  (config) => {
    config.linux.devices = [{ path: "/dev/own-kmsg", type: "c", major: 1, minor: 11, fileMode: 0o666 }];
    config.linux.resources = { devices: rules };
    addCapabilities(config, "CAP_SYSLOG");
  };
const all = { allow: true, access: "rwm" };
const none = { allow: false, access: "rwm" };
const kmsg = { type: "c", major: 1, minor: 11 };
const openable = "open:/dev/own-kmsg";

const deviceCases: [name: string, rules: object[], errno: string][] = [
  ["one that is not allowed", [none], "EPERM"],
  ["one that may only be read", [none, { allow: true, ...kmsg, access: "r" }], "EPERM"],
  ["one that is allowed", [none, { allow: true, ...kmsg, access: "rw" }], "ok"],
  ["one of all", [all], "ok"],
  ["one that is taken out of all", [all, { allow: false, ...kmsg, access: "rwm" }], "EPERM"],
];
for (const [name, rules, errno] of deviceCases) {
  scenario(`devices: ${name}`, [root], async (box) => {
    const report = await box.report([openable, "open:/dev/null"], withKmsg(rules));
    expect(report.errno("open:/dev/null")).toBe("ok");
    expect(report.errno(openable)).toBe(errno);
  });
}

scenario("devices: writing alone is denied, and so is reading and writing", [root, buncOnly], async (box) => {
  const rules = [
    { allow: true, access: "rwm" },
    { allow: false, ...kmsg, access: "w" },
  ];
  const report = await box.report([openable], withKmsg(rules));
  expect(report.errno(openable)).toBe("EPERM");
});

for (const [name, needs, value, message] of [
  [
    "swap below memory (v2)",
    cgroupV2,
    { memory: { limit: 67108864, swap: 33554432 } },
    "memory+swap limit should be >= memory limit",
  ],
  ["unified on v1", cgroupV1, { unified: { "memory.max": "1" } }, "cannot use unified on cgroup v1"],
  ["a path in unified", cgroupV2, { unified: { "../pids.max": "1" } }, "must be a file name (no slashes)"],
  [
    "an unknown controller",
    cgroupV2,
    { unified: { "bogus.max": "1" } },
    `controller \\"bogus\\" not available`,
  ],
  ["shares too low (v1)", cgroupV1, { cpu: { shares: 1 } }, "the minimum allowed cpu-shares is 2"],
  ["CPUs that are not there", controller("cpuset"), { cpu: { cpus: "8191" } }, "cpuset.cpus"],
] as const) {
  scenario(`refused: ${name}`, [root, buncOnly, needs], async (box) => {
    const { status, stderr } = await box.run(box.probe([], resources(value)));
    expect(status).toBe(1);
    expect(stderr).toContain(message);
  });
}

scenario(
  "a cgroup with processes of another container is refused, and left alone",
  [root, buncOnly],
  async (box) => {
    const path = `/${box.name}-shared`;
    const at = (config: Parameters<Edit>[0]) => {
      config.linux.cgroupsPath = path;
    };
    const first = await box.started(box.probe(["sleep"], at));
    const { status, stderr } = await box.run(box.probe([], at));
    expect(status).toBe(1);
    expect(stderr).toContain("container's cgroup is not empty: 1 process(es) found");
    expect((await box.state(first)).status).toBe("running");
  },
);

scenario("a paused cgroup is refused", [root, buncOnly], async (box) => {
  const path = `/${box.name}-shared`;
  const at = (config: Parameters<Edit>[0]) => {
    config.linux.cgroupsPath = path;
  };
  const first = await box.started(box.probe(["sleep"], at));
  await box.must(["pause", first]);
  const { stderr } = await box.run(box.probe([], at));
  // The cgroup is not empty either, and that is checked first.
  expect(stderr).toMatch(/container's cgroup (is not empty|unexpectedly frozen)/);
  await box.must(["resume", first]);
});

/** The container's own cgroup, writable for its user. */
const managed: Edit = (config) => {
  config.process.user = { uid: 1000, gid: 1000 };
  config.linux.namespaces.push({ type: "cgroup" });
  config.mounts = config.mounts.filter(({ destination }) => destination !== "/sys/fs/cgroup");
  config.mounts.push({ destination: "/sys/fs/cgroup", type: "cgroup", source: "cgroup", options: ["rw"] });
};

scenario("a container that may manage its cgroup owns it", [root, buncOnly, cgroupV2], async (box) => {
  const id = await box.create(box.probe(["sleep"], managed));
  const [directory = ""] = cgroupsOf(id);
  for (const file of ["", "/cgroup.procs", "/cgroup.subtree_control"]) {
    expect([file, statSync(`${directory}${file}`).uid]).toEqual([file, 1000]);
  }
  // The container may not change its own limits.
  for (const file of ["memory.max", "pids.max"].filter((name) => existsSync(`${directory}/${name}`))) {
    expect([file, statSync(`${directory}/${file}`).uid]).toEqual([file, 0]);
  }
});

scenario("pause and resume, time after time, leave nothing frozen", [root, buncOnly], async (box) => {
  const id = await box.started(box.probe(["fork:10", "sleep"]));
  for (let round = 0; round < 25; round += 1) {
    await box.must(["pause", id]);
    await box.must(["resume", id]);
  }
  expect((await box.state(id)).status).toBe("running");
});

scenario(
  "containers in turn, half of them forking when they are deleted, leave no cgroup",
  [root, buncOnly],
  async (box) => {
    const quiet = box.probe(["sleep"]);
    const forking = box.probe(["fork:500", "sleep"]);
    for (let round = 0; round < 20; round += 1) {
      const id = await box.started(round % 2 === 0 ? quiet : forking);
      await box.must(["delete", "--force", id]);
      expect(cgroupsOf(id)).toEqual([]);
    }
  },
);
