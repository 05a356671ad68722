/**
 * What `update` makes of a container's resources: those it has and those it is asked for, by runc's rules. Pure.
 *
 * Where runc keeps an old value and where it forgets one decides what is written again, so it is told field by
 * field. Fields that runc's update leaves out (hugepageLimits, rdma, network …) are taken over: a limit that
 * somebody asks for and that silently does nothing is worse than an error.
 */

import { isSet } from "../cgroup/resources/setting.ts";
import type { ResourcesConfig } from "../oci/resources.ts";

type Memory = NonNullable<ResourcesConfig["memory"]>;
type Cpu = NonNullable<ResourcesConfig["cpu"]>;
type BlockIo = NonNullable<ResourcesConfig["blockIO"]>;

/** Neither argument is changed. Devices stay as they are: other programs may have set theirs on top (GPU hooks). */
export function mergeResources(current: ResourcesConfig, asked: ResourcesConfig): ResourcesConfig {
  const { pids, unified, hugepageLimits, network, rdma } = asked;
  const { pids: _pids, unified: _unified, ...kept } = current;
  return {
    ...kept,
    memory: mergeMemory(current.memory ?? {}, asked.memory ?? {}),
    cpu: mergeCpu(current.cpu ?? { cpus: "", mems: "" }, asked.cpu ?? { cpus: "", mems: "" }),
    blockIO: mergeBlockIo(current.blockIO ?? {}, asked.blockIO ?? {}),
    // Not written again when nobody asks: what stands in their files stays.
    ...(pids === undefined ? {} : { pids }),
    ...(unified === undefined ? {} : { unified }),
    ...(hugepageLimits === undefined ? {} : { hugepageLimits }),
    ...(network === undefined ? {} : { network }),
    ...(rdma === undefined ? {} : { rdma: { ...current.rdma, ...rdma } }),
  };
}

function mergeMemory(current: Memory, asked: Memory): Memory {
  const merged: Memory = { ...current, ...asked, checkBeforeUpdate: asked.checkBeforeUpdate ?? false };
  // Unlimited memory takes the old limit of memory and swap with it.
  if (asked.swap === undefined && asked.limit !== undefined && BigInt(asked.limit) === -1n) merged.swap = 0;
  return merged;
}

function mergeCpu(current: Cpu, asked: Cpu): Cpu {
  const { burst: _burst, idle: _idle, ...kept } = current;
  const merged: Cpu = { ...kept, ...asked };
  // One of the two changes the quotient, so the other has to be known; without both nothing is written.
  const period = isSet(asked.period);
  const quota = isSet(asked.quota);
  if (period === quota) {
    merged.period = asked.period ?? 0;
    merged.quota = asked.quota ?? 0;
  } else {
    merged.period = (period ? asked.period : current.period) ?? 0;
    merged.quota = (quota ? asked.quota : current.quota) ?? 0;
  }
  // An idle cgroup has no weight: the kernel refuses to be given one.
  if (asked.idle !== undefined && asked.shares === undefined) merged.shares = 0;
  return merged;
}

function mergeBlockIo(current: BlockIo, asked: BlockIo): BlockIo {
  const merged: BlockIo = { ...current, ...asked };
  const { weightDevice, ...throttles } = DEVICE_LISTS;
  merged[weightDevice] = upsert(current[weightDevice], asked[weightDevice]);
  for (const list of Object.values(throttles)) merged[list] = upsert(current[list], asked[list]);
  return merged;
}

const DEVICE_LISTS = {
  weightDevice: "weightDevice",
  readBps: "throttleReadBpsDevice",
  writeBps: "throttleWriteBpsDevice",
  readIops: "throttleReadIOPSDevice",
  writeIops: "throttleWriteIOPSDevice",
} as const;

/** A device that is there already gets the new members; of duplicates the last counts. */
function upsert<Entry extends { major: number; minor: number }>(
  current: readonly Entry[] = [],
  asked: readonly Entry[] = [],
): Entry[] {
  const merged = [...current];
  for (const entry of asked) {
    const index = merged.findLastIndex(({ major, minor }) => major === entry.major && minor === entry.minor);
    if (index === -1) merged.push(entry);
    else merged[index] = { ...(merged[index] as Entry), ...entry };
  }
  return merged;
}
