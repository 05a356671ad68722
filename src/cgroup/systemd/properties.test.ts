import { describe, expect, test } from "bun:test";
import type { ResourcesConfig } from "../../oci/resources.ts";
import { devicePolicy } from "../devices.ts";
import { annotatedProperties, parseGVariant } from "./annotations.ts";
import {
  deviceProperties,
  needsVersion,
  oomPolicy,
  type Property,
  unitProperties,
  v1Properties,
  v2Properties,
} from "./properties.ts";

const cpu = (more: object) => ({ cpu: { cpus: "", mems: "", ...more } }) as ResourcesConfig;
const MAX = "18446744073709551615";

function lines(properties: readonly Property[]): string[] {
  return properties.map(({ name, signature, value }) => {
    const text = value instanceof Uint8Array ? [...value].join(",") : String(value);
    return `${name} ${signature} ${text}`;
  });
}

describe("v2", () => {
  const cases: [string, ResourcesConfig, string[]][] = [
    ["nothing", {}, []],
    ["memory", { memory: { limit: 4096, reservation: 1024 } }, ["MemoryMax t 4096", "MemoryLow t 1024"]],
    [
      "memory and swap",
      { memory: { limit: 4096, swap: 8192 } },
      ["MemoryMax t 4096", "MemorySwapMax t 4096"],
    ],
    ["no swap", { memory: { limit: 4096, swap: 4096 } }, ["MemoryMax t 4096", "MemorySwapMax t 0"]],
    ["unlimited", { memory: { limit: -1 } }, [`MemoryMax t ${MAX}`, `MemorySwapMax t ${MAX}`]],
    ["shares", cpu({ shares: 1024 }), ["CPUWeight t 100"]],
    ["idle", cpu({ idle: 1 }), ["CPUWeight t 0"]],
    ["half a CPU", cpu({ quota: 50000 }), ["CPUQuotaPerSecUSec t 500000"]],
    [
      "quota and period",
      cpu({ quota: 5000, period: 10000 }),
      ["CPUQuotaPeriodUSec t 10000", "CPUQuotaPerSecUSec t 500000"],
    ],
    [
      "rounded up to a percent",
      cpu({ quota: 5001, period: 10000 }),
      ["CPUQuotaPeriodUSec t 10000", "CPUQuotaPerSecUSec t 510000"],
    ],
    ["period alone", cpu({ period: 10000 }), ["CPUQuotaPeriodUSec t 10000", `CPUQuotaPerSecUSec t ${MAX}`]],
    ["quota off", cpu({ quota: -1 }), [`CPUQuotaPerSecUSec t ${MAX}`]],
    ["cpuset", cpu({ cpus: "0-1,8", mems: "0" }), ["AllowedCPUs ay 3,1", "AllowedMemoryNodes ay 1"]],
    ["pids", { pids: { limit: 20 } }, ["TasksMax t 20"]],
    ["pids 0", { pids: { limit: 0 } }, ["TasksMax t 1"]],
    ["pids unlimited", { pids: { limit: -1 } }, [`TasksMax t ${MAX}`]],
    [
      "unified",
      {
        unified: {
          "cpu.max": "50000 100000",
          "cpu.weight": "200",
          "cpuset.cpus": "1",
          "memory.high": " 1024 ",
          "memory.max": "max",
          "memory.swap.max": "0",
          "pids.max": "0",
          "memory.oom.group": "1",
          "io.max": "8:0 rbps=1",
        },
      },
      [
        "CPUWeight t 200",
        "CPUQuotaPeriodUSec t 100000",
        "CPUQuotaPerSecUSec t 500000",
        "AllowedCPUs ay 2",
        "MemoryHigh t 1024",
        `MemoryMax t ${MAX}`,
        "MemorySwapMax t 0",
        "TasksMax t 1",
      ],
    ],
  ];
  test.each(cases)("%s", (_name, resources, expected) => {
    expect(lines(v2Properties(resources, 255).properties)).toEqual(expected);
  });

  test("an older systemd gets what it knows", () => {
    const resources = cpu({ quota: 5000, period: 10000, idle: 1, shares: 1024, cpus: "0", mems: "0" });
    expect(lines(v2Properties(resources, 240).properties)).toEqual(["CPUQuotaPerSecUSec t 500000"]);
    const notIdle = cpu({ idle: 0, shares: 1024 });
    expect(lines(v2Properties(notIdle, 240).properties)).toEqual(["CPUWeight t 100"]);
  });

  test("a quota that is rounded is written to the file as rounded", () => {
    expect(v2Properties(cpu({ quota: 5001, period: 10000 }), 255).resources.cpu?.quota).toBe(5100);
    expect(v2Properties(cpu({ quota: 5000, period: 10000 }), 255).resources.cpu?.quota).toBe(5000);
  });

  test("idle and a weight are one property", () => {
    const weight = (resources: ResourcesConfig) => lines(v2Properties(resources, 255).properties);
    expect(weight(cpu({ idle: 1, shares: 1024 }))).toEqual(["CPUWeight t 0"]);
    expect(weight({ unified: { "cpu.idle": "1", "cpu.weight": "8" } })).toEqual(["CPUWeight t 0"]);
    expect(weight(cpu({ idle: 0, shares: 1024 }))).toEqual(["CPUWeight t 100"]);
    expect(weight({ ...cpu({ idle: 0, shares: 1024 }), unified: { "cpu.weight": "8" } })).toEqual([
      "CPUWeight t 8",
    ]);
    // Not idle any more, and no weight of its own.
    expect(weight(cpu({ idle: 0 }))).toEqual([`CPUWeight t ${MAX}`]);
  });

  test.each([
    [cpu({ cpus: "x" }), "conversion error"],
    [cpu({ cpus: "3-1" }), "conversion error"],
    [{ unified: { "a/b": "1" } }, "must be a file name (no slashes)"],
    [{ unified: { abc: "1" } }, "must be in the form CONTROLLER.PARAMETER"],
    [{ unified: { "memory.max": "1M" } }, "value conversion error"],
    [{ unified: { "cpu.max": "1 2 3" } }, "value invalid"],
  ] as [ResourcesConfig, string][])("%j is refused", (resources, message) => {
    expect(() => v2Properties(resources, 255)).toThrow(message);
  });

  test.each([
    [{}, false],
    [{ memory: { limit: 1 }, pids: { limit: 1 } }, false],
    [cpu({ shares: 5, quota: 5 }), false],
    [cpu({ period: 5 }), true],
    [cpu({ cpus: "0" }), true],
    [{ unified: { "memory.max": "1" } }, false],
    [{ unified: { "memory.oom.group": "1" } }, true],
  ] as [ResourcesConfig, boolean][])("needsVersion %#", (resources, expected) => {
    expect(needsVersion(resources)).toBe(expected);
  });
});

