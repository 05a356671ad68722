/** Statistics of cgroup v1. Pure. */

import type { Integer64 } from "../../oci/json-number.ts";
import {
  type BlockEntry,
  type ControllerStats,
  cpuStats,
  type FileTexts,
  type MemoryEntry,
  memoryStats,
  multiply,
  omitEmpty,
  parseKeyed,
  parseUint64,
  pidsStats,
  type StatsFiles,
  sortedObject,
} from "./values.ts";

const CPUSET_NUMBERS = [
  "cpu_exclusive",
  "mem_hardwall",
  "mem_exclusive",
  "memory_migrate",
  "memory_spread_page",
  "memory_spread_slab",
  "memory_pressure",
  "sched_load_balance",
  "sched_relax_domain_level",
] as const;

/** Reported if there is no cpuset hierarchy. */
export const CPUSET_NOT_KNOWN: object = Object.fromEntries(CPUSET_NUMBERS.map((name) => [name, 0]));

const MEMORY_KINDS = ["memory", "memory.memsw", "memory.kmem", "memory.kmem.tcp"] as const;
const MEMORY_FIELDS = ["usage_in_bytes", "max_usage_in_bytes", "failcnt", "limit_in_bytes"] as const;

/** Members of the JSON and the files that may stand behind them, the most telling kind of scheduler first. */
const BLOCK_TABLES = [
  ["ioServiceBytesRecursive", "io_service_bytes"],
  ["ioServicedRecursive", "io_serviced"],
  ["ioQueueRecursive", "io_queued"],
  ["ioServiceTimeRecursive", "io_service_time"],
  ["ioWaitTimeRecursive", "io_wait_time"],
  ["ioMergedRecursive", "io_merged"],
  ["ioTimeRecursive", "time"],
  ["sectorsRecursive", "sectors"],
] as const;

function blockFiles(name: string): string[] {
  const recursive = [`blkio.bfq.${name}_recursive`, `blkio.${name}_recursive`];
  if (name !== "io_serviced" && name !== "io_service_bytes") return recursive;
  return [...recursive, `blkio.throttle.${name}_recursive`, `blkio.throttle.${name}`];
}

/** The files that `v1Stats` reads. */
export function v1Files(pageSizes: readonly string[]): StatsFiles[] {
  return [
    { controller: "cpu", files: ["cpu.stat"] },
    {
      controller: "cpuacct",
      files: ["cpuacct.stat", "cpuacct.usage", "cpuacct.usage_percpu", "cpuacct.usage_all"],
    },
    {
      controller: "cpuset",
      files: ["cpus", "mems", ...CPUSET_NUMBERS].map((name) => `cpuset.${name}`),
    },
    {
      controller: "memory",
      files: [
        "memory.stat",
        ...MEMORY_KINDS.flatMap((kind) => MEMORY_FIELDS.map((field) => `${kind}.${field}`)),
      ],
    },
    { controller: "pids", files: ["pids.current", "pids.max"] },
    { controller: "blkio", files: BLOCK_TABLES.flatMap(([, name]) => blockFiles(name)) },
    {
      controller: "hugetlb",
      files: pageSizes.flatMap((size) =>
        [`${size}.rsvd`, size].flatMap((prefix) =>
          ["usage_in_bytes", "max_usage_in_bytes", "failcnt"].map((field) => `hugetlb.${prefix}.${field}`),
        ),
      ),
    },
  ];
}

/** The texts of those files as statistics. */
export function v1Stats(texts: FileTexts, pageSizes: readonly string[]): ControllerStats {
  return {
    cpu: cpu(texts),
    cpuset: cpuset(texts),
    memory: memory(texts),
    pids: pidsStats(texts),
    blkio: block(texts),
    hugetlb: hugetlb(texts, pageSizes),
  };
}

/** USER_HZ is 100 on every Linux; cpuacct.stat counts in it. */
const NANOSECONDS_A_TICK = 10_000_000;

