import { describe, expect, test } from "bun:test";
import type { ResourcesConfig } from "../../oci/resources.ts";
import type { CgroupSetting } from "./setting.ts";
import { isEarly, v1Settings } from "./v1.ts";
import { checkMemoryUsage, needsDomain, v2Settings } from "./v2.ts";

const cpu = (more: object) => ({ cpu: { cpus: "", mems: "", ...more } }) as ResourcesConfig;

/** "file=value" with what is tolerated and what is written instead. */
function lines(settings: readonly CgroupSetting[]): string[] {
  return settings.map(({ file, value, tolerate, alternative }) => {
    const tolerated = tolerate.length === 0 ? "" : ` ?${tolerate.join(",")}`;
    const instead = alternative === null ? "" : ` or ${alternative.file}=${alternative.value}`;
    return `${file}=${value}${tolerated}${instead}`;
  });
}

const subjects = (settings: readonly CgroupSetting[]) => settings.map(({ subject }) => subject);

describe("v2", () => {
  const cases: [string, ResourcesConfig, string[]][] = [
    ["nothing", {}, []],
    ["pids", { pids: { limit: 10 } }, ["pids.max=10"]],
    ["pids without limit", { pids: {} }, []],
    ["pids 0", { pids: { limit: 0 } }, ["pids.max=1"]],
    ["pids -1", { pids: { limit: -1 } }, ["pids.max=max"]],
    ["memory", { memory: { limit: 4096 } }, ["memory.max=4096"]],
    ["memory, the largest", { memory: { limit: 2n ** 63n - 1n } }, ["memory.max=9223372036854775807"]],
    ["memory unlimited", { memory: { limit: -1 } }, ["memory.swap.max=max ?2", "memory.max=max"]],
    [
      "memory, swap, reservation",
      { memory: { limit: 4096, swap: 12288, reservation: 2048 } },
      ["memory.swap.max=8192", "memory.max=4096", "memory.low=2048"],
    ],
    ["no swap at all", { memory: { limit: 4096, swap: 4096 } }, ["memory.swap.max=0 ?2", "memory.max=4096"]],
    ["zeros are unset", { memory: { limit: 0, swap: 0, reservation: 0 } }, []],
    ["shares", cpu({ shares: 1024 }), ["cpu.weight=100"]],
    ["shares 0 is unset", cpu({ shares: 0 }), []],
    ["idle", cpu({ idle: 1 }), ["cpu.idle=1"]],
    ["an idle cgroup has no weight", cpu({ idle: 1, shares: 1024 }), ["cpu.idle=1"]],
    ["a weight after the end of idle", cpu({ idle: 0, shares: 1024 }), ["cpu.idle=0", "cpu.weight=100"]],
    [
      "idle by unified",
      { ...cpu({ idle: 0, shares: 1024 }), unified: { "cpu.weight": "5", "cpu.idle": "1" } },
      ["cpu.idle=1"],
    ],
    ["quota", cpu({ quota: 5000 }), ["cpu.max=5000 100000"]],
    ["period", cpu({ period: 5000 }), ["cpu.max=max 5000"]],
    ["quota off", cpu({ quota: -1 }), ["cpu.max=max 100000"]],
    [
      "quota and burst, in either order",
      cpu({ quota: 5000, period: 10000, burst: 3000 }),
      ["cpu.max.burst=3000 ?22", "cpu.max=5000 10000", "cpu.max.burst=3000"],
    ],
    ["burst alone", cpu({ burst: 0 }), ["cpu.max.burst=0"]],
    ["cpuset", cpu({ cpus: "0-1", mems: "0" }), ["cpuset.cpus=0-1", "cpuset.mems=0"]],
    ["realtime has no file", cpu({ realtimePeriod: 1000, realtimeRuntime: 500 }), []],
    [
      "io weights",
      { blockIO: { weight: 500, weightDevice: [{ major: 8, minor: 0, weight: 100 }] } },
      ["io.bfq.weight=500 or io.weight=4950", "io.bfq.weight=8:0 100 or io.weight=8:0 910"],
    ],
    [
      "io.max",
      {
        blockIO: {
          throttleReadBpsDevice: [{ major: 8, minor: 0, rate: 1000 }],
          throttleWriteBpsDevice: [{ major: 8, minor: 0, rate: 18446744073709551615n }],
          throttleReadIOPSDevice: [{ major: 8, minor: 16, rate: 10 }],
          throttleWriteIOPSDevice: [{ major: 8, minor: 16, rate: 0 }],
        },
      },
      [
        "io.max=8:0 rbps=1000",
        "io.max=8:0 wbps=18446744073709551615",
        "io.max=8:16 riops=10",
        "io.max=8:16 wiops=max",
      ],
    ],
    [
      "hugetlb",
      { hugepageLimits: [{ pageSize: "2MB", limit: 4194304 }] },
      ["hugetlb.2MB.max=4194304", "hugetlb.2MB.rsvd.max=4194304 ?2"],
    ],
    [
      "rdma",
      { rdma: { mlx5_1: { hcaHandles: 3, hcaObjects: 10000 }, mlx4_0: { hcaObjects: 5 }, none: {} } },
      ["rdma.max=mlx5_1 hca_handle=3 hca_object=10000", "rdma.max=mlx4_0 hca_object=5"],
    ],
    [
      "unified comes last, line by line",
      { unified: { "memory.high": "1M", "io.max": "8:0 rbps=1\n8:16 wbps=2\n" }, pids: { limit: 3 } },
      ["pids.max=3", "memory.high=1M", "io.max=8:0 rbps=1", "io.max=8:16 wbps=2"],
    ],
    ["misc through unified", { unified: { "misc.max": "res_a 1" } }, ["misc.max=res_a 1"]],
  ];
  test.each(cases)("%s", (_name, resources, expected) => {
    expect(lines(v2Settings(resources).settings)).toEqual(expected);
  });

  test("each setting names the config path that asked for it", () => {
    const { settings } = v2Settings({
      memory: { limit: -1 },
      blockIO: { throttleReadBpsDevice: [{ major: 8, minor: 0, rate: 1 }] },
      unified: { "memory.high": "1" },
    });
    expect(subjects(settings)).toEqual([
      "linux.resources.memory.limit",
      "linux.resources.memory.limit",
      "linux.resources.blockIO.throttleReadBpsDevice[0]",
      'linux.resources.unified["memory.high"]',
    ]);
  });

  test("what has no file is said, not dropped", () => {
    const { settings, ignored } = v2Settings({
      memory: { swappiness: 60, disableOOMKiller: true, kernel: 1, kernelTCP: 1 },
      ...cpu({ realtimePeriod: 1, realtimeRuntime: 1 }),
      blockIO: { leafWeight: 10, weightDevice: [{ major: 1, minor: 1, leafWeight: 10 }] },
      network: { classID: 1, priorities: [{ name: "eth0", priority: 1 }] },
    });
    expect(settings).toEqual([]);
    expect(ignored.map(({ subject }) => subject.replace("linux.resources.", ""))).toEqual([
      "memory.swappiness",
      "memory.disableOOMKiller",
      "memory.kernel",
      "memory.kernelTCP",
      "cpu.realtimePeriod",
      "cpu.realtimeRuntime",
      "blockIO.leafWeight",
      "blockIO.weightDevice[0].leafWeight",
      "network.classID",
      "network.priorities",
    ]);
  });

  test.each(["a/b", "../memory.max", "", ".", ".."])("unified key %j is refused", (key) => {
    expect(() => v2Settings({ unified: { [key]: "1" } })).toThrow("must be a file name (no slashes)");
  });

  test.each([
    [{ pids: { limit: 1 } } as ResourcesConfig, false],
    [cpu({ cpus: "0" }), false],
    [cpu({ shares: 2 }), true],
    [{ memory: { limit: 1 } } as ResourcesConfig, true],
    [{ unified: { "memory.max": "1" } } as ResourcesConfig, true],
  ])("needsDomain %#", (resources, expected) => {
    expect(needsDomain(v2Settings(resources).settings)).toBe(expected);
  });

  test.each([
    [{ limit: 100, checkBeforeUpdate: true }, 100, "rejecting memory limit 100 <= usage 100"],
    [{ swap: 100, checkBeforeUpdate: true }, 200n, "rejecting memory+swap limit 100 <= usage 200"],
    [{ limit: 100, checkBeforeUpdate: true }, 99, ""],
    [{ limit: -1, swap: -1, checkBeforeUpdate: true }, 200, ""],
  ])("checkMemoryUsage %#", (memory, usage, message) => {
    const check = () => checkMemoryUsage({ memory }, usage);
    if (message === "") expect(check).not.toThrow();
    else expect(check).toThrow(message);
  });
});

