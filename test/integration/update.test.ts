/** `update`: limits of an existing container, from flags and from JSON, read back from the kernel. */
import { expect } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { cgroupFile, controller } from "../harness/cgroup-file.ts";
import { cgroupsOf } from "../harness/leaks.ts";
import { buncOnly, cgroupV1, cgroupV2, notIn, type Requirement, root } from "../harness/requirements.ts";
import type { Sandbox } from "../harness/sandbox.ts";
import { scenario } from "../harness/scenario.ts";

const limited = (box: Sandbox) =>
  box.create(
    box.probe(["sleep"], (config) => {
      config.linux.resources = {
        memory: { limit: 33554432, reservation: 25165824 },
        cpu: { shares: 100, quota: 500000, period: 1000000 },
        pids: { limit: 20 },
      };
    }),
  );

const v1 = cgroupV1() === null;

const restores = notIn("runc", "1.1 on v2 puts back the limits that it has just changed");
const checks = notIn("runc", "1.1 does not know checkBeforeUpdate");

interface Change {
  flags: string[];
  stdin?: string;
  files: Record<string, string>;
}

/** One after another on one container: each builds on the result of the one before. */
async function expectChanges(box: Sandbox, changes: readonly Change[]): Promise<void> {
  const id = await limited(box);
  for (const { flags, stdin, files } of changes) {
    await box.must(["update", ...flags, id], stdin === undefined ? {} : { stdin });
    const found = Object.fromEntries(Object.keys(files).map((file) => [file, cgroupFile(id, file)]));
    expect([flags, found]).toEqual([flags, files]);
  }
}

scenario("update: every flag (v1)", [root, cgroupV1], async (box) => {
  const unlimited = "9223372036854771712";
  await expectChanges(box, [
    {
      flags: ["--memory", "67108864"],
      files: { "memory.limit_in_bytes": "67108864", "memory.soft_limit_in_bytes": "25165824" },
    },
    { flags: ["--memory", "50M"], files: { "memory.limit_in_bytes": "52428800" } },
    { flags: ["--memory-reservation=32m"], files: { "memory.soft_limit_in_bytes": "33554432" } },
    { flags: ["--memory", "-1"], files: { "memory.limit_in_bytes": unlimited } },
    {
      flags: ["--cpu-period", "900000", "--cpu-quota", "600000"],
      files: { "cpu.cfs_period_us": "900000", "cpu.cfs_quota_us": "600000" },
    },
    {
      flags: ["--cpu-quota", "300000"],
      files: { "cpu.cfs_period_us": "900000", "cpu.cfs_quota_us": "300000" },
    },
    {
      flags: ["--cpu-period", "800000"],
      files: { "cpu.cfs_period_us": "800000", "cpu.cfs_quota_us": "300000" },
    },
    { flags: ["--cpu-quota", "-1"], files: { "cpu.cfs_period_us": "800000", "cpu.cfs_quota_us": "-1" } },
    { flags: ["--cpu-share", "200"], files: { "cpu.shares": "200" } },
    { flags: ["--pids-limit", "10"], files: { "pids.max": "10", "cpu.shares": "200" } },
    { flags: ["--pids-limit", "-1"], files: { "pids.max": "max" } },
    {
      flags: ["--cpuset-cpus", "0", "--cpuset-mems", "0"],
      files: { "cpuset.cpus": "0", "cpuset.mems": "0" },
    },
    {
      flags: ["--resources", "-"],
      stdin: JSON.stringify({
        memory: { limit: 33554432 },
        cpu: { shares: 100, quota: 500000, period: 1000000 },
        pids: { limit: 30 },
      }),
      files: {
        "memory.limit_in_bytes": "33554432",
        "cpu.shares": "100",
        "cpu.cfs_quota_us": "500000",
        "pids.max": "30",
      },
    },
  ]);
});

