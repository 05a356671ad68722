/**
 * `linux.resources` as properties of a systemd unit, so that systemd knows the limits and does not undo
 * them (a daemon-reload). What it has no property for is written to the cgroup alone. Pure.
 * systemd.resource-control(5); the D-Bus names are those of org.freedesktop.systemd1(5).
 */

import { RuntimeError } from "../../failure/errors.ts";
import type { Integer64 } from "../../oci/json-number.ts";
import type { ResourcesConfig } from "../../oci/resources.ts";
import { accessText, type DevicePolicy } from "../device-rule.ts";
import { memorySwapToSwapMax, pidsMax, sharesToWeight } from "../resources/convert.ts";
import { isIdle } from "../resources/idle.ts";
import { isSet } from "../resources/setting.ts";
import { parseList } from "../stats/v1.ts";
import { UINT64_MAX } from "../stats/values.ts";
import type { Value } from "./wire.ts";

/** Name and value of a unit's property. */
export interface Property {
  name: string;
  signature: string;
  value: Value;
}

/** Resources as systemd and the cgroup's files get them. */
export interface SystemdResources {
  properties: Property[];
  /**
   * The resources as they are to be written to the cgroup's files: systemd rounds a CPU quota up to whole
   * percents, and the two must not disagree.
   */
  resources: ResourcesConfig;
}

/** The systemd version that introduced each property. */
const SINCE = { cpuQuotaPeriod: 242, cpuset: 244, cpuIdle: 252, oomPolicy: 253 };

/** Whether the properties depend on systemd's version, which costs a call to ask for. */
export function needsVersion({ cpu, unified }: ResourcesConfig): boolean {
  if (isSet(cpu?.period) || cpu?.idle !== undefined || cpu?.cpus || cpu?.mems) return true;
  return Object.keys(unified ?? {}).some((file) => file.startsWith("cpu") || file === "memory.oom.group");
}

/** `version`: systemd's, 0 where it is not needed. */
export function v2Properties(resources: ResourcesConfig, version: number): SystemdResources {
  return { properties: [...v2Limits(resources, version)], resources: withWholePercents(resources) };
}

/** As `v2Properties`, for cgroup v1. */
export function v1Properties(resources: ResourcesConfig, version: number): SystemdResources {
  return { properties: [...v1Limits(resources, version)], resources: withWholePercents(resources) };
}

function* v2Limits(resources: ResourcesConfig, version: number): Generator<Property> {
  const { memory, cpu, pids, unified } = resources;
  if (isSet(memory?.limit)) yield limit("MemoryMax", memory.limit);
  if (isSet(memory?.reservation)) yield limit("MemoryLow", memory.reservation);
  const swap = memorySwapToSwapMax(memory?.swap, memory?.limit);
  if (swap !== null) yield limit("MemorySwapMax", limitValue(swap));
  yield* cpuWeight(resources, version);
  yield* cpuQuota(cpu?.quota, cpu?.period, version);
  if (pids?.limit !== undefined) yield limit("TasksMax", limitValue(pidsMax(pids.limit)));
  yield* cpuset(cpu, version);
  yield* v2Files(unified ?? {}, version);
}

function* v1Limits({ memory, cpu, blockIO, pids }: ResourcesConfig, version: number): Generator<Property> {
  if (isSet(memory?.limit)) yield limit("MemoryLimit", memory.limit);
  if (isSet(cpu?.shares)) yield uint64("CPUShares", cpu.shares);
  yield* cpuQuota(cpu?.quota, cpu?.period, version);
  if (isSet(blockIO?.weight)) yield uint64("BlockIOWeight", blockIO.weight);
  if (pids?.limit !== undefined) yield limit("TasksMax", limitValue(pidsMax(pids.limit)));
  yield* cpuset(cpu, version);
}

/** `unified` has the last word on weight and idle. */
function cpuWeight(resources: ResourcesConfig, version: number): Property[] {
  const { cpu, unified } = resources;
  const knowsIdle = version >= SINCE.cpuIdle;
  // A weight of 0 stands for idle.
  if (isIdle(resources)) return knowsIdle ? [uint64("CPUWeight", 0)] : [];
  const weight = unified?.["cpu.weight"];
  if (weight !== undefined) return [uint64("CPUWeight", unifiedNumber("cpu.weight", weight))];
  if (isSet(cpu?.shares)) return [uint64("CPUWeight", sharesToWeight(cpu.shares))];
  // No longer idle, with the default weight.
  const isAsked = cpu?.idle !== undefined || unified?.["cpu.idle"] !== undefined;
  return isAsked && knowsIdle ? [uint64("CPUWeight", UINT64_MAX)] : [];
}

