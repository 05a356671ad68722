/**
 * The statistics that `events` prints, with the members and the order of runc's JSON (types/events.go), its conventions (those
 * of Go's encoding/json), and the numbers of cgroup files.
 */

import type { Integer64 } from "../../oci/json-number.ts";

/** One kind of memory, in bytes; `failcnt`: how often its limit was hit. */
export interface MemoryEntry {
  limit: Integer64;
  usage?: Integer64;
  max?: Integer64;
  failcnt: Integer64;
}

/** One counter of one block device. */
export interface BlockEntry {
  major?: number;
  minor?: number;
  op?: string;
  value?: Integer64;
}

/** What the files of cgroups tell, of `data` of a "stats" event. Members that are zero are left out where runc does. */
export type ControllerStats = Record<"cpu" | "cpuset" | "memory" | "pids" | "blkio" | "hugetlb", object>;

/** All of it. */
export interface Stats extends ControllerStats {
  intel_rdt: object;
  network_interfaces: null;
}

/** The files of one controller. */
export interface StatsFiles {
  controller: string;
  files: readonly string[];
}

export const UINT64_MAX = 18446744073709551615n;

/** The texts of files by name; a file that could not be read is not there. */
export type FileTexts = ReadonlyMap<string, string>;

/** One unsigned number; "max" is 2^64-1. Negative ones, which kernel bugs have produced, and other text: 0. */
export function parseUint64(text: string | undefined): Integer64 {
  const trimmed = (text ?? "").trim();
  if (trimmed === "max") return UINT64_MAX;
  if (!/^\d+$/.test(trimmed)) return 0;
  const value = Number(trimmed);
  return Number.isSafeInteger(value) ? value : BigInt(trimmed);
}

/** Lines of "key value" (memory.stat, cpu.stat). */
export function parseKeyed(text: string | undefined): Map<string, Integer64> {
  const values = new Map<string, Integer64>();
  for (const line of (text ?? "").split("\n")) {
    const space = line.indexOf(" ");
    if (space > 0) values.set(line.slice(0, space), parseUint64(line.slice(space + 1)));
  }
  return values;
}

/** The sum, at most 2^64-1. */
export function add(a: Integer64, b: Integer64): Integer64 {
  return normal(BigInt(a) + BigInt(b));
}

/** The product, at most 2^64-1. */
export function multiply(a: Integer64, factor: number): Integer64 {
  return normal(BigInt(a) * BigInt(factor));
}

/** Not above 2^64-1, and a plain number where that is exact. */
function normal(value: bigint): Integer64 {
  if (value > UINT64_MAX) return UINT64_MAX;
  return value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : value;
}

/** The members without those that are zero, empty or absent ("omitempty"). */
export function omitEmpty<T extends object>(members: T): Partial<T> {
  const entries = Object.entries(members).filter(([, value]) => !isEmpty(value));
  return Object.fromEntries(entries) as Partial<T>;
}

/** null where every member is zero ("omitzero"), for use inside of omitEmpty. */
export function orNull<T extends object>(members: T): T | null {
  return Object.values(members).every(isEmpty) ? null : members;
}

function isEmpty(value: unknown): boolean {
  if (value === null || value === undefined || value === 0 || value === 0n || value === "") return true;
  if (Array.isArray(value)) return value.length === 0;
  return false;
}

/** By key, in the order of bytes, as Go writes maps. */
export function sortedObject<T>(entries: Iterable<readonly [string, T]>): Record<string, T> {
  return Object.fromEntries([...entries].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)));
}

/**
 * Of a pressure file: averages in percent, totals in microseconds (Linux, Documentation/accounting/psi.rst). Undefined: the
 * kernel keeps no such statistics.
 */
export function pressure(texts: FileTexts, file: string): object | undefined {
  const text = texts.get(file);
  if (text === undefined) return undefined;
  const result: Record<string, object> = {};
  for (const line of text.split("\n")) {
    const match = /^(some|full) avg10=([\d.]+) avg60=([\d.]+) avg300=([\d.]+) total=(\d+)/.exec(line);
    if (match === null) continue;
    const [, kind, ...numbers] = match as unknown as [string, string, ...string[]];
    const [avg10 = 0, avg60 = 0, avg300 = 0, total = 0] = numbers.map(Number);
    if (avg10 === 0 && avg60 === 0 && avg300 === 0 && total === 0) continue;
    result[kind] = { avg10, avg60, avg300, total };
  }
  return result;
}

/** `stat`: of cpu.stat. `throttledTime`: in nanoseconds. */
export function cpuStats(
  texts: FileTexts,
  stat: ReadonlyMap<string, Integer64>,
  usage: object,
  throttledTime: Integer64,
): object {
  const throttling = omitEmpty({
    periods: stat.get("nr_periods") ?? 0,
    throttledPeriods: stat.get("nr_throttled") ?? 0,
    throttledTime,
  });
  const psi = pressure(texts, "cpu.pressure");
  return omitEmpty({ usage: orNull(usage), throttling: orNull(throttling), psi });
}

/** null: nothing is known of this kind of memory. */
export function memoryStats(entry: Required<MemoryEntry>): MemoryEntry | null {
  const { limit, usage, max, failcnt } = entry;
  return orNull(entry) === null ? null : { limit, ...omitEmpty({ usage, max }), failcnt };
}

/** Without the controller the list itself is counted (v2). */
export function pidsStats(texts: FileTexts): object {
  const current = texts.get("pids.current");
  if (current !== undefined) {
    const max = parseUint64(texts.get("pids.max"));
    return omitEmpty({ current: parseUint64(current), limit: max === UINT64_MAX ? 0 : max });
  }
  const list = texts.get("cgroup.procs") ?? texts.get("cgroup.threads") ?? "";
  return omitEmpty({ current: list.split("\n").filter((line) => line !== "").length });
}
