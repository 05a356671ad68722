import { describe, expect, test } from "bun:test";
import type { ResourcesConfig } from "../oci/resources.ts";
import { mergeResources } from "./merge-resources.ts";

type Case = [name: string, current: ResourcesConfig, asked: ResourcesConfig, expected: object];

const cpu = (members: Partial<NonNullable<ResourcesConfig["cpu"]>>) => ({ cpus: "", mems: "", ...members });

const cases: Case[] = [
  ["memory is kept", { memory: { limit: 5 } }, {}, { memory: { limit: 5 } }],
  [
    "memory changes",
    { memory: { limit: 5, swap: 9 } },
    { memory: { limit: 7 } },
    { memory: { limit: 7, swap: 9 } },
  ],
  [
    "unlimited memory forgets swap",
    { memory: { limit: 5, swap: 9 } },
    { memory: { limit: -1 } },
    { memory: { limit: -1, swap: 0 } },
  ],
  [
    "unless swap is given",
    { memory: { swap: 9 } },
    { memory: { limit: -1n, swap: -1n } },
    { memory: { limit: -1n, swap: -1n } },
  ],
  [
    "quota and period new",
    { cpu: cpu({ quota: 1, period: 2 }) },
    { cpu: cpu({ quota: 3, period: 4 }) },
    { cpu: { quota: 3, period: 4 } },
  ],
  [
    "quota new",
    { cpu: cpu({ quota: 1, period: 2 }) },
    { cpu: cpu({ quota: 3 }) },
    { cpu: { quota: 3, period: 2 } },
  ],
  [
    "period new",
    { cpu: cpu({ quota: 1, period: 2 }) },
    { cpu: cpu({ period: 4, quota: 0 }) },
    { cpu: { quota: 1, period: 4 } },
  ],
  ["quota and period are kept", { cpu: cpu({ quota: 1, period: 2 }) }, {}, { cpu: { quota: 1, period: 2 } }],
  [
    "idle keeps the weight for later",
    { cpu: cpu({ shares: 9 }) },
    { cpu: cpu({ idle: 1 }) },
    { cpu: { idle: 1, shares: 9 } },
  ],
  [
    "a weight ends idle",
    { cpu: cpu({ shares: 9, idle: 1 }) },
    { cpu: cpu({ shares: 7 }) },
    { cpu: { idle: 0, shares: 7 } },
  ],
  ["burst and idle are kept", { cpu: cpu({ burst: 1, idle: 1 }) }, {}, { cpu: { burst: 1, idle: 1 } }],
  [
    "0 is not set, and changes nothing",
    { memory: { limit: 5, swap: 6, reservation: 4 }, cpu: cpu({ shares: 9, quota: 1, period: 2 }) },
    { memory: { limit: 0, swap: 0, reservation: 0 }, cpu: cpu({ shares: 0, quota: 0, period: 0 }) },
    { memory: { limit: 5, swap: 6, reservation: 4 }, cpu: { shares: 9, quota: 1, period: 2 } },
  ],
  [
    "idle with shares",
    { cpu: cpu({ shares: 9 }) },
    { cpu: cpu({ idle: 0, shares: 7 }) },
    { cpu: { idle: 0, shares: 7 } },
  ],
  ["shares are kept", { cpu: cpu({ shares: 9 }) }, {}, { cpu: { shares: 9 } }],
  [
    "each half of a cpuset is kept",
    { cpu: { cpus: "0", mems: "0" } },
    { cpu: { cpus: "1", mems: "" } },
    { cpu: { cpus: "1", mems: "0" } },
  ],
  ["realtime is kept", { cpu: cpu({ realtimeRuntime: 5 }) }, {}, { cpu: { realtimeRuntime: 5 } }],
  ["pids changes", { pids: { limit: 3 } }, { pids: { limit: 0 } }, { pids: { limit: 0 } }],
  [
    "block weight",
    { blockIO: { weight: 10, leafWeight: 20 } },
    { blockIO: { weight: 30 } },
    { blockIO: { weight: 30, leafWeight: 20 } },
  ],
  [
    "block devices by number, the last of duplicates",
    {
      blockIO: {
        weightDevice: [
          { major: 8, minor: 0, weight: 10 },
          { major: 8, minor: 0, weight: 20, leafWeight: 5 },
        ],
      },
    },
    {
      blockIO: {
        weightDevice: [
          { major: 8, minor: 0, weight: 30 },
          { major: 8, minor: 1, weight: 40 },
        ],
      },
    },
    {
      blockIO: {
        weightDevice: [
          { major: 8, minor: 0, weight: 10 },
          { major: 8, minor: 0, weight: 30, leafWeight: 5 },
          { major: 8, minor: 1, weight: 40 },
        ],
      },
    },
  ],
  [
    "throttled devices",
    { blockIO: { throttleReadBpsDevice: [{ major: 8, minor: 0, rate: 1 }] } },
    {
      blockIO: {
        throttleReadBpsDevice: [{ major: 8, minor: 0, rate: 2n }],
        throttleWriteIOPSDevice: [{ major: 8, minor: 0, rate: 3 }],
      },
    },
    {
      blockIO: {
        throttleReadBpsDevice: [{ major: 8, minor: 0, rate: 2n }],
        throttleWriteIOPSDevice: [{ major: 8, minor: 0, rate: 3 }],
      },
    },
  ],
  [
    "huge pages",
    { hugepageLimits: [{ pageSize: "2MB", limit: 1 }] },
    { hugepageLimits: [{ pageSize: "1GB", limit: 2 }] },
    {
      hugepageLimits: [
        { pageSize: "2MB", limit: 1 },
        { pageSize: "1GB", limit: 2 },
      ],
    },
  ],
  [
    "network, by interface",
    { network: { classID: 1, priorities: [{ name: "lo", priority: 1 }] } },
    { network: { priorities: [{ name: "eth0", priority: 2 }] } },
    {
      network: {
        classID: 1,
        priorities: [
          { name: "lo", priority: 1 },
          { name: "eth0", priority: 2 },
        ],
      },
    },
  ],
  [
    "rdma by device",
    { rdma: { a: { hcaHandles: 1, hcaObjects: 5 } } },
    { rdma: { a: { hcaHandles: 3 }, b: { hcaHandles: 2 } } },
    { rdma: { a: { hcaHandles: 3, hcaObjects: 5 }, b: { hcaHandles: 2 } } },
  ],
];

