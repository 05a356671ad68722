/** What `update` makes of the limits that a container has and those that it is to get. Pure. */

import type { ResourcesConfig } from "../../oci/resources.ts";
import { isSet } from "./setting.ts";

type BlockIo = NonNullable<ResourcesConfig["blockIO"]>;

/**
 * The resources after an update; to be written, and to be remembered for the next one.
 *
 * As runc has it: what is not mentioned stays as it is. Two things belong together and are completed from
 * what was set before: quota and period, memory and swap. Once written, pids, cpus, mems, idle, burst and
 * unified need no repetition. Device rules are never changed: other programs may have added to them.
 */
export function updatedResources(before: ResourcesConfig, change: ResourcesConfig): ResourcesConfig {
  const { devices: _, ...rest } = before;
  return {
    ...rest,
    ...pick(change, ["hugepageLimits", "rdma", "network"]),
    ...optional("pids", change.pids),
    ...optional("unified", change.unified),
    memory: updatedMemory(before.memory ?? {}, change.memory ?? {}),
    cpu: updatedCpu(before.cpu, change.cpu),
    blockIO: updatedBlockIo(before.blockIO ?? {}, change.blockIO ?? {}),
  };
}

function optional<Key extends "pids" | "unified">(key: Key, value: ResourcesConfig[Key]) {
  // A key that is there with undefined takes the place of what was before.
  return { [key]: value } as Pick<ResourcesConfig, Key>;
}

function pick<T extends object, Key extends keyof T>(from: T, keys: readonly Key[]): Partial<Pick<T, Key>> {
  return Object.fromEntries(
    keys.filter((key) => from[key] !== undefined).map((key) => [key, from[key]]),
  ) as Partial<Pick<T, Key>>;
}

type Memory = NonNullable<ResourcesConfig["memory"]>;

function updatedMemory(before: Memory, change: Memory): Memory {
  const updated = { ...before, ...change };
  // No limit on memory ends the one on swap too, which would have nothing to count from.
  if (change.limit !== undefined && BigInt(change.limit) === -1n && change.swap === undefined)
    updated.swap = 0;
  // Asked for by this update or not at all.
  updated.checkBeforeUpdate = change.checkBeforeUpdate ?? false;
  return updated;
}

type Cpu = NonNullable<ResourcesConfig["cpu"]>;

const NO_CPU: Cpu = { cpus: "", mems: "" };

function updatedCpu(before: Cpu = NO_CPU, change: Cpu = NO_CPU): Cpu {
  const { idle: _idle, burst: _burst, ...lasting } = before;
  const updated: Cpu = { ...lasting, ...change, cpus: change.cpus, mems: change.mems };
  const period = isSet(change.period);
  const quota = isSet(change.quota);
  if (period === quota) {
    // Both or none of them: none leaves the file alone.
    updated.period = change.period ?? 0;
    updated.quota = change.quota ?? 0;
  } else if (period) {
    updated.quota = before.quota ?? 0;
  } else {
    updated.period = before.period ?? 0;
  }
  // An idle cgroup takes no weight.
  if (change.idle !== undefined && change.shares === undefined) updated.shares = 0;
  return updated;
}

function updatedBlockIo(before: BlockIo, change: BlockIo): BlockIo {
  return {
    ...before,
    ...change,
    weightDevice: upsert(before.weightDevice, change.weightDevice),
    throttleReadBpsDevice: upsert(before.throttleReadBpsDevice, change.throttleReadBpsDevice),
    throttleWriteBpsDevice: upsert(before.throttleWriteBpsDevice, change.throttleWriteBpsDevice),
    throttleReadIOPSDevice: upsert(before.throttleReadIOPSDevice, change.throttleReadIOPSDevice),
    throttleWriteIOPSDevice: upsert(before.throttleWriteIOPSDevice, change.throttleWriteIOPSDevice),
  };
}

/** Entries of one device are merged; others are added. */
function upsert<T extends { major: number; minor: number }>(before: T[] = [], change: T[] = []): T[] {
  const entries = new Map<string, T>();
  for (const entry of [...before, ...change]) {
    const key = `${entry.major}:${entry.minor}`;
    entries.set(key, { ...entries.get(key), ...entry });
  }
  return [...entries.values()];
}