function cpu(texts: FileTexts): object {
  const ticks = parseKeyed(texts.get("cpuacct.stat"));
  const numbers = (text: string) =>
    text
      .split(/\s+/)
      .filter((word) => word !== "")
      .map(parseUint64);
  // "cpu user system", then a line a cpu.
  const perCpu = (texts.get("cpuacct.usage_all") ?? "").split("\n").slice(1).map(numbers);
  const column = (index: number) => perCpu.flatMap((line) => (line.length < 3 ? [] : [line[index] ?? 0]));
  const usage = {
    ...omitEmpty({
      total: parseUint64(texts.get("cpuacct.usage")),
      percpu: numbers(texts.get("cpuacct.usage_percpu") ?? ""),
      percpu_kernel: column(2),
      percpu_user: column(1),
    }),
    kernel: multiply(ticks.get("system") ?? 0, NANOSECONDS_A_TICK),
    user: multiply(ticks.get("user") ?? 0, NANOSECONDS_A_TICK),
  };
  const stat = parseKeyed(texts.get("cpu.stat"));
  return cpuStats(texts, stat, usage, stat.get("throttled_time") ?? 0);
}

function cpuset(texts: FileTexts): object {
  const [cpuExclusive, ...others] = CPUSET_NUMBERS;
  const number = (name: string) => {
    const text = (texts.get(`cpuset.${name}`) ?? "").trim();
    return /^-?\d+$/.test(text) ? Number(text) : 0;
  };
  return {
    ...omitEmpty({ cpus: parseList(texts.get("cpuset.cpus")) }),
    [cpuExclusive]: number(cpuExclusive),
    ...omitEmpty({ mems: parseList(texts.get("cpuset.mems")) }),
    ...Object.fromEntries(others.map((name) => [name, number(name)])),
  };
}

/** "0-2,7" → [0, 1, 2, 7]. cpuset(7), List format. */
export function parseList(text: string | undefined): number[] {
  const numbers: number[] = [];
  for (const part of (text ?? "").trim().split(",")) {
    const match = /^(\d+)(?:-(\d+))?$/.exec(part);
    if (match === null) continue;
    const first = Number(match[1]);
    const last = Math.min(Number(match[2] ?? first), 65535);
    for (let number = first; number <= last; number += 1) numbers.push(number);
  }
  return numbers;
}

function memory(texts: FileTexts): object {
  const stat = texts.get("memory.stat");
  if (stat === undefined) return {};
  const raw = parseKeyed(stat);
  const [usage, swap, kernel, kernelTCP] = MEMORY_KINDS.map((kind) => memoryEntry(texts, kind));
  return omitEmpty({
    cache: raw.get("cache") ?? 0,
    usage,
    swap,
    kernel,
    kernelTCP,
    raw: raw.size === 0 ? undefined : sortedObject(raw),
  });
}

function memoryEntry(texts: FileTexts, kind: string): MemoryEntry | null {
  // Swap and kernel memory are options of the kernel.
  if (!texts.has(`${kind}.usage_in_bytes`)) return null;
  const [usage = 0, max = 0, failcnt = 0, limit = 0] = MEMORY_FIELDS.map((field) =>
    parseUint64(texts.get(`${kind}.${field}`)),
  );
  return memoryStats({ limit, usage, max, failcnt });
}

function block(texts: FileTexts): object {
  const tables = BLOCK_TABLES.map(([member, name]) => {
    const found = blockFiles(name)
      .map((file) => parseBlock(texts.get(file)))
      .find((entries) => entries.length > 0);
    return [member, found ?? []] as const;
  });
  return omitEmpty(Object.fromEntries(tables));
}

/** Lines of "8:0 Read 4096" or "8:0 4096"; the sum at the end is left out. */
function parseBlock(text: string | undefined): BlockEntry[] {
  const entries: BlockEntry[] = [];
  for (const line of (text ?? "").split("\n")) {
    const match = /^(\d+):(\d+) (?:(\w+) )?(\d+)$/.exec(line);
    if (match === null) continue;
    const [, major, minor, op = "", value] = match;
    entries.push(
      omitEmpty({ major: Number(major), minor: Number(minor), op, value: parseUint64(value) as Integer64 }),
    );
  }
  return entries;
}

function hugetlb(texts: FileTexts, pageSizes: readonly string[]): object {
  const entries = pageSizes.flatMap((size) => {
    const prefix = texts.has(`hugetlb.${size}.rsvd.usage_in_bytes`)
      ? `hugetlb.${size}.rsvd`
      : `hugetlb.${size}`;
    const usage = texts.get(`${prefix}.usage_in_bytes`);
    if (usage === undefined) return [];
    const max = parseUint64(texts.get(`${prefix}.max_usage_in_bytes`));
    const failcnt = parseUint64(texts.get(`${prefix}.failcnt`));
    return [[size, { ...omitEmpty({ usage: parseUint64(usage), max }), failcnt }] as const];
  });
  return sortedObject(entries);
}