describe("merged", () => {
  test.each(cases)("%s", (_name, current, asked, expected) => {
    const before = structuredClone(current);
    const { merged } = mergeResources(current, asked);
    expect({ ...current, ...merged }).toMatchObject(expected);
    expect(current).toEqual(before);
  });
});

describe("written", () => {
  const all: ResourcesConfig = {
    memory: { limit: 5, swap: 9, reservation: 4 },
    cpu: cpu({ quota: 1, period: 2, burst: 1, shares: 9, cpus: "0" }),
    pids: { limit: 3 },
    blockIO: { weight: 10, throttleReadBpsDevice: [{ major: 8, minor: 0, rate: 1 }] },
    hugepageLimits: [{ pageSize: "2MB", limit: 1 }],
    unified: { "memory.high": "3" },
  };
  const written: [asked: ResourcesConfig, changes: object][] = [
    [{}, {}],
    [{ pids: { limit: 4 } }, { pids: { limit: 4 } }],
    [{ memory: { reservation: 3 } }, { memory: { reservation: 3 } }],
    [{ memory: { limit: 6 } }, { memory: { limit: 6, swap: 9 } }],
    [{ memory: { limit: -1 } }, { memory: { limit: -1, swap: 0 } }],
    [{ cpu: cpu({ quota: 3 }) }, { cpu: cpu({ quota: 3, period: 2 }) }],
    [{ cpu: cpu({ period: 3 }) }, { cpu: cpu({ quota: 1, period: 3 }) }],
    [{ cpu: cpu({ burst: 0 }) }, { cpu: cpu({ burst: 0 }) }],
    [{ cpu: cpu({ idle: 1 }) }, { cpu: cpu({ idle: 1 }) }],
    [{ cpu: cpu({ idle: 0 }) }, { cpu: cpu({ idle: 0, shares: 9 }) }],
    [{ cpu: { cpus: "", mems: "0" } }, { cpu: { cpus: "", mems: "0" } }],
    [
      { blockIO: { throttleReadBpsDevice: [{ major: 8, minor: 1, rate: 2 }] } },
      { blockIO: { throttleReadBpsDevice: [{ major: 8, minor: 1, rate: 2 }] } },
    ],
    [{ unified: { "pids.max": "4" } }, { unified: { "pids.max": "4" } }],
  ];
  test.each(written)("%j", (asked, expected) => {
    expect(mergeResources(all, asked).changes).toEqual(expected as ResourcesConfig);
  });
});

