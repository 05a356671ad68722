/** `linux.resources` as files of cgroup v2. Pure. Linux, Documentation/admin-guide/cgroup-v2.rst. */

import { RuntimeError } from "../../failure/errors.ts";
import type { Integer64 } from "../../oci/json-number.ts";
import type { ResourcesConfig } from "../../oci/resources.ts";
import { blkioToIoWeight, cpuMax, memoryLimit, memorySwapToSwapMax, sharesToWeight } from "./convert.ts";
import { ignoredWeights, isIdle, isWeightFile } from "./idle.ts";
import {
  type CgroupSetting,
  type CgroupSettings,
  EINVAL,
  ENOENT,
  type IgnoredResource,
  ignored,
  isSet,
  setting,
} from "./setting.ts";
import { hugetlb, pids, rdma, throttles } from "./shared.ts";

/**
 * Everything but devices (devices.ts), in the order in which the kernel takes it.
 * Throws RuntimeError for values that contradict each other.
 */
export function v2Settings(resources: ResourcesConfig): CgroupSettings {
  return {
    settings: [
      ...pids(resources),
      ...memory(resources),
      ...io(resources),
      ...cpu(resources),
      ...cpuset(resources),
      ...hugetlb(resources, "max"),
      ...rdma(resources),
      ...unified(resources),
    ],
    ignored: [...ignoredMemory(resources), ...ignoredWeights(resources), ...ignoredOther(resources)],
  };
}

function* memory({ memory }: ResourcesConfig): Generator<CgroupSetting> {
  if (memory === undefined) return;
  const swap = memorySwapToSwapMax(memory.swap, memory.limit);
  if (swap !== null) {
    const subject = isSet(memory.swap) ? "memory.swap" : "memory.limit";
    // A kernel without swap has no such file, and satisfies both limits anyway.
    const tolerate = swap === "max" || swap === "0" ? [ENOENT] : [];
    yield setting("memory.swap.max", swap, subject, { tolerate });
  }
  const limit = memoryLimit(memory.limit);
  if (limit !== null) yield setting("memory.max", limit, "memory.limit");
  const reservation = memoryLimit(memory.reservation);
  if (reservation !== null) yield setting("memory.low", reservation, "memory.reservation");
}

function* io({ blockIO }: ResourcesConfig): Generator<CgroupSetting> {
  if (blockIO === undefined) return;
  // BFQ's file is there when that scheduler is, and takes the weight as it is.
  if (isSet(blockIO.weight)) {
    yield setting("io.bfq.weight", blockIO.weight, "blockIO.weight", {
      alternative: { file: "io.weight", value: blkioToIoWeight(blockIO.weight) },
    });
  }
  for (const [index, { major, minor, weight }] of (blockIO.weightDevice ?? []).entries()) {
    if (!isSet(weight)) continue;
    yield setting("io.bfq.weight", `${major}:${minor} ${weight}`, `blockIO.weightDevice[${index}]`, {
      alternative: { file: "io.weight", value: `${major}:${minor} ${blkioToIoWeight(weight)}` },
    });
  }
  // 0 takes the limit away, as in v1: v2 has no device that may do nothing at all.
  yield* throttles(blockIO, ({ v2 }, device, rate) => [
    "io.max",
    `${device} ${v2}=${isSet(rate) ? rate : "max"}`,
  ]);
}

function* cpu(resources: ResourcesConfig): Generator<CgroupSetting> {
  const { cpu, unified } = resources;
  // First, because it decides whether the kernel takes a weight; with `unified` as the last word on it.
  const idle = unified?.["cpu.idle"];
  if (idle !== undefined) yield setting("cpu.idle", idle, 'unified["cpu.idle"]');
  if (cpu === undefined) return;
  if (idle === undefined && cpu.idle !== undefined) yield setting("cpu.idle", cpu.idle, "cpu.idle");
  if (isSet(cpu.shares) && !isIdle(resources)) {
    yield setting("cpu.weight", sharesToWeight(cpu.shares), "cpu.shares");
  }
  const limited = isSet(cpu.quota) || isSet(cpu.period);
  if (cpu.burst !== undefined) {
    // A burst above the current quota is refused; it is tried again once the new quota stands.
    const tolerate = isSet(cpu.quota) ? [EINVAL] : [];
    yield setting("cpu.max.burst", cpu.burst, "cpu.burst", { tolerate });
  }
  if (!limited) return;
  yield setting("cpu.max", cpuMax(cpu.quota, cpu.period), isSet(cpu.quota) ? "cpu.quota" : "cpu.period");
  if (cpu.burst !== undefined && isSet(cpu.quota)) yield setting("cpu.max.burst", cpu.burst, "cpu.burst");
}

