/** CPU, I/O and memory placement of a process. sched_setattr(2), ioprio_set(2), set_mempolicy(2). */

import type { IoPriority, MemoryPolicy, Scheduler } from "../native/boundary.gen.ts";
import { parseIndexList } from "../oci/index-list.ts";
import type { MemoryPolicyConfig } from "../oci/linux.ts";
import type { ProcessConfig, SchedulerConfig } from "../oci/process.ts";

const POLICY: Readonly<Record<SchedulerConfig["policy"], number>> = {
  SCHED_OTHER: 0,
  SCHED_FIFO: 1,
  SCHED_RR: 2,
  SCHED_BATCH: 3,
  SCHED_ISO: 4,
  SCHED_IDLE: 5,
  SCHED_DEADLINE: 6,
};

const SCHEDULER_FLAG: Readonly<Record<NonNullable<SchedulerConfig["flags"]>[number], bigint>> = {
  SCHED_FLAG_RESET_ON_FORK: 0x01n,
  SCHED_FLAG_RECLAIM: 0x02n,
  SCHED_FLAG_DL_OVERRUN: 0x04n,
  SCHED_FLAG_KEEP_POLICY: 0x08n,
  SCHED_FLAG_KEEP_PARAMS: 0x10n,
  SCHED_FLAG_UTIL_CLAMP_MIN: 0x20n,
  SCHED_FLAG_UTIL_CLAMP_MAX: 0x40n,
};

export function planScheduler(config: SchedulerConfig): Scheduler {
  let flags = 0n;
  for (const flag of config.flags ?? []) flags |= SCHEDULER_FLAG[flag];
  return {
    policy: POLICY[config.policy],
    flags: String(flags),
    nice: config.nice ?? 0,
    priority: config.priority ?? 0,
    runtime_ns: String(config.runtime ?? 0),
    deadline_ns: String(config.deadline ?? 0),
    period_ns: String(config.period ?? 0),
  };
}

const IO_CLASS = { IOPRIO_CLASS_RT: 1, IOPRIO_CLASS_BE: 2, IOPRIO_CLASS_IDLE: 3 } as const;
const IO_CLASS_SHIFT = 13;

export function planIoPriority(config: NonNullable<ProcessConfig["ioPriority"]>): IoPriority {
  return { value: (IO_CLASS[config.class] << IO_CLASS_SHIFT) | config.priority };
}

/** linux/mempolicy.h */
const MEMORY_MODE: Readonly<Record<MemoryPolicyConfig["mode"], number>> = {
  MPOL_DEFAULT: 0,
  MPOL_PREFERRED: 1,
  MPOL_BIND: 2,
  MPOL_INTERLEAVE: 3,
  MPOL_LOCAL: 4,
  MPOL_PREFERRED_MANY: 5,
  MPOL_WEIGHTED_INTERLEAVE: 6,
};

const MEMORY_FLAG: Readonly<Record<MemoryPolicyConfig["flags"][number], number>> = {
  MPOL_F_STATIC_NODES: 1 << 15,
  MPOL_F_RELATIVE_NODES: 1 << 14,
  MPOL_F_NUMA_BALANCING: 1 << 13,
};

const INDEX_MAX = 65_535;

export function planMemoryPolicy(config: MemoryPolicyConfig): MemoryPolicy {
  let flags = 0;
  for (const flag of config.flags) flags |= MEMORY_FLAG[flag];
  return { mode: MEMORY_MODE[config.mode], flags, nodes: parseIndexList(config.nodes, INDEX_MAX) ?? [] };
}

/** The words of a CPU list that has been checked; empty for an empty list. */
export function cpuMask(list: string): number[] {
  return parseIndexList(list, INDEX_MAX) ?? [];
}
