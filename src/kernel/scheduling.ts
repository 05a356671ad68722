/** The words of the specification for scheduling, I/O priority, memory policy and personality, with the kernel's numbers. */

/** sched_setattr(2) */
export const SCHEDULER_POLICY = {
  SCHED_OTHER: 0,
  SCHED_FIFO: 1,
  SCHED_RR: 2,
  SCHED_BATCH: 3,
  SCHED_ISO: 4,
  SCHED_IDLE: 5,
  SCHED_DEADLINE: 6,
} as const;

export const SCHEDULER_FLAG = {
  SCHED_FLAG_RESET_ON_FORK: 0x01n,
  SCHED_FLAG_RECLAIM: 0x02n,
  SCHED_FLAG_DL_OVERRUN: 0x04n,
  SCHED_FLAG_KEEP_POLICY: 0x08n,
  SCHED_FLAG_KEEP_PARAMS: 0x10n,
  SCHED_FLAG_UTIL_CLAMP_MIN: 0x20n,
  SCHED_FLAG_UTIL_CLAMP_MAX: 0x40n,
} as const;

/** ioprio_set(2) */
export const IO_PRIORITY_CLASS = { IOPRIO_CLASS_RT: 1, IOPRIO_CLASS_BE: 2, IOPRIO_CLASS_IDLE: 3 } as const;

/** linux/mempolicy.h */
export const MEMORY_POLICY_MODE = {
  MPOL_DEFAULT: 0,
  MPOL_BIND: 2,
  MPOL_INTERLEAVE: 3,
  MPOL_WEIGHTED_INTERLEAVE: 6,
  MPOL_PREFERRED: 1,
  MPOL_PREFERRED_MANY: 5,
  MPOL_LOCAL: 4,
} as const;

export const MEMORY_POLICY_FLAG = {
  MPOL_F_NUMA_BALANCING: 1 << 13,
  MPOL_F_RELATIVE_NODES: 1 << 14,
  MPOL_F_STATIC_NODES: 1 << 15,
} as const;

/** personality(2) */
export const PERSONALITY = { LINUX: 0x0000, LINUX32: 0x0008 } as const;

/** The words of one of these tables, in its order. */
export function wordsIn<Word extends string>(table: Readonly<Record<Word, unknown>>): Word[] {
  return Object.keys(table) as Word[];
}
