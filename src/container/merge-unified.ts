/**
 * `unified` of a container's resources when they are updated. At creation it overrides the other members;
 * later the latest update wins, whichever way it named the limit. Pure.
 */

import { isWeightFile } from "../cgroup/resources/idle.ts";
import { isSet } from "../cgroup/resources/setting.ts";
import { v2Settings } from "../cgroup/resources/v2.ts";
import type { ResourcesConfig } from "../oci/resources.ts";

type Unified = Readonly<Record<string, string>>;

interface UnifiedChange {
  /** Undefined: there is none, before and afterwards. */
  merged: Unified | undefined;
  changes: Unified | undefined;
}

/** `typed`: the changes by the other members of the resources. */
export function changeUnified(
  current: ResourcesConfig,
  asked: Unified | undefined,
  typed: ResourcesConfig,
): UnifiedChange {
  const changes = asked === undefined ? undefined : withPeriod(asked, current);
  if (current.unified === undefined) return { merged: changes, changes };
  const merged = new Map(Object.entries(current.unified));
  for (const { file, value, alternative } of v2Settings(typed).settings) {
    take(merged, file, value);
    if (alternative !== null) take(merged, alternative.file, alternative.value);
  }
  for (const [file, value] of Object.entries(changes ?? {})) {
    const old = merged.get(file);
    if (isWeightFile(file)) takeWeight(merged);
    merged.set(file, old !== undefined && isKeyed(file) ? mergeLines(old, value) : value);
  }
  return { merged: Object.fromEntries(merged), changes };
}

/**
 * The resources with the values of `unified` that an update by the other members builds on: the period for a
 * new quota, and memory for a limit of memory and swap together.
 */
export function withUnifiedValues(current: ResourcesConfig, asked: ResourcesConfig): ResourcesConfig {
  const before = current.unified;
  if (before === undefined) return current;
  const values = { ...current };
  const max = before["cpu.max"];
  if (max !== undefined && (isSet(asked.cpu?.quota) || isSet(asked.cpu?.period))) {
    const [quota = "", period] = words(max);
    values.cpu = { cpus: "", mems: "", ...values.cpu, quota: quota === "max" ? -1 : BigInt(quota) };
    if (period !== undefined) values.cpu.period = BigInt(period);
  }
  if (isSet(asked.memory?.limit) || isSet(asked.memory?.swap)) {
    const limit = bytes(before["memory.max"]);
    const { swap, ...memory } = values.memory ?? {};
    const isOverruled = { ...before, ...asked.unified }["memory.swap.max"] !== undefined;
    values.memory = {
      ...memory,
      ...(swap === undefined || isOverruled ? {} : { swap }),
      ...(limit === undefined ? {} : { limit }),
    };
  }
  return values;
}

/** A quota alone leaves the period as it is, so the period is remembered too. */
function withPeriod(wanted: Unified, { cpu, unified }: ResourcesConfig): Unified {
  const max = wanted["cpu.max"];
  if (max === undefined || words(max).length !== 1) return wanted;
  const [, period = isSet(cpu?.period) ? String(cpu.period) : undefined] = words(unified?.["cpu.max"] ?? "");
  return period === undefined ? wanted : { ...wanted, "cpu.max": `${max.trim()} ${period}` };
}

/** Takes out what a newer value of the file replaces. */
function take(unified: Map<string, string>, file: string, value: string): void {
  if (isWeightFile(file)) {
    takeWeight(unified);
    return;
  }
  const old = unified.get(file);
  if (old === undefined) return;
  const left = isKeyed(file) ? withoutLines(old, value) : "";
  if (left === "") unified.delete(file);
  else unified.set(file, left);
}

/** Two files for one value. */
function takeWeight(unified: Map<string, string>): void {
  for (const file of [...unified.keys()].filter(isWeightFile)) unified.delete(file);
}

/** Files with a line for each device or resource, of which a write changes only what it names. */
function isKeyed(file: string): boolean {
  return /^(io\.(max|weight|bfq\.weight|latency)|(rdma|misc)\.max|dmem\.(max|min|low))$/.test(file);
}

/** "8:0 rbps=1 wbps=2" → "8:0" → "rbps" → "rbps=1" …; "8:0 500" and "500" (for "default 500") have one value, "". */
type Lines = Map<string, Map<string, string>>;

function parseLines(text: string): Lines {
  const lines: Lines = new Map();
  for (const line of text.split("\n")) {
    const [first, ...rest] = words(line);
    if (first === undefined) continue;
    const [key, values] = rest.length === 0 ? ["default", [first]] : [first, rest];
    const fields = lines.get(key) ?? new Map<string, string>();
    for (const value of values)
      fields.set(value.includes("=") ? value.slice(0, value.indexOf("=")) : "", value);
    lines.set(key, fields);
  }
  return lines;
}

function linesText(lines: Lines): string {
  return [...lines].map(([key, fields]) => [key, ...fields.values()].join(" ")).join("\n");
}

function mergeLines(old: string, newer: string): string {
  const lines = parseLines(old);
  for (const [key, fields] of parseLines(newer)) {
    lines.set(key, new Map([...(lines.get(key) ?? []), ...fields]));
  }
  return linesText(lines);
}

function withoutLines(old: string, newer: string): string {
  const lines = parseLines(old);
  for (const [key, fields] of parseLines(newer)) {
    const left = lines.get(key);
    for (const name of fields.keys()) left?.delete(name);
    if (left?.size === 0) lines.delete(key);
  }
  return linesText(lines);
}

function words(text: string): string[] {
  return text.split(/\s+/).filter((word) => word !== "");
}

/** Of memory.max, as the kernel reads it; undefined if there is none, or none that it would accept. */
function bytes(text: string | undefined): bigint | undefined {
  const value = text?.trim() ?? "";
  if (value === "max") return -1n;
  const [, digits = "", unit = ""] = /^(\d+)([KMGTPE]?)$/i.exec(value) ?? [];
  if (digits === "") return undefined;
  return BigInt(digits) << BigInt(unit === "" ? 0 : 10 * ("KMGTPE".indexOf(unit.toUpperCase()) + 1));
}
