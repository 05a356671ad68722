/** The controllers whose files are the same in cgroup v1 and v2. Pure. */

import type { ResourcesConfig } from "../../oci/resources.ts";
import { pidsMax } from "./convert.ts";
import { type CgroupSetting, setting } from "./setting.ts";

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
