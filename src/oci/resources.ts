/** config-linux.md, Control groups: `linux.resources`, and the document of `update --resources`. */

import * as v from "valibot";
import {
  boolean,
  described,
  int64,
  integer,
  listOf,
  mapOf,
  nonEmptyText,
  oneOf,
  struct,
  text,
  uint16,
  uint32,
  uint64,
} from "./primitives.ts";

const optional64 = v.exactOptional(int64);
const optionalU64 = v.exactOptional(uint64);
const optionalBoolean = v.exactOptional(boolean);
const optionalU16 = v.exactOptional(uint16);

/** -1: every number. */
const deviceNumber = v.exactOptional(integer(-1, 0xffffffff));

/** A rule without any access would deny nothing. Other letters have no meaning. */
const access = described(
  v.custom<string>(
    (value) => typeof value === "string" && /[rwm]/.test(value),
    'a non-empty combination of "r", "w" and "m"',
  ),
  { type: "string", pattern: "[rwm]" },
);

const DeviceRuleSchema = struct({
  allow: boolean,
  type: v.exactOptional(oneOf(["a", "b", "c", ""])),
  major: deviceNumber,
  minor: deviceNumber,
  access,
});

const MemorySchema = struct({
  limit: optional64,
  reservation: optional64,
  swap: optional64,
  kernel: optional64,
  kernelTCP: optional64,
  swappiness: optionalU64,
  disableOOMKiller: optionalBoolean,
  useHierarchy: optionalBoolean,
  checkBeforeUpdate: optionalBoolean,
});

const CpuSchema = struct({
  shares: optionalU64,
  quota: optional64,
  burst: optionalU64,
  period: optionalU64,
  realtimeRuntime: optional64,
  realtimePeriod: optionalU64,
  cpus: v.optional(text, ""),
  mems: v.optional(text, ""),
  idle: v.exactOptional(integer(0, 1)),
});

const blockDevice = { major: integer(0, 0xffffffff), minor: integer(0, 0xffffffff) };

const throttleDevices = v.exactOptional(
  listOf(struct({ ...blockDevice, rate: uint64 }), "an array of {major, minor, rate}"),
);

const BlockIoSchema = struct({
  weight: optionalU16,
  leafWeight: optionalU16,
  weightDevice: v.exactOptional(
    listOf(
      struct({ ...blockDevice, weight: optionalU16, leafWeight: optionalU16 }),
      "an array of {major, minor, weight}",
    ),
  ),
  throttleReadBpsDevice: throttleDevices,
  throttleWriteBpsDevice: throttleDevices,
  throttleReadIOPSDevice: throttleDevices,
  throttleWriteIOPSDevice: throttleDevices,
});

const pageSize = described(
  v.custom<string>(
    (value) => typeof value === "string" && /^[1-9][0-9]*[KMG]B$/.test(value),
    'a size such as "64KB", "2MB" or "1GB"',
  ),
  { type: "string", pattern: "^[1-9][0-9]*[KMG]B$" },
);

export const ResourcesSchema = struct({
  devices: v.exactOptional(listOf(DeviceRuleSchema, "an array of device rules")),
  memory: v.exactOptional(MemorySchema),
  cpu: v.exactOptional(CpuSchema),
  pids: v.exactOptional(struct({ limit: optional64 })),
  blockIO: v.exactOptional(BlockIoSchema),
  hugepageLimits: v.exactOptional(
    listOf(struct({ pageSize, limit: uint64 }), "an array of {pageSize, limit}"),
  ),
  network: v.exactOptional(
    struct({
      classID: v.exactOptional(uint32),
      priorities: v.exactOptional(
        listOf(struct({ name: nonEmptyText, priority: uint32 }), "an array of {name, priority}"),
      ),
    }),
  ),
  rdma: v.exactOptional(
    mapOf(
      struct({ hcaHandles: v.exactOptional(uint32), hcaObjects: v.exactOptional(uint32) }),
      "an object of {hcaHandles, hcaObjects}",
    ),
  ),
  unified: v.exactOptional(mapOf(text, "an object of strings")),
});
export type ResourcesConfig = v.InferOutput<typeof ResourcesSchema>;