test("v1", () => {
  const resources: ResourcesConfig = {
    ...cpu({ shares: 512, quota: 5000 }),
    memory: { limit: 4096, swap: 8192 },
    blockIO: { weight: 100 },
    pids: { limit: -1 },
  };
  expect(lines(v1Properties(resources, 255).properties)).toEqual([
    "MemoryLimit t 4096",
    "CPUShares t 512",
    "CPUQuotaPerSecUSec t 50000",
    "BlockIOWeight t 100",
    `TasksMax t ${MAX}`,
  ]);
});

test.each([
  [undefined, 255, []],
  ["1", 255, ["OOMPolicy s kill"]],
  ["0\n", 255, ["OOMPolicy s continue"]],
  ["1", 252, []],
  ["2", 255, []],
])("memory.oom.group %j on %p", (value, version, expected) => {
  expect(
    lines(oomPolicy(value === undefined ? {} : { unified: { "memory.oom.group": value } }, version)),
  ).toEqual(expected);
});

describe("devices", () => {
  test("numbers, kinds and all", () => {
    const [reset, mode, allow] = deviceProperties(
      devicePolicy("v2", [
        { allow: true, type: "b", major: 8, minor: -1, access: "r" },
        { allow: true, type: "b", major: -1, minor: 3, access: "r" },
      ]),
      "v2",
    );
    expect(reset).toEqual({ name: "DeviceAllow", signature: "a(ss)", value: [] });
    expect(mode?.value).toBe("strict");
    expect(allow?.value).toContainEqual(["/dev/char/1:3", "rwm"]);
    expect(allow?.value).toContainEqual(["char-*", "m"]);
    expect(allow?.value).toContainEqual(["char-136", "rwm"]);
    expect(allow?.value).toContainEqual(["block-8", "r"]);
    // "*:3" has no words: the program on the cgroup knows it.
    expect(JSON.stringify(allow?.value)).not.toContain(':3","r"');
  });
  test("all allowed", () => {
    expect(lines(deviceProperties(devicePolicy("v2", [{ allow: true, access: "rwm" }]), "v2"))).toEqual([
      "DeviceAllow a(ss) ",
      "DevicePolicy s auto",
    ]);
  });
  test("all but some is said by the program alone", () => {
    const policy = devicePolicy("v2", [
      { allow: true, access: "rwm" },
      { allow: false, type: "b", major: 8, minor: 0, access: "w" },
    ]);
    // With a list of its own systemd would deny everything from the next daemon-reload on.
    expect(lines(deviceProperties(policy, "v2"))).toEqual(["DeviceAllow a(ss) ", "DevicePolicy s auto"]);
    expect(lines(deviceProperties(policy, "v1"))).toEqual(["DeviceAllow a(ss) ", "DevicePolicy s strict"]);
  });

  test("all of a class but one: the program alone knows the one", () => {
    const disks = { type: "b", major: 8, access: "rwm" } as const;
    const policy = devicePolicy("v2", [
      { ...disks, allow: true },
      { ...disks, allow: false, minor: 0 },
    ]);
    const [, mode, allow] = deviceProperties(policy, "v2");
    expect(mode?.value).toBe("strict");
    expect(allow?.value).toContainEqual(["block-8", "rwm"]);
    expect(JSON.stringify(allow?.value)).not.toContain("8:0");
  });
});

