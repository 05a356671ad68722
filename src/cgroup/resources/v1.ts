/** `linux.resources` as files of cgroup v1. Pure. Linux, Documentation/admin-guide/cgroup-v1. */

import { RuntimeError } from "../../failure/errors.ts";
import type { ResourcesConfig } from "../../oci/resources.ts";
import { ignoredWeights, isIdle } from "./idle.ts";
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
 * Everything but devices (devices.ts), in the order in which the kernel takes it. Where the order depends
 * on the values of now, a refusal at the first attempt is tolerated and the value is written once more.
 * Throws RuntimeError for values that no kernel takes.
 */
export function v1Settings(resources: ResourcesConfig): CgroupSettings {
  if (resources.unified !== undefined && Object.keys(resources.unified).length > 0) {
    throw new RuntimeError("invalid configuration: cannot use unified on cgroup v1", {
      subject: "linux.resources.unified",
      hint: "use the other members of linux.resources",
    });
  }
  return {
    settings: [
      ...cpuset(resources),
      ...memory(resources),
      ...cpu(resources),
      ...pids(resources),
      ...blkio(resources),
      ...hugetlb(resources, "limit_in_bytes"),
      ...network(resources),
      ...rdma(resources),
    ],
    ignored: [...ignoredMemory(resources), ...ignoredWeights(resources)],
  };
}

/** For a cgroup that has limits already: also what takes one back. */
export function v1Changes(changes: ResourcesConfig): CgroupSettings {
  const { settings, ignored } = v1Settings(changes);
  if (changes.memory?.disableOOMKiller !== false) return { settings, ignored };
  return {
    settings: [...settings, setting("memory.oom_control", 0, "memory.disableOOMKiller")],
    ignored,
  };
}

/** Those that must stand before the first process is in the cgroup: a realtime process needs its bandwidth. */
export function isEarly({ file }: CgroupSetting): boolean {
  return file.startsWith("cpu.rt_");
}

function* cpuset({ cpu }: ResourcesConfig): Generator<CgroupSetting> {
  for (const name of ["cpus", "mems"] as const) {
    const value = cpu?.[name];
    // Mounted with "noprefix", the hierarchy's files have the short names.
    if (value) yield setting(`cpuset.${name}`, value, `cpu.${name}`, { alternative: { file: name, value } });
  }
}

function* memory({ memory }: ResourcesConfig): Generator<CgroupSetting> {
  if (memory === undefined) return;
  const limit = isSet(memory.limit) ? memory.limit : undefined;
  const swap = isSet(memory.swap) ? memory.swap : undefined;
  if (swap === undefined && limit !== undefined && BigInt(limit) === -1n) {
    // No limit on memory is meant for both, where swap is counted at all.
    yield setting("memory.memsw.limit_in_bytes", "-1", "memory.limit", { tolerate: [ENOENT] });
  }
  if (limit !== undefined) {
    // memsw must never be below memory: growing needs memsw first, shrinking memory first.
    const tolerate = swap === undefined ? [] : [EINVAL];
    yield setting("memory.limit_in_bytes", limit, "memory.limit", { tolerate });
  }
  if (swap !== undefined) {
    yield setting("memory.memsw.limit_in_bytes", swap, "memory.swap");
    if (limit !== undefined) yield setting("memory.limit_in_bytes", limit, "memory.limit");
  }
  if (isSet(memory.reservation)) {
    yield setting("memory.soft_limit_in_bytes", memory.reservation, "memory.reservation");
  }
  if (memory.disableOOMKiller === true) yield setting("memory.oom_control", 1, "memory.disableOOMKiller");
  if (memory.swappiness !== undefined) {
    if (BigInt(memory.swappiness) > 100n) {
      throw new RuntimeError(`invalid memory swappiness value: ${memory.swappiness} (valid range is 0-100)`, {
        subject: "linux.resources.memory.swappiness",
      });
    }
    yield setting("memory.swappiness", memory.swappiness, "memory.swappiness");
  }
}

const SHARES_MIN = 2n;
const SHARES_MAX = 262144n;

