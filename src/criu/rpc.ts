/**
 * CRIU's messages, with the names and numbers of its images/rpc.proto; criu.org/RPC. What bunc does not use is left
 * out: a reader skips unknown fields.
 */

import type { Message, Value } from "./protobuf.ts";

/** enum criu_req_type */
export const REQ_TYPE = {
  EMPTY: 0,
  DUMP: 1,
  RESTORE: 2,
  CHECK: 3,
  PRE_DUMP: 4,
  PAGE_SERVER: 5,
  NOTIFY: 6,
  CPUINFO_DUMP: 7,
  CPUINFO_CHECK: 8,
  FEATURE_CHECK: 9,
  VERSION: 10,
} as const;

export function requestName(type: number | undefined): string {
  return Object.entries(REQ_TYPE).find(([, value]) => value === type)?.[0] ?? String(type);
}

/** enum criu_cg_mode: --manage-cgroups-mode */
export const CG_MODE = { ignore: 0, soft: 3, full: 4, strict: 5, default: 6 } as const;

const CriuPageServerInfo = {
  address: [1, "string"],
  port: [2, "int32"],
} as const satisfies Message;

const ExtMountMap = {
  key: [1, "string"],
  val: [2, "string"],
} as const satisfies Message;

const JoinNamespace = {
  ns: [1, "string"],
  ns_file: [2, "string"],
} as const satisfies Message;

const InheritFd = {
  key: [1, "string"],
  fd: [2, "int32"],
} as const satisfies Message;

const CgroupRoot = {
  ctrl: [1, "string"],
  path: [2, "string"],
} as const satisfies Message;

const CriuOpts = {
  images_dir_fd: [1, "int32"],
  pid: [2, "int32"],
  leave_running: [3, "bool"],
  ext_unix_sk: [4, "bool"],
  tcp_established: [5, "bool"],
  evasive_devices: [6, "bool"],
  shell_job: [7, "bool"],
  file_locks: [8, "bool"],
  log_level: [9, "int32"],
  log_file: [10, "string"],
  ps: [11, CriuPageServerInfo],
  notify_scripts: [12, "bool"],
  root: [13, "string"],
  parent_img: [14, "string"],
  track_mem: [15, "bool"],
  auto_dedup: [16, "bool"],
  work_dir_fd: [17, "int32"],
  link_remap: [18, "bool"],
  ext_mnt: [23, ExtMountMap, "repeated"],
  manage_cgroups: [24, "bool"],
  cg_root: [25, CgroupRoot, "repeated"],
  rst_sibling: [26, "bool"],
  inherit_fd: [27, InheritFd, "repeated"],
  manage_cgroups_mode: [34, "int32"],
  external: [37, "string", "repeated"],
  empty_ns: [38, "uint32"],
  join_ns: [39, JoinNamespace, "repeated"],
  freeze_cgroup: [44, "string"],
  tcp_skip_in_flight: [46, "bool"],
  lazy_pages: [48, "bool"],
  orphan_pts_master: [50, "bool"],
  config_file: [51, "string"],
  lsm_profile: [53, "string"],
  lsm_mount_context: [63, "string"],
} as const satisfies Message;
export type CriuOpts = Value<typeof CriuOpts>;
export type ExtMount = Value<typeof ExtMountMap>;

const CriuFeatures = {
  mem_track: [1, "bool"],
  lazy_pages: [2, "bool"],
} as const satisfies Message;
export type CriuFeatures = Value<typeof CriuFeatures>;

export const CriuReq = {
  type: [1, "int32"],
  opts: [2, CriuOpts],
  notify_success: [3, "bool"],
  keep_open: [4, "bool"],
  features: [5, CriuFeatures],
} as const satisfies Message;
export type CriuReq = Value<typeof CriuReq>;

const CriuRestoreResp = { pid: [1, "int32"] } as const satisfies Message;

const CriuNotify = {
  script: [1, "string"],
  pid: [2, "int32"],
} as const satisfies Message;
export type CriuNotify = Value<typeof CriuNotify>;

const CriuVersion = {
  major_number: [1, "int32"],
  minor_number: [2, "int32"],
  sublevel: [4, "int32"],
} as const satisfies Message;

export const CriuResp = {
  type: [1, "int32"],
  success: [2, "bool"],
  restore: [4, CriuRestoreResp],
  notify: [5, CriuNotify],
  cr_errno: [7, "int32"],
  features: [8, CriuFeatures],
  cr_errmsg: [9, "string"],
  version: [10, CriuVersion],
} as const satisfies Message;
export type CriuResp = Value<typeof CriuResp>;
