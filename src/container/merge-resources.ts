/**
 * The resources of a container after an update. What the update does not mention stays as it is and is not
 * written again: somebody else may have changed it since (kubelet, a hook for GPUs). Pure.
 *
 * What the kernel gets and what is remembered are made here in one step, so that they cannot disagree: a
 * member that is not written ("0" for most of them) is not remembered either.
 */

import { isIdle, isWeightFile } from "../cgroup/resources/idle.ts";
import { isSet } from "../cgroup/resources/setting.ts";
import type { ResourcesConfig } from "../oci/resources.ts";
import { changeUnified, withUnifiedValues } from "./merge-unified.ts";

type Memory = NonNullable<ResourcesConfig["memory"]>;
type Cpu = NonNullable<ResourcesConfig["cpu"]>;
type BlockIo = NonNullable<ResourcesConfig["blockIO"]>;
type Network = NonNullable<ResourcesConfig["network"]>;

export interface ResourceChange {
  /** All resources of the container afterwards. */
  merged: ResourcesConfig;
  /** Those that are to be written: what is asked for, and what the kernel takes only together with it. */
  changes: ResourcesConfig;
}

interface Part<T> {
  merged: T;
  changes: T;
}

/** Neither argument is changed. Devices stay as they are: other programs may have set theirs on top (GPU hooks). */
export function mergeResources(current: ResourcesConfig, asked: ResourcesConfig): ResourceChange {
  const wanted = takenOutOfIdle(current, asked);
  const before = withUnifiedValues(current, wanted);
  const parts = defined({
    memory: part(mergeMemory, {}, before.memory, wanted.memory),
    cpu: part(mergeCpu, { cpus: "", mems: "" }, before.cpu, wanted.cpu),
    pids: part(mergePids, {}, before.pids, wanted.pids),
    blockIO: part(mergeBlockIo, {}, before.blockIO, wanted.blockIO),
    hugepageLimits: part(mergeHugePages, [], before.hugepageLimits, wanted.hugepageLimits),
    network: part(mergeNetwork, {}, before.network, wanted.network),
    rdma: part(mergeRdma, {}, before.rdma, wanted.rdma),
  });
  const merged: ResourcesConfig = Object.fromEntries(
    Object.entries(parts).map(([name, { merged }]) => [name, merged]),
  );
  const typed: ResourcesConfig = Object.fromEntries(
    Object.entries(parts).map(([name, { changes }]) => [name, changes]),
  );
  const weight = weightAfterIdle(current, wanted);
  if (weight.shares !== undefined) typed.cpu = { cpus: "", mems: "", ...typed.cpu, shares: weight.shares };
  const unified = changeUnified(before, wanted.unified, typed);
  return {
    merged: { ...current, ...merged, ...defined({ unified: unified.merged }) },
    changes: {
      ...typed,
      ...defined({
        unified: weight.files === undefined ? unified.changes : { ...weight.files, ...unified.changes },
      }),
    },
  };
}

function part<T>(
  merge: (current: T, asked: T) => Part<T>,
  empty: T,
  current: T | undefined,
  asked: T | undefined,
): Part<T> | undefined {
  return asked === undefined ? undefined : merge(current ?? empty, asked);
}

/**
 * A weight and being idle are one choice, as systemd has them in one property: giving an idle cgroup a weight
 * without mentioning idle ends idle.
 */
function takenOutOfIdle(current: ResourcesConfig, asked: ResourcesConfig): ResourcesConfig {
  if (!hasWeight(asked) || speaksOfIdle(asked) || !isIdle(current)) return asked;
  return { ...asked, cpu: { cpus: "", mems: "", ...asked.cpu, idle: 0 } };
}

/**
 * The weight to write when idle ends, because the kernel has forgotten it: the shares, or what overrides
 * them.
 */
function weightAfterIdle(
  { cpu, unified }: ResourcesConfig,
  asked: ResourcesConfig,
): { shares?: Cpu["shares"]; files?: Record<string, string> } {
  if (!speaksOfIdle(asked) || isIdle(asked) || hasWeight(asked)) return {};
  const files = Object.entries(unified ?? {}).filter(([file]) => isWeightFile(file));
  if (files.length > 0) return { files: Object.fromEntries(files) };
  return isSet(cpu?.shares) ? { shares: cpu.shares } : {};
}

function hasWeight({ cpu, unified }: ResourcesConfig): boolean {
  return isSet(cpu?.shares) || Object.keys(unified ?? {}).some(isWeightFile);
}

function speaksOfIdle({ cpu, unified }: ResourcesConfig): boolean {
  return cpu?.idle !== undefined || unified?.["cpu.idle"] !== undefined;
}