function withWholePercents(resources: ResourcesConfig): ResourcesConfig {
  const { cpu } = resources;
  const quota = wholePercents(cpu?.quota, cpu?.period)?.quota;
  return cpu === undefined || quota === undefined ? resources : { ...resources, cpu: { ...cpu, quota } };
}

function text(name: string, value: string): Property {
  return { name, signature: "s", value };
}

function uint64(name: string, value: Integer64): Property {
  return { name, signature: "t", value };
}

/** Negative: infinity. */
function limit(name: string, value: Integer64): Property {
  return uint64(name, BigInt(value) < 0n ? UINT64_MAX : value);
}

function limitValue(text: string): Integer64 {
  return text === "max" ? UINT64_MAX : BigInt(text);
}

const QUOTA_PERIOD_DEFAULT = 100000n;

/** Undefined: no limit. `quota`: what it is raised to in this period; undefined: it is of whole percents. */
function wholePercents(quota: Integer64 | undefined, period: Integer64 | undefined) {
  if (!isSet(quota) || BigInt(quota) < 0n) return undefined;
  const periodUs = isSet(period) ? BigInt(period) : QUOTA_PERIOD_DEFAULT;
  const exact = (BigInt(quota) * 1000000n) / periodUs;
  const percent = 10000n;
  const perSecond = exact % percent === 0n ? exact : (exact / percent + 1n) * percent;
  return { perSecond, quota: perSecond === exact ? undefined : Number((perSecond * periodUs) / 1000000n) };
}

/** CPUQuotaPerSecUSec: microseconds of CPU time for each second, in whole percents. */
function* cpuQuota(
  quota: Integer64 | undefined,
  period: Integer64 | undefined,
  version: number,
): Generator<Property> {
  if (isSet(period) && version >= SINCE.cpuQuotaPeriod) yield uint64("CPUQuotaPeriodUSec", period);
  if (!isSet(quota) && !isSet(period)) return;
  yield uint64("CPUQuotaPerSecUSec", wholePercents(quota, period)?.perSecond ?? UINT64_MAX);
}

function* cpuset(cpu: ResourcesConfig["cpu"], version: number): Generator<Property> {
  if (version < SINCE.cpuset) return;
  if (cpu?.cpus) yield bitList("AllowedCPUs", cpu.cpus, "linux.resources.cpu.cpus");
  if (cpu?.mems) yield bitList("AllowedMemoryNodes", cpu.mems, "linux.resources.cpu.mems");
}

/** "0-1,8" as a bit mask, lowest byte first. */
function bitList(name: string, text: string, subject: string): Property {
  const parts = text.split(",").map((part) => part.trim());
  const isList = parts.every((part) => part === "" || /^\d{1,5}(-\d{1,5})?$/.test(part));
  const numbers = isList ? parseList(parts.filter((part) => part !== "").join(",")) : [];
  if (numbers.length === 0) {
    const message = `${subject.replace("linux.", "")}="${text}" conversion error: not a list such as "0-3,7"`;
    throw new RuntimeError(message, { subject });
  }
  const bytes = new Uint8Array((numbers.reduce((most, number) => Math.max(most, number)) >> 3) + 1);
  for (const number of numbers) bytes[number >> 3] = (bytes[number >> 3] ?? 0) | (1 << (number & 7));
  return { name, signature: "ay", value: bytes };
}

const MEMORY_FILES: Readonly<Record<string, string>> = {
  "memory.high": "MemoryHigh",
  "memory.low": "MemoryLow",
  "memory.min": "MemoryMin",
  "memory.max": "MemoryMax",
  "memory.swap.max": "MemorySwapMax",
};

