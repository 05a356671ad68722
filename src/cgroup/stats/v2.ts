/** Statistics of cgroup v2 in the shape that v1 gave them. Pure. */

import { CPUSET_NOT_KNOWN } from "./v1.ts";
import {
  add,
  type BlockEntry,
  type ControllerStats,
  cpuStats,
  type FileTexts,
  memoryStats,
  multiply,
  omitEmpty,
  parseKeyed,
  parseUint64,
  pidsStats,
  pressure,
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
export function v2Stats(texts: FileTexts, pageSizes: readonly string[]): ControllerStats {
  return {
    cpu: cpu(texts),
    cpuset: CPUSET_NOT_KNOWN,
    memory: memory(texts),
    pids: pidsStats(texts),
    blkio: block(texts),
    hugetlb: hugetlb(texts, pageSizes),
  };
}

function cpu(texts: FileTexts): object {
  const stat = parseKeyed(texts.get("cpu.stat"));
  const nanoseconds = (key: string) => multiply(stat.get(key) ?? 0, 1000);
  const total = nanoseconds("usage_usec");
  const kernel = nanoseconds("system_usec");
  const user = nanoseconds("user_usec");
  const usage = { ...omitEmpty({ total }), kernel, user };
  return cpuStats(texts, stat, usage, nanoseconds("throttled_usec"));
}

function memory(texts: FileTexts): object {
  const psi = pressure(texts, "memory.pressure");
  const stat = texts.get("memory.stat");
  if (stat === undefined) return omitEmpty({ psi });
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
    failcnt: 0,
  };
  return omitEmpty({
    cache: raw.get("file") ?? 0,
    usage: memoryStats({ limit, usage, max: peak, failcnt: 0 }),
    swap: memoryStats(both),
    raw: raw.size === 0 ? undefined : sortedObject(raw),
    psi,
  });
}

const BLOCK_COUNTERS = new Map([
  ["rbytes", ["ioServiceBytesRecursive", "Read"]],
  ["wbytes", ["ioServiceBytesRecursive", "Write"]],
  ["rios", ["ioServicedRecursive", "Read"]],
  ["wios", ["ioServicedRecursive", "Write"]],
] as const);

function block(texts: FileTexts): object {
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
  return omitEmpty({ ...tables, psi: pressure(texts, "io.pressure") });
}

function hugetlb(texts: FileTexts, pageSizes: readonly string[]): object {
  const entries = pageSizes.flatMap((size) => {
    const current = texts.get(`hugetlb.${size}.rsvd.current`) ?? texts.get(`hugetlb.${size}.current`);
    if (current === undefined) return [];
    const failcnt = parseKeyed(texts.get(`hugetlb.${size}.events`)).get("max") ?? 0;
    return [[size, { ...omitEmpty({ usage: parseUint64(current) }), failcnt }] as const];
  });
  return sortedObject(entries);
}