function mergeMemory(current: Memory, asked: Memory): Part<Memory> {
  // `checkBeforeUpdate` concerns one update and is not remembered.
  const { limit, swap, reservation, kernel, kernelTCP, checkBeforeUpdate: _check, ...others } = asked;
  const given: Memory = { ...others, ...set({ limit, swap, reservation, kernel, kernelTCP }) };
  const merged: Memory = { ...current, ...given };
  // Unlimited memory takes the old limit of memory and swap with it.
  if (given.swap === undefined && given.limit !== undefined && BigInt(given.limit) === -1n) merged.swap = 0;
  const changes: Memory = { ...given };
  if (given.limit !== undefined || given.swap !== undefined) {
    Object.assign(changes, defined({ limit: merged.limit, swap: merged.swap }));
  }
  return { merged, changes };
}

function mergeCpu(current: Cpu, asked: Cpu): Part<Cpu> {
  const { cpus, mems, shares, quota, period, realtimeRuntime, realtimePeriod, ...others } = asked;
  const given = { ...others, ...set({ shares, quota, period, realtimeRuntime, realtimePeriod }) };
  const merged: Cpu = { ...current, ...given, cpus: cpus || current.cpus, mems: mems || current.mems };
  const changes: Cpu = { ...given, cpus, mems };
  const together = (...names: (keyof Cpu)[]) => {
    if (!names.some((name) => name in given)) return;
    for (const name of names)
      if (merged[name] !== undefined) Object.assign(changes, { [name]: merged[name] });
  };
  together("quota", "period");
  together("realtimeRuntime", "realtimePeriod");
  return { merged, changes };
}

function mergePids(current: { limit?: Cpu["quota"] }, asked: { limit?: Cpu["quota"] }) {
  return { merged: { ...current, ...asked }, changes: asked };
}

function mergeBlockIo(current: BlockIo, asked: BlockIo): Part<BlockIo> {
  const { weight, leafWeight, weightDevice, ...throttled } = asked;
  const changes: BlockIo = {
    ...throttled,
    ...set({ weight, leafWeight }),
    ...defined({ weightDevice: weightDevice?.map(withSetWeights) }),
  };
  const merged: BlockIo = { ...current, ...changes };
  for (const list of DEVICE_LISTS) {
    const entries = upsert<Device>(sameDevice, current[list], changes[list]);
    if (entries !== undefined) Object.assign(merged, { [list]: entries });
  }
  return { merged, changes };
}

const DEVICE_LISTS = [
  "weightDevice",
  "throttleReadBpsDevice",
  "throttleWriteBpsDevice",
  "throttleReadIOPSDevice",
  "throttleWriteIOPSDevice",
] as const;

interface Device {
  major: number;
  minor: number;
}

const sameDevice = (a: Device, b: Device) => a.major === b.major && a.minor === b.minor;

function withSetWeights({ weight, leafWeight, ...device }: NonNullable<BlockIo["weightDevice"]>[number]) {
  return { ...device, ...set({ weight, leafWeight }) };
}

type HugePages = NonNullable<ResourcesConfig["hugepageLimits"]>;

function mergeHugePages(current: HugePages, asked: HugePages): Part<HugePages> {
  const merged = upsert((a, b) => a.pageSize === b.pageSize, current, asked) ?? [];
  return { merged, changes: asked };
}

function mergeNetwork(current: Network, asked: Network): Part<Network> {
  const changes: Network = { ...asked, ...set({ classID: asked.classID }) };
  const priorities = upsert((a, b) => a.name === b.name, current.priorities, asked.priorities);
  return { merged: { ...current, ...changes, ...defined({ priorities }) }, changes };
}

type Rdma = NonNullable<ResourcesConfig["rdma"]>;

function mergeRdma(current: Rdma, asked: Rdma): Part<Rdma> {
  const merged: Rdma = { ...current };
  for (const [device, limits] of Object.entries(asked)) merged[device] = { ...merged[device], ...limits };
  return { merged, changes: asked };
}

/** An entry that is there already gets the new members; of duplicates the last counts. */
function upsert<Entry extends object>(
  isSame: (a: Entry, b: Entry) => boolean,
  current: readonly Entry[] | undefined,
  asked: readonly Entry[] | undefined,
): Entry[] | undefined {
  if (current === undefined && asked === undefined) return undefined;
  const merged = [...(current ?? [])];
  for (const entry of asked ?? []) {
    const index = merged.findLastIndex((old) => isSame(old, entry));
    if (index === -1) merged.push(entry);
    else merged[index] = { ...(merged[index] as Entry), ...entry };
  }
  return merged;
}

type Given<T> = { [Key in keyof T]?: Exclude<T[Key], undefined> };

/** The members that are not undefined. */
export function defined<T extends object>(members: T): Given<T> {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as Given<T>;
}

/** Without those whose 0 means "not set". */
function set<T extends object>(members: T): Given<T> {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => isSet(value))) as Given<T>;
}