scenario("update: every flag (v2)", [root, cgroupV2], async (box) => {
  await expectChanges(box, [
    { flags: ["--memory", "67108864"], files: { "memory.max": "67108864", "memory.low": "25165824" } },
    {
      flags: ["--memory", "50M", "--memory-swap", "60M"],
      files: { "memory.max": "52428800", "memory.swap.max": "10485760" },
    },
    { flags: ["--memory-reservation=32m"], files: { "memory.low": "33554432" } },
    { flags: ["--memory", "-1"], files: { "memory.max": "max", "memory.swap.max": "max" } },
    { flags: ["--cpu-period", "900000", "--cpu-quota", "600000"], files: { "cpu.max": "600000 900000" } },
    { flags: ["--cpu-quota", "300000"], files: { "cpu.max": "300000 900000" } },
    { flags: ["--cpu-period", "800000"], files: { "cpu.max": "300000 800000" } },
    { flags: ["--cpu-quota", "-1"], files: { "cpu.max": "max 800000" } },
    // runc 1.1 converts other values by an older formula.
    { flags: ["--cpu-share", "262144"], files: { "cpu.weight": "10000" } },
    { flags: ["--pids-limit", "10"], files: { "pids.max": "10" } },
    { flags: ["--pids-limit", "-1"], files: { "pids.max": "max" } },
    {
      flags: ["--resources", "-"],
      stdin: JSON.stringify({ unified: { "pids.max": "30", "memory.high": "20971520" } }),
      files: { "pids.max": "30", "memory.high": "20971520" },
    },
  ]);
});

scenario(
  "update: an idle cgroup (v2)",
  [root, cgroupV2, notIn("runc", "1.1 has no --cpu-idle")],
  async (box) => {
    await expectChanges(box, [
      { flags: ["--cpu-idle", "1"], files: { "cpu.idle": "1" } },
      {
        flags: ["--cpu-idle", "0", "--cpu-share", "262144"],
        files: { "cpu.idle": "0", "cpu.weight": "10000" },
      },
    ]);
  },
);

scenario("update --resources FILE", [root], async (box) => {
  const id = await limited(box);
  const file = box.path("resources.json");
  await Bun.write(file, JSON.stringify({ pids: { limit: 12 } }));
  await box.must(["update", `--resources=${file}`, id]);
  expect(cgroupFile(id, "pids.max")).toBe("12");
});

scenario("update works on a running container, and refuses a stopped one", [root], async (box) => {
  const id = await limited(box);
  await box.must(["start", id]);
  await box.must(["update", "--pids-limit", "11", id]);
  expect(cgroupFile(id, "pids.max")).toBe("11");
  await box.must(["kill", id, "KILL"]);
  await box.waitFor(id, "stopped");
  const stopped = await box.call(["update", "--pids-limit", "12", id]);
  expect([stopped.status, stopped.stdout]).toEqual([1, ""]);
  expect(stopped.stderr).toContain("container not running");
});

scenario("update: a device that was denied stays denied", [root], async (box) => {
  const id = await limited(box);
  const before = cgroupsOf(id).find((path) => path.includes("/devices/"));
  const list = before === undefined ? undefined : readFileSync(`${before}/devices.list`, "utf8");
  await box.must(["update", "--resources", "-", id], {
    stdin: JSON.stringify({ devices: [{ allow: true, access: "rwm" }], pids: { limit: 12 } }),
  });
  if (before !== undefined) expect(readFileSync(`${before}/devices.list`, "utf8")).toBe(list as string);
});

scenario("update: a limit that the kernel refuses leaves the old ones", [root, restores], async (box) => {
  const id = await limited(box);
  const stdin = JSON.stringify({ pids: { limit: 12 }, cpu: { cpus: "4095" } });
  const refused = await box.call(["update", "--resources", "-", id], { stdin });
  expect(refused.status).toBe(1);
  expect(refused.stderr).toContain("cpuset.cpus");
  expect(cgroupFile(id, "pids.max")).toBe("20");
  await box.must(["update", "--cpu-share", "333", id]);
  expect(cgroupFile(id, "pids.max")).toBe("20");
});

scenario("update: memory below what is in use (v2)", [root, cgroupV2, checks], async (box) => {
  const id = await limited(box);
  await box.must(["start", id]);
  for (const [resources, text] of [
    [{ memory: { limit: 1024, checkBeforeUpdate: true } }, "rejecting memory limit"],
    [{ memory: { limit: 1024, swap: 1024, checkBeforeUpdate: true } }, "rejecting memory+swap limit"],
  ] as const) {
    const { status, stderr } = await box.call(["update", "--resources", "-", id], {
      stdin: JSON.stringify(resources),
    });
    expect([status, stderr.includes(text)]).toEqual([1, true]);
  }
  expect((await box.state(id)).status).toBe("running");
});

scenario(
  "update: memory below what is in use (v1)",
  [root, cgroupV1, notIn("runc", "1.1 has other words")],
  async (box) => {
    const id = await limited(box);
    await box.must(["start", id]);
    const { status, stderr } = await box.call(["update", "--memory", "4096", id]);
    expect([
      status,
      /unable to set memory limit to 4096 \(current usage: \d+, peak usage: \d+\)/.test(stderr),
    ]).toEqual([1, true]);
    expect((await box.state(id)).status).toBe("running");
  },
);

