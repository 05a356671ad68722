/**
 * The limits that the kernel should have after updates, by the rule that an update keeps what it does not mention: a small
 * second implementation of that rule for test/integration/update-sequences.test.ts.
 */
import type { Random } from "./random.ts";

/** Undefined: never set, so the kernel's default applies. */
export interface Limits {
  memory?: number;
  swap?: number;
  reservation?: number;
  quota?: number;
  period?: number;
  burst?: number;
  shares?: number;
  idle?: number;
  pids?: number;
  cpus?: string;
  rate?: number;
}

export type LimitName = keyof Limits;

const MIB = 1 << 20;

/** Values, some of which contradict each other: a sequence contains refused updates too. */
const values: { [Name in LimitName]: readonly NonNullable<Limits[Name]>[] } = {
  memory: [-1, 0, 64 * MIB, 128 * MIB, 256 * MIB],
  swap: [0, 64 * MIB, 256 * MIB, 512 * MIB],
  reservation: [0, 16 * MIB, 32 * MIB],
  // Whole percentages of every period, because systemd counts in them.
  quota: [-1, 0, 10000, 20000, 50000],
  period: [0, 20000, 50000, 100000, 200000],
  burst: [0, 5000, 15000],
  // Values on which all conversions to a weight agree.
  shares: [0, 2, 1024, 262144],
  idle: [0, 1],
  pids: [-1, 10, 20, 30],
  cpus: ["", "0"],
  rate: [0, 1 << 20, 2 << 20],
};

export function randomUpdate(random: Random, names: readonly LimitName[]): Limits {
  const update: Record<string, number | string> = {};
  for (let count = 1 + random.below(3); count > 0; count--) {
    const name = random.pick(names);
    update[name] = random.pick<number | string>(values[name]);
  }
  return update as Limits;
}

/** The limits afterwards; null if the update contradicts itself or the present limits, and must be refused. */
export function updated(before: Limits, update: Limits, version: 1 | 2): Limits | null {
  const after: Limits = { ...before };
  const zeroIsUnset: LimitName[] = ["memory", "swap", "reservation", "quota", "period", "shares"];
  for (const [name, value] of Object.entries(update) as [LimitName, number | string][]) {
    if (value === "" || (value === 0 && zeroIsUnset.includes(name))) continue;
    Object.assign(after, { [name]: value });
  }
  if (update.memory === -1 && !update.swap) delete after.swap;
  if (update.shares && update.idle === undefined && before.idle === 1) after.idle = 0;
  const { memory, swap, quota, burst } = after;
  const speaksOfSwap = Boolean(update.memory) || Boolean(update.swap);
  if (swap !== undefined && speaksOfSwap) {
    if (memory === undefined && version === 2) return null;
    if (memory !== undefined && memory > swap) return null;
    // v1: unlimited memory exceeds every limit of memory and swap together.
    if (version === 1 && (memory === undefined || memory === -1)) return null;
  }
  const speaksOfQuota = Boolean(update.quota) || Boolean(update.period) || update.burst !== undefined;
  if (speaksOfQuota && quota !== undefined && quota > 0 && burst !== undefined && burst > quota) return null;
  return after;
}

/** File → contents, for the limits that were ever set, or whose default is the same in every kernel. */
export function filesV1(limits: Limits, device: string | undefined): Record<string, string> {
  const unlimited = "9223372036854771712";
  const bytes = (value: number | undefined) =>
    value === undefined || value === -1 ? unlimited : String(value);
  const {
    memory,
    swap,
    reservation,
    quota = -1,
    period = 100000,
    burst = 0,
    shares = 1024,
    idle = 0,
  } = limits;
  return {
    "memory.limit_in_bytes": bytes(memory),
    "memory.memsw.limit_in_bytes": bytes(swap),
    "memory.soft_limit_in_bytes": bytes(reservation),
    "cpu.cfs_quota_us": String(quota),
    "cpu.cfs_period_us": String(period),
    "cpu.cfs_burst_us": String(burst),
    "cpu.idle": String(idle),
    // The kernel's value for an idle cgroup.
    "cpu.shares": idle === 1 ? "3" : String(shares),
    "pids.max": limits.pids === undefined || limits.pids === -1 ? "max" : String(limits.pids),
    ...(limits.cpus === undefined ? {} : { "cpuset.cpus": limits.cpus }),
    ...(device === undefined
      ? {}
      : { "blkio.throttle.read_bps_device": limits.rate ? `${device} ${limits.rate}` : "" }),
  };
}

const WEIGHTS: Record<number, string> = { 2: "1", 1024: "100", 262144: "10000" };

export function filesV2(limits: Limits, device: string | undefined): Record<string, string> {
  const bytes = (value: number | undefined) => (value === undefined || value === -1 ? "max" : String(value));
  const {
    memory,
    swap,
    reservation = 0,
    quota = -1,
    period = 100000,
    burst = 0,
    shares = 1024,
    idle = 0,
  } = limits;
  const swapAlone = swap === undefined ? "max" : memory === -1 || memory === undefined ? swap : swap - memory;
  return {
    "memory.max": bytes(memory),
    "memory.swap.max": String(swapAlone),
    "memory.low": String(reservation),
    "cpu.max": `${quota > 0 ? quota : "max"} ${period}`,
    "cpu.max.burst": String(burst),
    "cpu.idle": String(idle),
    // Kernels show different weights for an idle cgroup.
    ...(idle === 1 ? {} : { "cpu.weight": WEIGHTS[shares] ?? "?" }),
    "pids.max": limits.pids === undefined || limits.pids === -1 ? "max" : String(limits.pids),
    "cpuset.cpus": limits.cpus ?? "",
    ...(device === undefined
      ? {}
      : { "io.max": limits.rate ? `${device} rbps=${limits.rate} wbps=max riops=max wiops=max` : "" }),
  };
}

export function flagsOf(update: Limits): string[] {
  const flags: { [Name in LimitName]?: string } = {
    memory: "--memory",
    swap: "--memory-swap",
    reservation: "--memory-reservation",
    quota: "--cpu-quota",
    period: "--cpu-period",
    burst: "--cpu-burst",
    shares: "--cpu-share",
    idle: "--cpu-idle",
    pids: "--pids-limit",
    cpus: "--cpuset-cpus",
  };
  return Object.entries(update).map(([name, value]) => `${flags[name as LimitName]}=${value}`);
}

/** The equivalent `linux.resources`. */
export function resourcesOf(update: Limits, device: string | undefined): Record<string, unknown> {
  const { memory, swap, reservation, quota, period, burst, shares, idle, pids, cpus, rate } = update;
  const [major, minor] = (device ?? "0:0").split(":").map(Number);
  const resources = {
    memory: { limit: memory, swap, reservation },
    cpu: { quota, period, burst, shares, idle, cpus },
    pids: { limit: pids },
    blockIO: { throttleReadBpsDevice: rate === undefined ? undefined : [{ major, minor, rate }] },
  };
  // Drops undefined members, and objects that are then empty.
  const given = Object.entries(JSON.parse(JSON.stringify(resources)) as Record<string, object>);
  return Object.fromEntries(given.filter(([, members]) => Object.keys(members).length > 0));
}