describe("unitProperties", () => {
  test("a scope", () => {
    expect(lines(unitProperties({ unit: "runc-a.scope", slice: "x.slice", name: "a" }, [7], false))).toEqual([
      "Description s libcontainer container a",
      "Slice s x.slice",
      "Delegate b true",
      "PIDs au 7",
      "MemoryAccounting b true",
      "CPUAccounting b true",
      "IOAccounting b true",
      "TasksAccounting b true",
      "DefaultDependencies b false",
    ]);
  });
  test("a slice, on v1", () => {
    expect(lines(unitProperties({ unit: "a.slice", slice: "x.slice", name: "a" }, [], true))).toEqual([
      "Description s libcontainer container a",
      "Wants as x.slice",
      "MemoryAccounting b true",
      "CPUAccounting b true",
      "BlockIOAccounting b true",
      "TasksAccounting b true",
      "DefaultDependencies b false",
    ]);
  });
});

describe("annotations", () => {
  test.each([
    ["true", "b", true],
    [" false ", "b", false],
    ["5", "i", 5],
    ["-5", "i", -5],
    ["0x10", "i", 16],
    ["1.5", "d", 1.5],
    ["uint64 18446744073709551615", "t", 18446744073709551615n],
    ["uint32 7", "u", 7],
    ["@t 7", "t", 7n],
    ["byte 255", "y", 255],
    ["double 2", "d", 2],
    ["'text'", "s", "text"],
    ['"it\'s"', "s", "it's"],
    ["'a\\'b\\n'", "s", "a'b\n"],
    ["objectpath '/a'", "o", "/a"],
    ["['a', 'b']", "as", ["a", "b"]],
    ["[uint64 1, 2]", "at", [1n, 2n]],
    ["@as []", "as", []],
    ["[[1], [2, 3]]", "aai", [[1], [2, 3]]],
  ])("%s", (text, signature, value) => {
    expect(parseGVariant(text)).toEqual({ signature, value });
  });

  test.each([
    "",
    "tru",
    "'a",
    "[1, 'a']",
    "[1 2]",
    "[1",
    "[]",
    "1 2",
    "uint64 -1",
    "byte 256",
    "uint32 1.5",
    "@u 'a'",
    "{}",
    "2147483648",
    "'a\\",
  ])("%j is refused", (text) => {
    expect(() => parseGVariant(text)).toThrow();
  });

  test("properties of the unit, seconds in microseconds", () => {
    const properties = annotatedProperties({
      "org.systemd.property.CollectMode": "'inactive-or-failed'",
      "org.systemd.property.TimeoutStopSec": "123",
      "org.systemd.property.RuntimeMaxSec": "1.5",
      "org.systemd.property.Sec": "1",
      "org.opencontainers.image.title": "x",
    });
    expect(lines(properties)).toEqual([
      "CollectMode s inactive-or-failed",
      "TimeoutStopUSec t 123000000",
      "RuntimeMaxUSec t 1500000",
      "Sec i 1",
    ]);
  });

  test.each([
    ["org.systemd.property.A", "1", "name incorrect"],
    ["org.systemd.property.Foo=Bar", "1", "name incorrect"],
    ["org.systemd.property.Foo", "bar", "annotation org.systemd.property.Foo=bar value parse error"],
    ["org.systemd.property.FooSec", "'1'", "a property in seconds must be a number"],
  ])("%s=%s is refused", (key, value, message) => {
    expect(() => annotatedProperties({ [key]: value })).toThrow(message);
  });
});
