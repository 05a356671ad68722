import { describe, expect, test } from "bun:test";
import type { ResourcesConfig } from "../../oci/resources.ts";
import { updatedResources } from "./update.ts";
import { legacySettings } from "./v1.ts";
import { unifiedSettings } from "./v2.ts";

const cpu = (more: object) => ({ cpu: { cpus: "", mems: "", ...more } }) as ResourcesConfig;

/** What is written after the update. */
const v2 = (before: ResourcesConfig, change: ResourcesConfig) =>
  unifiedSettings(updatedResources(before, change)).settings.map(({ file, value }) => `${file}=${value}`);
const v1 = (before: ResourcesConfig, change: ResourcesConfig) =>
  legacySettings(updatedResources(before, change)).settings.map(({ file, value }) => `${file}=${value}`);

describe("on v2", () => {
  const cases: [string, ResourcesConfig, ResourcesConfig, string[]][] = [
    ["nothing", {}, {}, []],
    [
      "period takes the old quota along",
      cpu({ quota: 5000, period: 10000 }),
      cpu({ period: 20000 }),
      ["cpu.max=5000 20000"],
    ],
    [
      "quota takes the old period along",
      cpu({ quota: 5000, period: 10000 }),
      cpu({ quota: 9000 }),
      ["cpu.max=9000 10000"],
    ],
    ["both are new", cpu({ quota: 5000, period: 10000 }), cpu({ quota: 1, period: 2 }), ["cpu.max=1 2"]],
    [
      "neither is written again",
      cpu({ quota: 5000, period: 10000 }),
      cpu({ shares: 1024 }),
      ["cpu.weight=100"],
    ],
    [
      "swap is counted from the old memory limit",
      { memory: { limit: 4096, swap: 8192 } },
      { memory: { swap: 16384 } },
      ["memory.swap.max=12288", "memory.max=4096"],
    ],
    [
      "no memory limit ends the one on swap",
      { memory: { limit: 4096, swap: 8192 } },
      { memory: { limit: -1 } },
      ["memory.swap.max=max", "memory.max=max"],
    ],
    [
      "what was written once is not repeated",
      { pids: { limit: 5 }, unified: { "memory.high": "1" }, ...cpu({ cpus: "0", burst: 5 }) },
      {},
      [],
    ],
    ["an idle cgroup takes no weight", cpu({ shares: 1024 }), cpu({ idle: 1 }), ["cpu.idle=1"]],
    [
      "back from idle with a weight",
      cpu({ idle: 1 }),
      cpu({ idle: 0, shares: 1024 }),
      ["cpu.idle=0", "cpu.weight=100"],
    ],
    ["pids", { pids: { limit: 5 } }, { pids: { limit: -1 } }, ["pids.max=max"]],
    [
      "devices of block I/O are told apart by number",
      {
        blockIO: {
          throttleReadBpsDevice: [
            { major: 8, minor: 0, rate: 1 },
            { major: 8, minor: 16, rate: 2 },
          ],
        },
      },
      {
        blockIO: {
          throttleReadBpsDevice: [
            { major: 8, minor: 16, rate: 3 },
            { major: 8, minor: 32, rate: 4 },
          ],
        },
      },
      ["io.max=8:0 rbps=1", "io.max=8:16 rbps=3", "io.max=8:32 rbps=4"],
    ],
    [
      "huge pages",
      {},
      { hugepageLimits: [{ pageSize: "2MB", limit: 0 }] },
      ["hugetlb.2MB.max=0", "hugetlb.2MB.rsvd.max=0"],
    ],
  ];
  test.each(cases)("%s", (_name, before, change, expected) => {
    expect(v2(before, change)).toEqual(expected);
  });

  test("swap without any memory limit is refused", () => {
    expect(() => v2({}, { memory: { swap: 4096 } })).toThrow("unable to set swap limit without memory limit");
  });
});

test("on v1: memory and swap in either order", () => {
  expect(v1({ memory: { limit: 4096, swap: 8192 } }, { memory: { limit: 16384, swap: 16384 } })).toEqual([
    "memory.limit_in_bytes=16384",
    "memory.memsw.limit_in_bytes=16384",
    "memory.limit_in_bytes=16384",
  ]);
});

test("a check before the update is asked for by that update", () => {
  const before: ResourcesConfig = { memory: { checkBeforeUpdate: true } };
  expect(updatedResources(before, {}).memory?.checkBeforeUpdate).toBe(false);
  expect(updatedResources({}, before).memory?.checkBeforeUpdate).toBe(true);
});

test("device rules are not part of it", () => {
  const devices = [{ allow: true, access: "rwm" }];
  expect(updatedResources({ devices }, { devices }).devices).toBeUndefined();
});

test("what one update has set, the next one knows", () => {
  const first = updatedResources(
    {},
    { memory: { limit: 4096, swap: 8192 }, ...cpu({ quota: 5, period: 10 }) },
  );
  const second = updatedResources(first, cpu({ period: 20 }));
  expect(unifiedSettings(second).settings.map(({ file, value }) => `${file}=${value}`)).toEqual([
    "memory.swap.max=4096",
    "memory.max=4096",
    "cpu.max=5 20",
  ]);
});