scenario("update: an error names the bad input", [root, buncOnly], async (box) => {
  const id = await limited(box);
  const cases: [flags: string[], stdin: string, text: string][] = [
    [["--resources", "-"], "", "invalid standard input"],
    [["--resources", "-"], "{", "invalid standard input"],
    [["--resources", "-"], '{"pids":{"limit":"x"},"memory":{"limit":true}}', "pids.limit"],
    [["--resources", "/nonexistent/r.json"], "", "open /nonexistent/r.json: no such file or directory"],
    [["--cpu-idle", "2"], "", "invalid value for cpu-idle"],
    [["--memory", "1x"], "", "1x"],
    [["--l3-cache-schema", "L3:0=f"], "", "Intel RDT"],
  ];
  for (const [flags, stdin, text] of cases) {
    const { status, stderr } = await box.call(["update", ...flags, id], { stdin });
    expect([flags, status, stderr.includes(text)]).toEqual([flags, 1, true]);
  }
  expect((await box.call(["update", "--pids-limit", "3", `${id}-none`])).stderr).toContain(
    "container does not exist",
  );
  expect(cgroupFile(id, "pids.max")).toBe("20");
});

scenario(
  "update: a member that JSON omits, or sets to null, keeps its value",
  [root, restores],
  async (box) => {
    const id = await limited(box);
    const documents = [
      "{}",
      '{"pids":null,"memory":null,"cpu":null,"blockIO":null,"unified":null,"hugepageLimits":null}',
      '{"memory":{},"cpu":{}}',
      '{"memory":{"limit":null,"reservation":null},"cpu":{"shares":null,"quota":null,"period":null,"idle":null}}',
    ];
    for (const stdin of documents) {
      await box.must(["update", "--resources", "-", id], { stdin });
      const found = [
        cgroupFile(id, "pids.max"),
        ...(v1
          ? [cgroupFile(id, "memory.limit_in_bytes"), cgroupFile(id, "cpu.cfs_quota_us")]
          : [cgroupFile(id, "cpu.max")]),
      ];
      expect([stdin, found]).toEqual([stdin, ["20", ...(v1 ? ["33554432", "500000"] : ["500000 1000000"])]]);
    }
  },
);

const idleFile: Requirement = () =>
  existsSync("/sys/fs/cgroup/cpu/cpu.idle") || cgroupV2() === null ? null : "the kernel has no cpu.idle";

scenario(
  "an idle cgroup has no weight: it is left out with a warning",
  [root, buncOnly, controller("cpu"), idleFile],
  async (box) => {
    const { weight, idle, usual, least, most } = v1
      ? { weight: "cpu.shares", idle: "3", usual: "1024", least: "2", most: "262144" }
      : { weight: "cpu.weight", idle: "idle", usual: "100", least: "1", most: "10000" };
    const contradictory = box.probe(["sleep"], (config) => {
      config.linux.resources = { cpu: { shares: 262144, idle: 1 } };
    });
    const id = box.id();
    const { stderr } = await box.must(["create", "--bundle", contradictory.directory, id]);
    expect(stderr).toContain(
      "linux.resources.cpu.shares is ignored: unable to apply both cpu.shares and cpu.idle",
    );
    // Kernels show different weights for an idle cgroup.
    const shown = () => (!v1 && cgroupFile(id, "cpu.idle") === "1" ? idle : cgroupFile(id, weight));
    const found = () => [cgroupFile(id, "cpu.idle"), shown()];
    expect(found()).toEqual(["1", idle]);
    const steps: [flags: string[], files: string[], warning: boolean][] = [
      [["--cpu-period", "50000"], ["1", idle], false],
      // The previous weight is restored.
      [["--cpu-idle", "0"], ["0", most], false],
      [["--cpu-idle", "1"], ["1", idle], false],
      [["--cpu-idle", "1", "--cpu-share", "2"], ["1", idle], true],
      [["--cpu-idle", "0"], ["0", least], false],
      [["--cpu-idle", "1"], ["1", idle], false],
      // Weight and idle exclude each other.
      [["--cpu-share", "1024"], ["0", usual], false],
    ];
    for (const [flags, files, warning] of steps) {
      const { stderr: text } = await box.must(["update", ...flags, id]);
      expect([flags, found(), text.includes("unable to apply both")]).toEqual([flags, files, warning]);
    }
  },
);