function* cpu(resources: ResourcesConfig): Generator<CgroupSetting> {
  const { cpu } = resources;
  if (cpu === undefined) return;
  // First, because it decides whether the kernel takes shares.
  if (cpu.idle !== undefined) yield setting("cpu.idle", cpu.idle, "cpu.idle");
  if (isSet(cpu.shares) && !isIdle(resources)) {
    // The kernel would silently take the nearest value.
    const subject = "linux.resources.cpu.shares";
    const shares = BigInt(cpu.shares);
    if (shares > SHARES_MAX) {
      throw new RuntimeError(`the maximum allowed cpu-shares is ${SHARES_MAX}`, { subject });
    }
    if (shares < SHARES_MIN) {
      throw new RuntimeError(`the minimum allowed cpu-shares is ${SHARES_MIN}`, { subject });
    }
    yield setting("cpu.shares", cpu.shares, "cpu.shares");
  }
  // Quota, period and burst are checked against each other and against the parent: each is written twice, so
  // that one attempt comes in the order that fits.
  const again = isSet(cpu.quota) ? [EINVAL] : [];
  if (isSet(cpu.period)) yield setting("cpu.cfs_period_us", cpu.period, "cpu.period", { tolerate: again });
  if (cpu.burst !== undefined) {
    yield setting("cpu.cfs_burst_us", cpu.burst, "cpu.burst", { tolerate: [ENOENT, ...again] });
  }
  if (isSet(cpu.quota)) {
    yield setting("cpu.cfs_quota_us", cpu.quota, "cpu.quota");
    if (isSet(cpu.period)) yield setting("cpu.cfs_period_us", cpu.period, "cpu.period");
    if (cpu.burst !== undefined) {
      yield setting("cpu.cfs_burst_us", cpu.burst, "cpu.burst", { tolerate: [ENOENT] });
    }
  }
  yield* realtime(cpu);
}

function* realtime(cpu: NonNullable<ResourcesConfig["cpu"]>): Generator<CgroupSetting> {
  if (isSet(cpu.realtimePeriod)) {
    const tolerate = isSet(cpu.realtimeRuntime) ? [EINVAL] : [];
    yield setting("cpu.rt_period_us", cpu.realtimePeriod, "cpu.realtimePeriod", { tolerate });
  }
  if (!isSet(cpu.realtimeRuntime)) return;
  yield setting("cpu.rt_runtime_us", cpu.realtimeRuntime, "cpu.realtimeRuntime");
  if (isSet(cpu.realtimePeriod)) yield setting("cpu.rt_period_us", cpu.realtimePeriod, "cpu.realtimePeriod");
}

function* blkio({ blockIO }: ResourcesConfig): Generator<CgroupSetting> {
  if (blockIO === undefined) return;
  if (isSet(blockIO.weight)) {
    yield setting("blkio.weight", blockIO.weight, "blockIO.weight", {
      alternative: { file: "blkio.bfq.weight", value: blockIO.weight },
    });
  }
  if (isSet(blockIO.leafWeight)) yield setting("blkio.leaf_weight", blockIO.leafWeight, "blockIO.leafWeight");
  for (const [index, { major, minor, weight, leafWeight }] of (blockIO.weightDevice ?? []).entries()) {
    const subject = `blockIO.weightDevice[${index}]`;
    if (isSet(weight)) {
      const value = `${major}:${minor} ${weight}`;
      yield setting("blkio.weight_device", value, subject, {
        alternative: { file: "blkio.bfq.weight_device", value },
      });
    }
    if (isSet(leafWeight))
      yield setting("blkio.leaf_weight_device", `${major}:${minor} ${leafWeight}`, subject);
  }
  yield* throttles(blockIO, ({ v1 }, device, rate) => [`blkio.throttle.${v1}`, `${device} ${rate}`]);
}

function* network({ network }: ResourcesConfig): Generator<CgroupSetting> {
  if (isSet(network?.classID)) yield setting("net_cls.classid", network.classID, "network.classID");
  for (const [index, { name, priority }] of (network?.priorities ?? []).entries()) {
    yield setting("net_prio.ifpriomap", `${name} ${priority}`, `network.priorities[${index}]`);
  }
}

function* ignoredMemory({ memory }: ResourcesConfig): Generator<IgnoredResource> {
  const reason = "the kernel no longer limits kernel memory separately";
  if (isSet(memory?.kernel)) yield ignored("memory.kernel", reason);
  if (isSet(memory?.kernelTCP)) yield ignored("memory.kernelTCP", reason);
}
