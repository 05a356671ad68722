/**
 * CRIU's messages, with the names and numbers of its images/rpc.proto; criu.org/RPC. What bunc does not use is left
 * out: a reader skips unknown fields.
 */

import { field, message, repeated, type Value } from "./protobuf.ts";

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

const CriuPageServerInfo = message({
  address: field(1, "string"),
  port: field(2, "int32"),
});

const ExtMountMap = message({
  key: field(1, "string"),
  val: field(2, "string"),
});

const JoinNamespace = message({
  ns: field(1, "string"),
  ns_file: field(2, "string"),
});

const InheritFd = message({
  key: field(1, "string"),
  fd: field(2, "int32"),
});

const CgroupRoot = message({
  ctrl: field(1, "string"),
  path: field(2, "string"),
});

const CriuOpts = message({
  images_dir_fd: field(1, "int32"),
  pid: field(2, "int32"),
  leave_running: field(3, "bool"),
  ext_unix_sk: field(4, "bool"),
  tcp_established: field(5, "bool"),
  evasive_devices: field(6, "bool"),
  shell_job: field(7, "bool"),
  file_locks: field(8, "bool"),
  log_level: field(9, "int32"),
  log_file: field(10, "string"),
  ps: field(11, CriuPageServerInfo),
  notify_scripts: field(12, "bool"),
  root: field(13, "string"),
  parent_img: field(14, "string"),
  track_mem: field(15, "bool"),
  auto_dedup: field(16, "bool"),
  work_dir_fd: field(17, "int32"),
  link_remap: field(18, "bool"),
  ext_mnt: repeated(23, ExtMountMap),
  manage_cgroups: field(24, "bool"),
  cg_root: repeated(25, CgroupRoot),
  rst_sibling: field(26, "bool"),
  inherit_fd: repeated(27, InheritFd),
  manage_cgroups_mode: field(34, "int32"),
  external: repeated(37, "string"),
  empty_ns: field(38, "uint32"),
  join_ns: repeated(39, JoinNamespace),
  freeze_cgroup: field(44, "string"),
  tcp_skip_in_flight: field(46, "bool"),
  lazy_pages: field(48, "bool"),
  orphan_pts_master: field(50, "bool"),
  config_file: field(51, "string"),
  lsm_profile: field(53, "string"),
  lsm_mount_context: field(63, "string"),
});
export type CriuOpts = Value<typeof CriuOpts>;
export type ExtMount = Value<typeof ExtMountMap>;

const CriuFeatures = message({
  mem_track: field(1, "bool"),
  lazy_pages: field(2, "bool"),
});
export type CriuFeatures = Value<typeof CriuFeatures>;

export const CriuReq = message({
  type: field(1, "int32"),
  opts: field(2, CriuOpts),
  notify_success: field(3, "bool"),
  keep_open: field(4, "bool"),
  features: field(5, CriuFeatures),
});
export type CriuReq = Value<typeof CriuReq>;

const CriuRestoreResp = message({ pid: field(1, "int32") });

const CriuNotify = message({
  script: field(1, "string"),
  pid: field(2, "int32"),
});
export type CriuNotify = Value<typeof CriuNotify>;

const CriuVersion = message({
  major_number: field(1, "int32"),
  minor_number: field(2, "int32"),
  sublevel: field(4, "int32"),
});

export const CriuResp = message({
  type: field(1, "int32"),
  success: field(2, "bool"),
  restore: field(4, CriuRestoreResp),
  notify: field(5, CriuNotify),
  cr_errno: field(7, "int32"),
  features: field(8, CriuFeatures),
  cr_errmsg: field(9, "string"),
  version: field(10, CriuVersion),
});
export type CriuResp = Value<typeof CriuResp>;
