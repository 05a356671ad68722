/** Statistics of cgroup v2 in the shape that v1 gave them. Pure. */

import type { Integer64 } from "../../oci/json-number.ts";
import { CPUSET_NOT_KNOWN } from "./v1.ts";
import {
  add,
  type BlockEntry,
  type FileTexts,
  type MemoryEntry,
  multiply,
  omitEmpty,
  orNull,
  parseKeyed,
  parseUint64,
  pressure,
  type Stats,
  type StatsFiles,
  sortedObject,
  UINT64_MAX,
} from "./values.ts";

/** The files that `v2Stats` reads. */
export function v2Files(pageSizes: readonly string[]): StatsFiles[] {
  return [
    { controller: "cpu", files: ["cpu.stat", "cpu.pressure"] },
    {
      controller: "memory",
      files: [
        "memory.stat",
        "memory.current",
        "memory.max",
        "memory.peak",
        "memory.swap.current",
        "memory.swap.max",
        "memory.pressure",
      ],
    },
    { controller: "pids", files: ["pids.current", "pids.max", "cgroup.procs", "cgroup.threads"] },
    { controller: "io", files: ["io.stat", "io.pressure"] },
    {
      controller: "hugetlb",
      files: pageSizes.flatMap((size) => [
        `hugetlb.${size}.rsvd.current`,
        `hugetlb.${size}.current`,
        `hugetlb.${size}.events`,
      ]),
    },
  ];
}

/** The texts of those files as statistics. */
export function v2Stats(texts: FileTexts, pageSizes: readonly string[], intelRdt: object): Stats {
  return {
    cpu: cpu(texts),
    cpuset: CPUSET_NOT_KNOWN,
    memory: memory(texts),
    pids: pids(texts),
    blkio: block(texts),
    hugetlb: hugetlb(texts, pageSizes),
    intel_rdt: intelRdt,
    network_interfaces: null,
  };
}

function cpu(texts: FileTexts): Stats["cpu"] {
  const stat = parseKeyed(texts.get("cpu.stat"));
  const nanoseconds = (key: string) => multiply(stat.get(key) ?? 0, 1000);
  const total = nanoseconds("usage_usec");
  const kernel = nanoseconds("system_usec");
  const user = nanoseconds("user_usec");
  const usage = { ...omitEmpty({ total }), kernel, user };
  const throttling = {
    periods: stat.get("nr_periods") ?? 0,
    throttledPeriods: stat.get("nr_throttled") ?? 0,
    throttledTime: nanoseconds("throttled_usec"),
  };
  return omitEmpty({
    usage: orNull(usage) ?? undefined,
    throttling: orNull(omitEmpty(throttling)) ?? undefined,
    psi: pressure(texts, "cpu.pressure"),
  }) as Stats["cpu"];
}

function memory(texts: FileTexts): Stats["memory"] {
  const psi = pressure(texts, "memory.pressure");
  const stat = texts.get("memory.stat");
  if (stat === undefined) return omitEmpty({ psi }) as Stats["memory"];
  const raw = parseKeyed(stat);
  const usage = parseUint64(texts.get("memory.current"));
  const limit = parseUint64(texts.get("memory.max"));
  const peak = parseUint64(texts.get("memory.peak"));
  const swapUsage = parseUint64(texts.get("memory.swap.current"));
  const swapLimit = texts.has("memory.swap.current") ? parseUint64(texts.get("memory.swap.max")) : 0;
  // v1 counts memory and swap together.
  const both = {
    limit: swapLimit === UINT64_MAX ? swapLimit : add(swapLimit, limit),
    usage: add(swapUsage, usage),
    max: 0,
  };
  return omitEmpty({
    cache: raw.get("file") ?? 0,
    usage: entry({ limit, usage, max: peak }),
    swap: entry(both),
    raw: raw.size === 0 ? undefined : sortedObject(raw),
    psi,
  }) as Stats["memory"];
}

function entry(values: { limit: Integer64; usage: Integer64; max: Integer64 }): MemoryEntry | null {
  const { limit, usage, max } = values;
  if (orNull(values) === null) return null;
  return { limit, ...omitEmpty({ usage, max }), failcnt: 0 };
}

function pids(texts: FileTexts): Stats["pids"] {
  const current = texts.get("pids.current");
  if (current !== undefined) {
    const max = parseUint64(texts.get("pids.max"));
    return omitEmpty({ current: parseUint64(current), limit: max === UINT64_MAX ? 0 : max });
  }
  // Without the controller the list itself is counted.
  const list = texts.get("cgroup.procs") ?? texts.get("cgroup.threads") ?? "";
  return omitEmpty({ current: list.split("\n").filter((line) => line !== "").length });
}

const BLOCK_COUNTERS = new Map([
  ["rbytes", ["ioServiceBytesRecursive", "Read"]],
  ["wbytes", ["ioServiceBytesRecursive", "Write"]],
  ["rios", ["ioServicedRecursive", "Read"]],
  ["wios", ["ioServicedRecursive", "Write"]],
] as const);

function block(texts: FileTexts): Stats["blkio"] {
  const tables = { ioServiceBytesRecursive: [] as BlockEntry[], ioServicedRecursive: [] as BlockEntry[] };
  for (const line of (texts.get("io.stat") ?? "").split("\n")) {
    const [device = "", ...counters] = line.split(" ");
    const match = /^(\d+):(\d+)$/.exec(device);
    if (match === null) continue;
    for (const counter of counters) {
      const [key = "", value] = counter.split("=");
      const place = BLOCK_COUNTERS.get(key as "rbytes");
      if (place === undefined) continue;
      const [table, op] = place;
      tables[table].push(
        omitEmpty({ major: Number(match[1]), minor: Number(match[2]), op, value: parseUint64(value) }),
      );
    }
  }
  return omitEmpty({ ...tables, psi: pressure(texts, "io.pressure") }) as Stats["blkio"];
}

function hugetlb(texts: FileTexts, pageSizes: readonly string[]): Stats["hugetlb"] {
  const entries = pageSizes.flatMap((size) => {
    const current = texts.get(`hugetlb.${size}.rsvd.current`) ?? texts.get(`hugetlb.${size}.current`);
    if (current === undefined) return [];
    const failcnt = parseKeyed(texts.get(`hugetlb.${size}.events`)).get("max") ?? 0;
    return [[size, { ...omitEmpty({ usage: parseUint64(current) }), failcnt }] as const];
  });
  return sortedObject(entries);
}
