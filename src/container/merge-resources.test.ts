import { describe, expect, test } from "bun:test";
import type { ResourcesConfig } from "../oci/resources.ts";
import { mergeResources } from "./merge-resources.ts";

type Case = [name: string, current: ResourcesConfig, asked: ResourcesConfig, expected: object];

const cpu = (members: object) => ({ cpus: "", mems: "", ...members });

const cases: Case[] = [
  ["memory is kept", { memory: { limit: 5 } }, {}, { memory: { limit: 5, checkBeforeUpdate: false } }],
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
    "checkBeforeUpdate counts once",
    { memory: { checkBeforeUpdate: true } },
    {},
    { memory: { checkBeforeUpdate: false } },
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
  ["neither: none is written", { cpu: cpu({ quota: 1, period: 2 }) }, {}, { cpu: { quota: 0, period: 0 } }],
  [
    "idle takes the weight away",
    { cpu: cpu({ shares: 9 }) },
    { cpu: cpu({ idle: 1 }) },
    { cpu: { idle: 1, shares: 0 } },
  ],
  [
    "idle with shares",
    { cpu: cpu({ shares: 9 }) },
    { cpu: cpu({ idle: 0, shares: 7 }) },
    { cpu: { idle: 0, shares: 7 } },
  ],
  ["shares are kept", { cpu: cpu({ shares: 9 }) }, {}, { cpu: { shares: 9 } }],
  [
    "cpuset is only what is asked for",
    { cpu: { cpus: "0", mems: "0" } },
    { cpu: { cpus: "1", mems: "" } },
    { cpu: { cpus: "1", mems: "" } },
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
    { hugepageLimits: [{ pageSize: "1GB", limit: 2 }] },
  ],
  [
    "rdma by device",
    { rdma: { a: { hcaHandles: 1 } } },
    { rdma: { b: { hcaHandles: 2 } } },
    { rdma: { a: { hcaHandles: 1 }, b: { hcaHandles: 2 } } },
  ],
];

describe("merged", () => {
  test.each(cases)("%s", (_name, current, asked, expected) => {
    const before = structuredClone(current);
    expect(mergeResources(current, asked)).toMatchObject(expected);
    expect(current).toEqual(before);
  });
});

test.each([
  ["pids", { pids: { limit: 3 } }],
  ["unified", { unified: { "pids.max": "3" } }],
])("%s is not written again", (member, current) => {
  expect(mergeResources(current as ResourcesConfig, {})).not.toHaveProperty(member);
});

test("burst and idle are not written again", () => {
  const merged = mergeResources({ cpu: cpu({ burst: 1, idle: 1 }) }, {});
  expect(merged.cpu).not.toHaveProperty("burst");
  expect(merged.cpu).not.toHaveProperty("idle");
});

test("devices are the container's own", () => {
  const devices = [{ allow: false, access: "rwm" }];
  expect(mergeResources({ devices }, { devices: [{ allow: true, access: "r" }] }).devices).toEqual(devices);
});
