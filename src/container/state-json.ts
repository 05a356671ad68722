/** The OCI state of a container (runtime-spec runtime.md, State), as `state`, `list` and hooks give it. */

import type { ContainerStatus } from "../failure/messages.ts";
import type { StateRecord } from "../state/record.ts";

/** Keys in runc's order. */
export interface ContainerState {
  ociVersion: string;
  id: string;
  /** 0 when stopped. */
  pid: number;
  status: ContainerStatus;
  bundle: string;
  rootfs: string;
  created: string;
  annotations?: Record<string, string>;
  owner: string;
}

/** What `state` prints. `owner`: the user name that `list` shows. */
export function containerState(record: StateRecord, status: ContainerStatus, owner = ""): ContainerState {
  const { annotations } = record.bunc;
  return {
    ociVersion: record.bunc.ociVersion,
    id: record.id,
    pid: status === "stopped" ? 0 : record.init_process_pid,
    status,
    bundle: record.bunc.bundle,
    rootfs: record.config.rootfs,
    created: record.created,
    ...(Object.keys(annotations).length > 0 ? { annotations } : {}),
    owner,
  };
}

/** What hooks get: the members that the specification names. */
export function hookState(record: StateRecord, status: ContainerStatus, pid: number) {
  return {
    ociVersion: record.bunc.ociVersion,
    id: record.id,
    status,
    pid,
    bundle: record.bunc.bundle,
    ...(Object.keys(record.bunc.annotations).length > 0 ? { annotations: record.bunc.annotations } : {}),
  };
}
