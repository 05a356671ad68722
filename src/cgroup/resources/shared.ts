/** The controllers whose files are the same in cgroup v1 and v2, or differ in their names only. Pure. */

import type { Integer64 } from "../../oci/json-number.ts";
import type { ResourcesConfig } from "../../oci/resources.ts";
import { pidsMax } from "./convert.ts";
import { type CgroupSetting, ENOENT, setting } from "./setting.ts";

export function* pids({ pids }: ResourcesConfig): Generator<CgroupSetting> {
  if (pids?.limit !== undefined) yield setting("pids.max", pidsMax(pids.limit), "pids.limit");
}

export function* rdma({ rdma }: ResourcesConfig): Generator<CgroupSetting> {
  for (const [device, { hcaHandles, hcaObjects }] of Object.entries(rdma ?? {})) {
    const limits = [
      hcaHandles === undefined ? "" : ` hca_handle=${hcaHandles}`,
      hcaObjects === undefined ? "" : ` hca_object=${hcaObjects}`,
    ].join("");
    if (limits !== "") yield setting("rdma.max", `${device}${limits}`, `rdma["${device}"]`);
  }
}

/** `file`: the name of the limit. */
export function* hugetlb(
  { hugepageLimits }: ResourcesConfig,
  file: "max" | "limit_in_bytes",
): Generator<CgroupSetting> {
  for (const [index, { pageSize, limit }] of (hugepageLimits ?? []).entries()) {
    const subject = `hugepageLimits[${index}]`;
    yield setting(`hugetlb.${pageSize}.${file}`, limit, subject);
    // Reservations are counted apart where the kernel can; the limit is meant for both.
    yield setting(`hugetlb.${pageSize}.rsvd.${file}`, limit, subject, { tolerate: [ENOENT] });
  }
}

const THROTTLES = [
  { field: "throttleReadBpsDevice", v1: "read_bps_device", v2: "rbps" },
  { field: "throttleWriteBpsDevice", v1: "write_bps_device", v2: "wbps" },
  { field: "throttleReadIOPSDevice", v1: "read_iops_device", v2: "riops" },
  { field: "throttleWriteIOPSDevice", v1: "write_iops_device", v2: "wiops" },
] as const;

/** `inFile`: how it is written. `device`: "8:0". */
export function* throttles(
  blockIO: NonNullable<ResourcesConfig["blockIO"]>,
  inFile: (
    throttle: (typeof THROTTLES)[number],
    device: string,
    rate: Integer64,
  ) => [file: string, value: string],
): Generator<CgroupSetting> {
  for (const throttle of THROTTLES) {
    const { field } = throttle;
    for (const [index, { major, minor, rate }] of (blockIO[field] ?? []).entries()) {
      const [file, value] = inFile(throttle, `${major}:${minor}`, rate);
      yield setting(file, value, `blockIO.${field}[${index}]`);
    }
  }
}