/** Files that systemd has a property for. The others are written to the cgroup alone. */
function* v2Files(unified: Readonly<Record<string, string>>, version: number): Generator<Property> {
  for (const [file, text] of Object.entries(unified)) {
    const subject = `linux.resources.unified["${file}"]`;
    if (file.includes("/")) {
      throw new RuntimeError(`unified resource "${file}" must be a file name (no slashes)`, { subject });
    }
    if (file.indexOf(".") <= 0) {
      throw new RuntimeError(`unified resource "${file}" must be in the form CONTROLLER.PARAMETER`, {
        subject,
      });
    }
    // The kernel does not mind space around a value.
    const value = text.trim();
    const number = () => unifiedNumber(file, value);
    if (file === "cpu.max") {
      const [quota = "", period = String(QUOTA_PERIOD_DEFAULT), ...more] = value.split(/\s+/);
      const quotaUs = quota === "max" ? undefined : unifiedNumber(file, quota);
      if (more.length > 0)
        throw new RuntimeError(`unified resource "${file}" value invalid: "${value}"`, { subject });
      yield* cpuQuota(quotaUs, unifiedNumber(file, period), version);
    } else if (file === "cpuset.cpus" || file === "cpuset.mems") {
      const name = file === "cpuset.cpus" ? "AllowedCPUs" : "AllowedMemoryNodes";
      if (version >= SINCE.cpuset) yield bitList(name, value, subject);
    } else if (file === "pids.max") {
      const tasks = number();
      yield uint64("TasksMax", BigInt(tasks) === 0n ? 1 : tasks);
    } else {
      const name = MEMORY_FILES[file];
      if (name !== undefined) yield uint64(name, number());
    }
  }
}

function unifiedNumber(file: string, text: string): Integer64 {
  const value = text.trim();
  if (value === "max") return UINT64_MAX;
  if (!/^\d+$/.test(value) || BigInt(value) > UINT64_MAX) {
    throw new RuntimeError(`unified resource "${file}" value conversion error: "${value}" is not a number`, {
      subject: `linux.resources.unified["${file}"]`,
    });
  }
  return BigInt(value);
}

/** memory.oom.group can only be set when the unit is made. */
export function oomPolicy({ unified }: ResourcesConfig, version: number): Property[] {
  const value = unified?.["memory.oom.group"]?.trim();
  if (version < SINCE.oomPolicy || (value !== "0" && value !== "1")) return [];
  return [text("OOMPolicy", value === "1" ? "kill" : "continue")];
}

/**
 * The device rules as systemd takes them, by number, so that a device needs no node on the host. It knows only what
 * is allowed: where something of that is denied again, and where all but something is allowed, the program on the
 * cgroup decides (v2). On v1 there is none, and such a unit would be open after a daemon-reload: it gets nothing.
 */
export function deviceProperties({ allow, rules }: DevicePolicy, version: "v1" | "v2"): Property[] {
  const list = (value: readonly Value[]): Property => ({ name: "DeviceAllow", signature: "a(ss)", value });
  const mode = (value: string) => text("DevicePolicy", value);
  // An empty list first: entries are added to those that a unit has.
  if (allow && (rules.length === 0 || version === "v2")) return [list([]), mode("auto")];
  const properties = [list([]), mode("strict")];
  if (allow) return properties;
  const entries = rules.flatMap((rule): Value[] => {
    if (!rule.allow) return [];
    const { major, minor } = rule;
    const kind = rule.type === "b" ? "block" : "char";
    const permissions = accessText(rule.access);
    // systemd cannot express one minor number for every major.
    if (major === -1) return minor === -1 ? [[`${kind}-*`, permissions]] : [];
    if (minor === -1) return [[`${kind}-${major}`, permissions]];
    return [[`/dev/${kind}/${major}:${minor}`, permissions]];
  });
  return [...properties, list(entries)];
}

/** What every container's unit has from the start. */
export function unitProperties(
  unit: { unit: string; slice: string; name: string },
  pids: readonly number[],
  v1: boolean,
): Property[] {
  const flag = (name: string, value: boolean): Property => ({ name, signature: "b", value });
  const place: Property[] = unit.unit.endsWith(".slice")
    ? [{ name: "Wants", signature: "as", value: [unit.slice] }]
    : [text("Slice", unit.slice), flag("Delegate", true)];
  return [
    text("Description", `libcontainer container ${unit.name}`),
    ...place,
    ...(pids.length === 0 ? [] : [{ name: "PIDs", signature: "au", value: [...pids] }]),
    flag("MemoryAccounting", true),
    flag("CPUAccounting", true),
    flag(v1 ? "BlockIOAccounting" : "IOAccounting", true),
    flag("TasksAccounting", true),
    flag("DefaultDependencies", false),
  ];
}