describe("v1", () => {
  const cases: [string, ResourcesConfig, string[]][] = [
    ["nothing", {}, []],
    ["empty unified", { unified: {} }, []],
    ["cpuset", cpu({ cpus: "0", mems: "0" }), ["cpuset.cpus=0 or cpus=0", "cpuset.mems=0 or mems=0"]],
    ["memory", { memory: { limit: 4096 } }, ["memory.limit_in_bytes=4096"]],
    [
      "memory unlimited means swap too",
      { memory: { limit: -1 } },
      ["memory.memsw.limit_in_bytes=-1 ?2", "memory.limit_in_bytes=-1"],
    ],
    [
      "memory and swap, growing or shrinking",
      { memory: { limit: 4096, swap: 8192 } },
      ["memory.limit_in_bytes=4096 ?22", "memory.memsw.limit_in_bytes=8192", "memory.limit_in_bytes=4096"],
    ],
    ["swap alone", { memory: { swap: 8192 } }, ["memory.memsw.limit_in_bytes=8192"]],
    [
      "the other memory files",
      { memory: { reservation: 1, disableOOMKiller: true, swappiness: 0 } },
      ["memory.soft_limit_in_bytes=1", "memory.oom_control=1", "memory.swappiness=0"],
    ],
    ["oom killer left on", { memory: { disableOOMKiller: false } }, []],
    ["kernel memory", { memory: { kernel: 1, kernelTCP: 1 } }, []],
    ["shares", cpu({ shares: 2 }), ["cpu.shares=2"]],
    ["period alone", cpu({ period: 1000 }), ["cpu.cfs_period_us=1000"]],
    [
      "period, burst and quota",
      cpu({ period: 1000, quota: 500, burst: 100 }),
      [
        "cpu.cfs_period_us=1000 ?22",
        "cpu.cfs_burst_us=100 ?2,22",
        "cpu.cfs_quota_us=500",
        "cpu.cfs_period_us=1000",
        "cpu.cfs_burst_us=100 ?2",
      ],
    ],
    ["quota off", cpu({ quota: -1 }), ["cpu.cfs_quota_us=-1"]],
    ["idle", cpu({ idle: 0 }), ["cpu.idle=0"]],
    [
      "realtime",
      cpu({ realtimePeriod: 1000, realtimeRuntime: 500 }),
      ["cpu.rt_period_us=1000 ?22", "cpu.rt_runtime_us=500", "cpu.rt_period_us=1000"],
    ],
    ["realtime period alone", cpu({ realtimePeriod: 1000 }), ["cpu.rt_period_us=1000"]],
    ["pids", { pids: { limit: 0 } }, ["pids.max=1"]],
    [
      "blkio",
      {
        blockIO: {
          weight: 10,
          leafWeight: 20,
          weightDevice: [{ major: 8, minor: 0, weight: 30, leafWeight: 40 }],
          throttleReadBpsDevice: [{ major: 8, minor: 0, rate: 1 }],
          throttleWriteBpsDevice: [{ major: 8, minor: 0, rate: 2 }],
          throttleReadIOPSDevice: [{ major: 8, minor: 0, rate: 3 }],
          throttleWriteIOPSDevice: [{ major: 8, minor: 0, rate: 0 }],
        },
      },
      [
        "blkio.weight=10 or blkio.bfq.weight=10",
        "blkio.leaf_weight=20",
        "blkio.weight_device=8:0 30 or blkio.bfq.weight_device=8:0 30",
        "blkio.leaf_weight_device=8:0 40",
        "blkio.throttle.read_bps_device=8:0 1",
        "blkio.throttle.write_bps_device=8:0 2",
        "blkio.throttle.read_iops_device=8:0 3",
        "blkio.throttle.write_iops_device=8:0 0",
      ],
    ],
    [
      "hugetlb",
      { hugepageLimits: [{ pageSize: "1GB", limit: 0 }] },
      ["hugetlb.1GB.limit_in_bytes=0", "hugetlb.1GB.rsvd.limit_in_bytes=0 ?2"],
    ],
    [
      "network",
      { network: { classID: 1048577, priorities: [{ name: "eth0", priority: 500 }] } },
      ["net_cls.classid=1048577", "net_prio.ifpriomap=eth0 500"],
    ],
    ["rdma", { rdma: { a: { hcaHandles: 1 } } }, ["rdma.max=a hca_handle=1"]],
  ];
  test.each(cases)("%s", (_name, resources, expected) => {
    expect(lines(v1Settings(resources).settings)).toEqual(expected);
  });

  test("realtime bandwidth must stand before the first process", () => {
    const { settings } = v1Settings(cpu({ realtimePeriod: 1, realtimeRuntime: 1, shares: 2 }));
    expect(lines(settings.filter(isEarly))).toEqual([
      "cpu.rt_period_us=1 ?22",
      "cpu.rt_runtime_us=1",
      "cpu.rt_period_us=1",
    ]);
  });

  test.each([
    ["unified", { unified: { "memory.max": "1" } }, "cannot use unified on cgroup v1"],
    ["shares 1", cpu({ shares: 1 }), "the minimum allowed cpu-shares is 2"],
    ["shares too high", cpu({ shares: 262145 }), "the maximum allowed cpu-shares is 262144"],
    [
      "swappiness 101",
      { memory: { swappiness: 101 } },
      "invalid memory swappiness value: 101 (valid range is 0-100)",
    ],
  ] as [string, ResourcesConfig, string][])("%s is refused", (_name, resources, message) => {
    expect(() => v1Settings(resources)).toThrow(message);
  });
});