describe("unified", () => {
  const kept: [name: string, current: ResourcesConfig, asked: ResourcesConfig, unified: object][] = [
    ["is kept", { unified: { "pids.max": "3" } }, {}, { "pids.max": "3" }],
    [
      "by file",
      { unified: { "pids.max": "3" } },
      { unified: { "cpu.weight": "5" } },
      { "pids.max": "3", "cpu.weight": "5" },
    ],
    ["gives way to a newer limit", { unified: { "pids.max": "3" } }, { pids: { limit: 4 } }, {}],
    [
      "device by device",
      { unified: { "io.max": "8:0 rbps=1 wbps=2\n8:16 rbps=3" } },
      { unified: { "io.max": "8:0 wbps=4" } },
      { "io.max": "8:0 rbps=1 wbps=4\n8:16 rbps=3" },
    ],
    [
      "gives way device by device",
      { unified: { "io.max": "8:0 rbps=1 wbps=2\n8:16 rbps=3" } },
      {
        blockIO: {
          throttleReadBpsDevice: [
            { major: 8, minor: 0, rate: 9 },
            { major: 8, minor: 16, rate: 9 },
          ],
        },
      },
      { "io.max": "8:0 wbps=2" },
    ],
    [
      "the default weight of block devices",
      { unified: { "io.weight": "500\n8:0 100" } },
      { blockIO: { weight: 10 } },
      { "io.weight": "8:0 100" },
    ],
    [
      "a quota alone keeps the period",
      { unified: { "cpu.max": "5000 20000" } },
      { unified: { "cpu.max": "max" } },
      { "cpu.max": "max 20000" },
    ],
    [
      "of two files with one value",
      { unified: { "cpu.weight.nice": "5" } },
      { unified: { "cpu.weight": "5" } },
      { "cpu.weight": "5" },
    ],
    ["the end of idle", { unified: { "cpu.idle": "1" } }, { cpu: cpu({ idle: 0 }) }, {}],
    ["a weight ends idle", { unified: { "cpu.idle": "1" } }, { cpu: cpu({ shares: 5 }) }, {}],
  ];
  test.each(kept)("%s", (_name, current, asked, expected) => {
    expect(mergeResources(current, asked).merged.unified).toEqual(expected as Record<string, string>);
  });

  test("a new quota takes the period from it, a new swap limit the memory", () => {
    const current: ResourcesConfig = { unified: { "cpu.max": "max 20000", "memory.max": "1K" } };
    const { changes } = mergeResources(current, { cpu: cpu({ quota: 5000 }), memory: { swap: 4096 } });
    expect(changes.cpu).toMatchObject({ quota: 5000, period: 20000n });
    expect(changes.memory).toEqual({ limit: 1024n, swap: 4096 });
  });

  test("a swap limit of its own stays where memory changes", () => {
    const current: ResourcesConfig = {
      memory: { limit: 4096, swap: 8192 },
      unified: { "memory.swap.max": "0" },
    };
    const { merged, changes } = mergeResources(current, { memory: { limit: 16384 } });
    expect(changes.memory).toEqual({ limit: 16384 });
    expect(merged.memory).not.toHaveProperty("swap");
    expect(merged.unified).toEqual({ "memory.swap.max": "0" });
  });

  test("its weight comes back with the end of idle, not the shares that it overrules", () => {
    const current: ResourcesConfig = { cpu: cpu({ shares: 9, idle: 1 }), unified: { "cpu.weight": "7" } };
    const { merged, changes } = mergeResources(current, { cpu: cpu({ idle: 0 }) });
    expect(changes).toEqual({ cpu: cpu({ idle: 0 }), unified: { "cpu.weight": "7" } });
    expect(merged.unified).toEqual({ "cpu.weight": "7" });
  });
});

test("checkBeforeUpdate is not remembered", () => {
  const { merged } = mergeResources(
    { memory: { limit: 5 } },
    { memory: { limit: 6, checkBeforeUpdate: true } },
  );
  expect(merged.memory).toEqual({ limit: 6 });
});

test("devices are the container's own", () => {
  const devices = [{ allow: false, access: "rwm" }];
  const { merged, changes } = mergeResources({ devices }, { devices: [{ allow: true, access: "r" }] });
  expect([merged.devices, changes.devices]).toEqual([devices, undefined]);
});
