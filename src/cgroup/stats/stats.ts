/**
 * What `events` prints about a container: the files to read, and their texts as runc's JSON, with its
 * members in its order (types/events.go of runc). Pure but for `readStats`.
 */

import type { CgroupFacts } from "../../host/cgroup.ts";
import type { native } from "../../native/call.ts";
import type { Integer64 } from "../../oci/json.ts";
import { type CgroupLocation, locationOf } from "../paths.ts";
import { legacyFiles, legacyStats } from "./v1.ts";
import { unifiedFiles, unifiedStats } from "./v2.ts";
import type { FileTexts } from "./values.ts";

export interface PressureLine {
  avg10: number;
  avg60: number;
  avg300: number;
  /** Microseconds. */
  total: Integer64;
}

/** Pressure stall information: Linux, Documentation/accounting/psi.rst. */
export interface Pressure {
  some?: PressureLine;
  full?: PressureLine;
}

export interface MemoryEntry {
  limit: Integer64;
  usage?: Integer64;
  max?: Integer64;
  failcnt: Integer64;
}

export interface BlockEntry {
  major?: number;
  minor?: number;
  op?: string;
  value?: Integer64;
}

/** `data` of a "stats" event. Members that are zero are left out where runc leaves them out. */
export interface Stats {
  cpu: { usage?: object; throttling?: object; psi?: Pressure };
  cpuset: object;
  memory: {
    cache?: Integer64;
    usage?: MemoryEntry;
    swap?: MemoryEntry;
    kernel?: MemoryEntry;
    kernelTCP?: MemoryEntry;
    raw?: Record<string, Integer64>;
    psi?: Pressure;
  };
  pids: { current?: Integer64; limit?: Integer64 };
  blkio: Record<string, BlockEntry[] | Pressure>;
  hugetlb: Record<string, { usage?: Integer64; max?: Integer64; failcnt: Integer64 }>;
  intel_rdt: object;
  network_interfaces: null;
}

/** The files of one controller. */
export interface StatsFiles {
  controller: string;
  files: readonly string[];
}

/**
 * Reads and converts. What a controller does not tell is left out.
 * `pageSizes`: of huge pages, as in file names: "2MB". `intelRdt`: the part of the resctrl group.
 */
export function readStats(
  call: typeof native,
  facts: CgroupFacts,
  locations: readonly CgroupLocation[],
  pageSizes: readonly string[],
  intelRdt: object = {},
): Stats {
  const isUnified = facts.mode === "v2";
  const wanted = (isUnified ? unifiedFiles(pageSizes) : legacyFiles(pageSizes)).flatMap(
    ({ controller, files }) => {
      const location = locationOf(locations, controller);
      return location === undefined ? [] : [{ mount: location.mount, path: location.path, files }];
    },
  );
  const replies = call("cgroup_read", { groups: wanted }).files;
  const texts = new Map<string, string>();
  for (const [index, file] of wanted.flatMap(({ files }) => files).entries()) {
    const reply = replies[index];
    if (reply !== undefined && reply.errno === 0) texts.set(file, reply.text);
  }
  return isUnified ? unifiedStats(texts, pageSizes, intelRdt) : legacyStats(texts, pageSizes, intelRdt);
}

/** Sizes of huge pages by the names of /sys/kernel/mm/hugepages: "hugepages-2048kB" → "2MB". */
export function hugePageSizes(names: readonly string[]): string[] {
  const sizes: string[] = [];
  for (const name of names) {
    const match = /^hugepages-(\d+)kB$/.exec(name);
    if (match === null) continue;
    const size = Number(match[1]);
    if (size >= 1 << 20) sizes.push(`${size >> 20}GB`);
    else if (size >= 1 << 10) sizes.push(`${size >> 10}MB`);
    else sizes.push(`${size}KB`);
  }
  return sizes;
}

/** undefined: the kernel keeps no such statistics. */
export function pressure(texts: FileTexts, file: string): Pressure | undefined {
  const text = texts.get(file);
  if (text === undefined) return undefined;
  const result: Pressure = {};
  for (const line of text.split("\n")) {
    const match = /^(some|full) avg10=([\d.]+) avg60=([\d.]+) avg300=([\d.]+) total=(\d+)/.exec(line);
    if (match === null) continue;
    const [, kind, ...numbers] = match as unknown as [string, "some" | "full", ...string[]];
    const [avg10 = 0, avg60 = 0, avg300 = 0, total = 0] = numbers.map(Number);
    if (avg10 === 0 && avg60 === 0 && avg300 === 0 && total === 0) continue;
    result[kind] = { avg10, avg60, avg300, total };
  }
  return result;
}