function* cpuset({ cpu }: ResourcesConfig): Generator<CgroupSetting> {
  if (cpu === undefined) return;
  if (cpu.cpus !== "") yield setting("cpuset.cpus", cpu.cpus, "cpu.cpus");
  if (cpu.mems !== "") yield setting("cpuset.mems", cpu.mems, "cpu.mems");
}

/** Files by name, the last word: config-linux.md, "Unified". Each line of a value is written by itself. */
function* unified(resources: ResourcesConfig): Generator<CgroupSetting> {
  const withoutWeight = isIdle(resources);
  for (const [file, value] of Object.entries(resources.unified ?? {})) {
    if (file === "cpu.idle" || (withoutWeight && isWeightFile(file))) continue;
    const subject = `unified["${file}"]`;
    if (file === "" || file === "." || file === ".." || file.includes("/")) {
      throw new RuntimeError(`unified resource "${file}" must be a file name (no slashes)`, {
        subject: `linux.resources.${subject}`,
        path: file,
      });
    }
    const lines = value.includes("\n") ? value.split("\n").filter((line) => line !== "") : [value];
    for (const line of lines) yield setting(file, line, subject);
  }
}

const NO_FILE = "cgroup v2 has no such setting";

function* ignoredMemory({ memory }: ResourcesConfig): Generator<IgnoredResource> {
  if (memory?.swappiness !== undefined) yield ignored("memory.swappiness", NO_FILE);
  if (memory?.disableOOMKiller === true) yield ignored("memory.disableOOMKiller", NO_FILE);
  if (isSet(memory?.kernel)) yield ignored("memory.kernel", "kernel memory is counted with other memory");
  if (isSet(memory?.kernelTCP))
    yield ignored("memory.kernelTCP", "kernel memory is counted with other memory");
}

function* ignoredOther({ cpu, blockIO, network }: ResourcesConfig): Generator<IgnoredResource> {
  if (isSet(cpu?.realtimePeriod)) yield ignored("cpu.realtimePeriod", NO_FILE);
  if (isSet(cpu?.realtimeRuntime)) yield ignored("cpu.realtimeRuntime", NO_FILE);
  if (isSet(blockIO?.leafWeight)) yield ignored("blockIO.leafWeight", NO_FILE);
  for (const [index, { leafWeight }] of (blockIO?.weightDevice ?? []).entries()) {
    if (isSet(leafWeight)) yield ignored(`blockIO.weightDevice[${index}].leafWeight`, NO_FILE);
  }
  if (isSet(network?.classID)) yield ignored("network.classID", NO_FILE);
  if ((network?.priorities ?? []).length > 0) yield ignored("network.priorities", NO_FILE);
}

/** Whether a cgroup with these resources must be a domain: cpu weight, memory, io and hugetlb have no threaded mode. */
export function needsDomain(settings: readonly CgroupSetting[]): boolean {
  return settings.some(({ controller }) => ["memory", "io", "cpu", "hugetlb"].includes(controller));
}

/**
 * `memory.checkBeforeUpdate`: refuses limits that are already passed, instead of an OOM kill.
 * `current`: bytes, of memory.current.
 */
export function checkMemoryUsage({ memory }: ResourcesConfig, current: Integer64): void {
  const usage = BigInt(current);
  const swap = BigInt(memory?.swap ?? 0);
  const limit = BigInt(memory?.limit ?? 0);
  if (swap > 0n && swap <= usage) {
    throw new RuntimeError(`rejecting memory+swap limit ${swap} <= usage ${usage}`, {
      subject: "linux.resources.memory.swap",
    });
  }
  if (limit > 0n && limit <= usage) {
    throw new RuntimeError(`rejecting memory limit ${limit} <= usage ${usage}`, {
      subject: "linux.resources.memory.limit",
    });
  }
}
