/** CPU, I/O and memory placement of a process. sched_setattr(2), ioprio_set(2), personality(2), set_mempolicy(2). */

import {
  IO_PRIORITY_CLASS,
  MEMORY_POLICY_FLAG,
  MEMORY_POLICY_MODE,
  PERSONALITY,
  SCHEDULER_FLAG,
  SCHEDULER_POLICY,
} from "../kernel/scheduling.ts";
import type { IoPriority, MemoryPolicy, Scheduler } from "../native/boundary.gen.ts";
import { parseIndexList } from "../oci/index-list.ts";
import type { MemoryPolicyConfig } from "../oci/linux.ts";
import type { ProcessConfig, SchedulerConfig } from "../oci/process.ts";
import type { PlanContext } from "./context.ts";

/** Scheduling, I/O priority, personality and memory policy: what is inherited over execve. */
export function planScheduling(context: PlanContext, process: ProcessConfig): void {
  const { personality, memoryPolicy } = context.config.linux;
  if (process.scheduler !== undefined) {
    context.add("process.scheduler", { scheduler: planScheduler(process.scheduler) });
  }
  if (process.ioPriority !== undefined) {
    context.add("process.ioPriority", { io_priority: planIoPriority(process.ioPriority) });
  }
  if (personality !== undefined) {
    context.add("linux.personality", { personality: { persona: PERSONALITY[personality.domain] } });
  }
  if (memoryPolicy !== undefined) {
    context.add("linux.memoryPolicy", { memory_policy: planMemoryPolicy(memoryPolicy) });
  }
}

function planScheduler(config: SchedulerConfig): Scheduler {
  let flags = 0n;
  for (const flag of config.flags ?? []) flags |= SCHEDULER_FLAG[flag];
  return {
    policy: SCHEDULER_POLICY[config.policy],
    flags: String(flags),
    nice: config.nice ?? 0,
    priority: config.priority ?? 0,
    runtime_ns: String(config.runtime ?? 0),
    deadline_ns: String(config.deadline ?? 0),
    period_ns: String(config.period ?? 0),
  };
}

const IO_CLASS_SHIFT = 13;

function planIoPriority(config: NonNullable<ProcessConfig["ioPriority"]>): IoPriority {
  return { value: (IO_PRIORITY_CLASS[config.class] << IO_CLASS_SHIFT) | config.priority };
}

const INDEX_MAX = 65_535;

function planMemoryPolicy(config: MemoryPolicyConfig): MemoryPolicy {
  let flags = 0;
  for (const flag of config.flags) flags |= MEMORY_POLICY_FLAG[flag];
  return {
    mode: MEMORY_POLICY_MODE[config.mode],
    flags,
    nodes: parseIndexList(config.nodes, INDEX_MAX) ?? [],
  };
}

/** The words of a CPU list that has been checked; empty for an empty list. */
export function cpuMask(list: string): number[] {
  return parseIndexList(list, INDEX_MAX) ?? [];
}
