// Generated from zig/ by `npm run gen`. Do not edit: test/tidy fails when it is stale.

/** A 64-bit integer as a decimal string. */
export type U64 = string;

export const abiFingerprint = 598471875;

export type Failure = {
  code: Code;
  stage: Stage;
  op: string;
  errno: number;
  subject: string;
  target: string;
  detail: string;
};

export type FactsRequest = Record<string, never>;

export type FactsReply = {
  release: string;
  euid: number;
  egid: number;
  cgroup_file_system: string;
  self_cgroup: string;
  mountinfo: string;
  uid_map: string;
  gid_map: string;
  apparmor: string;
  streams: readonly string[];
};

export type OwnNamespaceRequest = {
  path: string;
  kind: string;
};

export type OwnNamespaceReply = {
  own: boolean;
};

export type ExitRequest = {
  status: number;
};

export type ExitReply = Record<string, never>;

export type TakeImageRequest = Record<string, never>;

export type TakeImageReply = {
  started: boolean;
  arguments: readonly string[];
  pid: number;
  nofile: NoFile;
  cwd_deleted: boolean;
  watched: boolean;
};

export type EnvironmentRequest = Record<string, never>;

export type EnvironmentReply = {
  entries: readonly string[];
};

export type IsInheritedRequest = {
  fd: number;
};

export type IsInheritedReply = {
  inherited: boolean;
};

export type PathRequest = {
  path: string;
};

export type ReadReply = {
  found: boolean;
  text: string;
};

export type WriteRequest = {
  path: string;
  text: string;
  mode: number;
};

export type Done = Record<string, never>;

export type MakeDirectoryRequest = {
  path: string;
  mode: number;
  parents: boolean;
};

export type MakeDirectoryReply = {
  created: boolean;
};

export type ListReply = {
  found: boolean;
  entries: readonly Entry[];
};

export type RemoveFileReply = {
  removed: boolean;
};

export type LockRequest = {
  path: string;
  wait: boolean;
};

export type LockReply = {
  fd: number | null;
  busy: boolean;
};

export type FdRequest = {
  fd: number;
};

export type ResolveReply = {
  path: string;
  directory: boolean;
};

export type ResolveInRootRequest = {
  root: string;
  path: string;
};

export type ResolveInRootReply = {
  path: string;
};

export type OpenFileReply = {
  fd: number;
};

export type WorkingDirectoryRequest = Record<string, never>;

export type WorkingDirectoryReply = {
  path: string;
};

export type DocumentsRequest = {
  paths: readonly string[];
  size: number;
};

export type DocumentsReply = {
  documents: readonly Document[];
};

export type EndLockHolderReply = {
  ended: boolean;
};

export type SpawnRequest = {
  plan: Plan;
  until: Until;
};

export type SpawnReply = {
  process: Spawned;
  executable: string;
  pipes: readonly string[];
};

export type ProceedRequest = {
  console: number | null;
};

export type Spawned = {
  pid: number;
  pidfd: number;
  start_time: U64;
  progress: Progress;
  fd: number | null;
  console: number | null;
};

export type AbandonReply = Record<string, never>;

export type StartRequest = {
  socket: string;
  pid: number;
  start_time: U64;
  trace: boolean;
};

export type StartReply = {
  started: boolean;
};

export type TakeTraceRequest = Record<string, never>;

export type TakeTraceReply = {
  records: readonly TraceRecord[];
};

export type MakeStreamsRequest = {
  streams: Streams;
};

export type MakeStreamsReply = {
  names: readonly string[];
};

export type GiveStreamsRequest = {
  streams: Streams;
  owner_uid: number;
  pid: number;
};

export type GiveStreamsReply = Record<string, never>;

export type HoldSignalsRequest = Record<string, never>;

export type HoldSignalsReply = {
  rest: Rest | null;
};

export type SubreaperRequest = Record<string, never>;

export type SubreaperReply = Record<string, never>;

export type SuperviseRequest = {
  pid: number;
  pidfd: number;
  console: number | null;
  notify: SuperviseNotify | null;
  forget: SuperviseForget | null;
};

export type SuperviseReply = {
  status: number;
  signaled: boolean;
};

export type KernelLogRequest = Record<string, never>;

export type KernelLogReply = {
  text: string;
  pids_are_ours: boolean;
};

export type StatusesRequest = {
  processes: readonly StatusRequest[];
};

export type StatusesReply = {
  statuses: readonly StatusReply[];
};

export type SignalRequest = {
  pid: number;
  start_time: U64;
  signal: number;
};

export type SignalReply = {
  sent: boolean;
};

export type AwaitEndRequest = {
  pid: number;
  start_time: U64;
  timeout_ms: number;
};

export type AwaitEndReply = {
  ended: boolean;
};

export type OpenProcessRequest = {
  pid: number;
};

export type OpenProcessReply = {
  pidfd: number;
  start_time: U64;
};

export type SendFdRequest = {
  socket: string;
  subject: string;
  fd: number;
  payload: string;
};

export type SendFdReply = Record<string, never>;

export type RunHookRequest = {
  hook: Hook;
  state: string;
  directory: string;
  stdout: string;
  stderr: string;
  pid: number;
  start_time: U64;
};

export type RunHookReply = Record<string, never>;

export type CriuStartRequest = {
  executable: string;
  env: readonly string[];
  stdio: CriuStdio;
  descriptors: readonly number[];
  root: CriuRoot | null;
  directories: readonly string[];
};

export type CriuStarted = {
  pid: number;
  pidfd: number;
  socket: number;
  output: number | null;
  directories: readonly number[];
};

export type CriuExchangeRequest = {
  socket: number;
  message: string;
};

export type CriuExchangeReply = {
  message: string;
  fd: number | null;
};

export type CriuEndRequest = {
  pid: number;
  pidfd: number;
  socket: number;
  output: number | null;
  kill: boolean;
};

export type CriuEndReply = {
  status: string;
  succeeded: boolean;
  output: string;
};

export type CriuStatusReadyRequest = {
  fd: number;
};

export type CriuStatusReadyReply = Record<string, never>;

export type NotifyListenRequest = {
  directory: string;
};

export type NotifyListenReply = {
  fd: number;
};

export type NotifyForwardRequest = {
  listener: number;
  manager: string;
  pid: number;
  start_time: U64;
};

export type NotifyForwardReply = {
  ready: boolean;
};

export type SeccompCompileRequest = {
  profile: Profile;
};

export type SeccompCompileReply = {
  program: string;
  flags: number;
  instructions: number;
  unknown_syscalls: readonly string[];
};

export type CgroupCreateRequest = {
  groups: readonly CgroupToCreate[];
  refuse_in_use: boolean;
};

export type CgroupCreateReply = {
  in_use: CgroupInUseReply | null;
  threaded: CgroupThreaded | null;
  errnos: readonly number[];
  not_enabled: readonly ControllerNotEnabled[];
};

export type CgroupInUseRequest = {
  groups: readonly Cgroup[];
};

export type CgroupInUseReply = {
  occupied: CgroupOccupied | null;
  frozen: string | null;
};

export type CgroupWriteRequest = {
  groups: readonly CgroupWrites[];
};

export type CgroupWriteReply = {
  tolerated: readonly CgroupTolerated[];
};

export type CgroupReadRequest = {
  groups: readonly CgroupFiles[];
};

export type CgroupReadReply = {
  files: readonly CgroupFileText[];
};

export type CgroupJoinRequest = {
  pids: readonly number[];
  groups: readonly Cgroup[];
  tolerate: readonly number[];
};

export type CgroupJoinReply = {
  errnos: readonly number[];
};

export type CgroupDelegateRequest = {
  group: Cgroup;
  uid: number;
  files: readonly string[];
};

export type CgroupDelegateReply = Record<string, never>;

export type CgroupProcessesRequest = {
  groups: readonly Cgroup[];
};

export type CgroupProcessesReply = {
  pids: readonly number[];
};

export type CgroupKillRequest = {
  groups: readonly Cgroup[];
  freezer: Cgroup | null;
  signal: number;
  freeze_timeout_ms: number;
};

export type CgroupKillReply = {
  found: boolean;
  signalled: number;
};

export type CgroupFreezeRequest = {
  group: Cgroup;
  frozen: boolean;
  timeout_ms: number;
};

export type CgroupFreezeReply = {
  found: boolean;
};

export type CgroupFrozenRequest = {
  groups: readonly Cgroup[];
};

export type CgroupFrozenReply = {
  frozen: readonly boolean[];
};

export type CgroupRemoveRequest = {
  groups: readonly Cgroup[];
  timeout_ms: number;
};

export type CgroupRemoveReply = {
  remaining: readonly CgroupRemaining[];
};

export type CgroupWatchRequest = {
  watches: readonly CgroupWatch[];
  pid: number;
  timeout_ms: number;
};

export type CgroupWatchReply = {
  files: readonly CgroupWatched[];
  process_ended: boolean;
};

export type CgroupDevicesRequest = {
  group: Cgroup;
  rules: DeviceRules;
};

export type CgroupDevicesReply = {
  instructions: number;
  replaced: number;
};

export type BusConnectRequest = {
  path: string;
  timeout_ms: number;
};

export type BusConnectReply = {
  fd: number;
};

export type BusWriteRequest = {
  fd: number;
  base64: string;
  timeout_ms: number;
};

export type BusWriteReply = Record<string, never>;

export type BusReadRequest = {
  fd: number;
  timeout_ms: number;
};

export type BusReadReply = {
  base64: string;
  closed: boolean;
  timed_out: boolean;
};

export type ProbeRequest = Record<string, never>;

export type ProbeReply = {
  calls: readonly ProbedCall[];
};

export type SeccompExplainRequest = {
  profile: Profile;
  architecture: Architecture;
  syscalls: readonly string[];
  arguments: readonly U64[];
};

export type SeccompExplainReply = {
  answers: readonly SeccompAnswer[];
  not_found: readonly string[];
  unknown_syscalls: readonly SeccompUnknown[];
  architectures: readonly Architecture[];
};

export type Code = "system" | "protocol" | "died" | "unsafe_path" | "executable" | "hook" | "limit" | "timeout";

export type Stage = "library" | "parent" | "join" | "init";

export type NoFile = {
  soft: string;
  hard: string;
};

export type Plan = {
  id: string;
  placement: Placement;
  initial_cpus: readonly number[];
  namespaces: Namespaces;
  limits: Limits;
  stdio: Stdio;
  parent_opens_sources: boolean;
  trace: boolean;
  steps: readonly Step[];
  process: Process;
};

export type Until = "held" | "started" | "reported";

export type Progress = "held" | "started" | "hooks" | "seccomp_listener" | "ready" | "executed";

export type Streams = {
  stdin: Stream;
  stdout: Stream;
  stderr: Stream;
};

export type Hook = {
  path: string;
  args: readonly string[];
  env: readonly string[];
  env_of_process: boolean;
  timeout_ms: number;
  subject: string;
};

export type CriuStdio = "inherited" | "captured";

export type Profile = {
  default_action: Action;
  default_errno_ret: number;
  architectures: readonly Architecture[];
  flags: readonly Flag[];
  syscalls: readonly Rule[];
};

export type Cgroup = {
  mount: string;
  path: string;
};

export type DeviceRules = {
  allow: boolean;
  rules: readonly DeviceRule[];
};

export type Architecture = "SCMP_ARCH_X86" | "SCMP_ARCH_X86_64" | "SCMP_ARCH_X32" | "SCMP_ARCH_ARM" | "SCMP_ARCH_AARCH64" | "SCMP_ARCH_MIPS" | "SCMP_ARCH_MIPS64" | "SCMP_ARCH_MIPS64N32" | "SCMP_ARCH_MIPSEL" | "SCMP_ARCH_MIPSEL64" | "SCMP_ARCH_MIPSEL64N32" | "SCMP_ARCH_PPC" | "SCMP_ARCH_PPC64" | "SCMP_ARCH_PPC64LE" | "SCMP_ARCH_RISCV64" | "SCMP_ARCH_S390" | "SCMP_ARCH_S390X" | "SCMP_ARCH_LOONGARCH64";

export type Entry = {
  name: string;
  uid: number;
  directory: boolean;
};

export type Document =
  | { value: unknown }
  | { text: string }
  | { missing: Done };

export type Placement = {
  into: string | null;
  tasks: readonly string[];
};

export type Namespaces = {
  create: number;
  join: readonly NamespaceJoin[];
  join_process: NamespaceProcess | null;
  uid_map: readonly IdMap[];
  gid_map: readonly IdMap[];
  deny_setgroups: boolean;
  newuidmap: string | null;
  newgidmap: string | null;
  execute_again: boolean;
  time_offsets: readonly TimeOffset[];
};

export type Limits = {
  rlimits: readonly Rlimit[];
  oom_score_adj: OomScoreAdj | null;
};

export type Stdio = {
  terminal: boolean;
  rows: number;
  columns: number;
  preserve_fds: number;
  streams: Streams;
  owner_uid: number;
};

export type Process = {
  args: readonly string[];
  env: readonly string[];
  home_uid: number;
  start: Start;
  start_socket: string;
  start_hooks: HookSet | null;
  listen_pid: boolean;
};

export type TraceRecord = {
  point: TracePoint;
  index: number;
  duration_us: number;
  text: string;
};

export type Stream = "kept" | "given" | "relayed" | "with_stdout";

export type Rest = {
  text: string;
  status: number;
  signaled: boolean;
};

export type SuperviseNotify = {
  listener: number;
  manager: string;
};

export type SuperviseForget = {
  after_ms: number;
  rest: string;
};

export type StatusRequest = {
  pid: number;
  start_socket: string;
  executable: string;
};

export type StatusReply = {
  state: string;
  start_time: U64;
  waiting: boolean;
};

export type CriuRoot = {
  path: string;
  target: string;
};

export type Action = "SCMP_ACT_KILL" | "SCMP_ACT_KILL_THREAD" | "SCMP_ACT_KILL_PROCESS" | "SCMP_ACT_TRAP" | "SCMP_ACT_ERRNO" | "SCMP_ACT_TRACE" | "SCMP_ACT_ALLOW" | "SCMP_ACT_LOG" | "SCMP_ACT_NOTIFY";

export type CgroupToCreate = {
  mount: string;
  path: string;
  enable_controllers: boolean;
  domain: boolean;
  cpuset: CpusetStart | null;
  tolerate_permission: boolean;
};

export type CgroupThreaded = {
  path: string;
  type: string;
};

export type ControllerNotEnabled = {
  path: string;
  controller: string;
  errno: number;
};

export type CgroupOccupied = {
  path: string;
  processes: number;
};

export type CgroupWrites = {
  mount: string;
  path: string;
  writes: readonly CgroupWrite[];
};

export type CgroupTolerated = {
  path: string;
  subject: string;
  errno: number;
};

export type CgroupFiles = {
  mount: string;
  path: string;
  files: readonly string[];
};

export type CgroupFileText = {
  text: string;
  errno: number;
};

export type CgroupRemaining = {
  path: string;
  errno: number;
  pids: readonly number[];
};

export type CgroupWatch = {
  mount: string;
  path: string;
  file: string;
  previous: string;
};

export type CgroupWatched = {
  text: string;
  changed: boolean;
  notified: boolean;
  gone: boolean;
};

export type ProbedCall = {
  name: string;
  errno: number;
};

export type SeccompAnswer = {
  name: string;
  number: number;
  action: Action;
  data: number;
  reason: Reason;
  rule: number | null;
  instructions: number;
  alternatives: readonly SeccompAlternative[];
};

export type SeccompUnknown = {
  rule: number;
  name: string;
};

export type Step = {
  subject: string;
  op: Op;
};

export type Start = "immediately" | "parent" | "socket" | "never";

export type TracePoint = "cloned" | "joined" | "init" | "step" | "program" | "start_hooks" | "execute";

export type Flag = "SECCOMP_FILTER_FLAG_TSYNC" | "SECCOMP_FILTER_FLAG_LOG" | "SECCOMP_FILTER_FLAG_SPEC_ALLOW" | "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV";

export type Rule = {
  names: readonly string[];
  action: Action;
  errno_ret: number;
  args: readonly Argument[];
};

export type DeviceRule = {
  allow: boolean;
  type: DeviceType;
  major: number | null;
  minor: number | null;
  access: number;
};

export type Reason = "rule" | "default" | "newer_than_profile" | "bad_architecture";

export type NamespaceJoin = {
  type: number;
  path: string;
  subject: string;
};

export type NamespaceProcess = {
  pid: number;
  start_time: U64;
  flags: number;
};

export type IdMap = {
  container_id: number;
  host_id: number;
  size: number;
};

export type TimeOffset = {
  clock: Clock;
  seconds: string;
  nanoseconds: number;
};

export type Rlimit = {
  resource: number;
  soft: U64;
  hard: U64;
  best_effort: boolean;
  subject: string;
};

export type OomScoreAdj = {
  value: number;
  best_effort: boolean;
};

export type Op =
  | { loopback_up: Empty }
  | { session_keyring: SessionKeyring }
  | { root_propagation: RootPropagation }
  | { bind_root: BindRoot }
  | { mount: Mount }
  | { device: Device }
  | { symlink: Symlink }
  | { parent_hooks: Empty }
  | { hooks: HookSet }
  | { pivot_root: Empty }
  | { move_root: Empty }
  | { change_root: Empty }
  | { console: Console }
  | { remount: Remount }
  | { final_propagation: RootPropagation }
  | { hostname: Name }
  | { domainname: Name }
  | { sysctl: Sysctl }
  | { readonly_path: Path }
  | { masked_path: Path }
  | { unmount: Path }
  | { umask: Umask }
  | { no_new_privs: Empty }
  | { cpu_affinity: CpuAffinity }
  | { every_cpu: Empty }
  | { scheduler: Scheduler }
  | { io_priority: IoPriority }
  | { memory_policy: MemoryPolicy }
  | { personality: Personality }
  | { apparmor_exec: Label }
  | { selinux_exec: Label }
  | { seccomp: Seccomp }
  | { capability_bounding: CapabilitySet }
  | { user: User }
  | { capabilities: Capabilities }
  | { working_directory: WorkingDirectory }
  | { network_device: NetworkDevice };

export type HookSet = {
  kind: HookKind;
  hooks: readonly Hook[];
  state_head: string;
  state_tail: string;
  stdout: string;
  stderr: string;
};

export type CpusetStart = {
  cpus: string;
  mems: string;
};

export type CgroupWrite = {
  file: string;
  value: string;
  subject: string;
  tolerate: readonly number[];
  alternative: CgroupAlternative | null;
};

export type DeviceType = "block" | "char";

export type SeccompAlternative = {
  rule: number;
  action: Action;
  data: number;
  conditions: readonly SeccompCondition[];
};

export type Clock = "monotonic" | "boottime";

export type Empty = Record<string, never>;

export type SessionKeyring = {
  name: string;
  label: string;
};

export type RootPropagation = {
  flags: number;
  recursive: boolean;
};

export type BindRoot = {
  path: string;
  bind: boolean;
};

export type Mount = {
  target: string;
  source: MountSource;
  ordinary_directory: boolean;
  attributes: MountAttributes;
  recursive_attributes: MountAttributes;
  propagation: readonly Propagation[];
  copy_up: boolean;
  id_map: MountIdMap | null;
};

export type Device = {
  path: string;
  kind: DeviceKind;
  major: number;
  minor: number;
  mode: number;
  uid: number;
  gid: number;
  bind: boolean;
};

export type Symlink = {
  target: string;
  path: string;
  replace: boolean;
};

export type Console = {
  bind: boolean;
  newline_to_crlf: boolean;
};

export type Remount = {
  path: string;
  attributes: MountAttributes;
};

export type Name = {
  name: string;
};

export type Sysctl = {
  key: string;
  value: string;
};

export type Path = {
  path: string;
};

export type Umask = {
  mask: number;
};

export type CpuAffinity = {
  mask: readonly number[];
};

export type Scheduler = {
  policy: number;
  flags: U64;
  nice: number;
  priority: number;
  runtime_ns: U64;
  deadline_ns: U64;
  period_ns: U64;
};

export type IoPriority = {
  value: number;
};

export type MemoryPolicy = {
  mode: number;
  flags: number;
  nodes: readonly number[];
};

export type Personality = {
  persona: number;
};

export type Label = {
  label: string;
};

export type Seccomp = {
  program: string;
  flags: number;
  listener_path: string | null;
  listener_metadata: string;
};

export type CapabilitySet = {
  set: U64;
};

export type User = {
  uid: number;
  gid: number;
  additional_gids: readonly number[];
  keep_groups: boolean;
};

export type Capabilities = {
  effective: U64;
  permitted: U64;
  inheritable: U64;
  ambient: U64;
};

export type WorkingDirectory = {
  path: string;
  create: boolean;
};

export type NetworkDevice = {
  name: string;
  new_name: string;
};

export type HookKind = "prestart" | "createRuntime" | "createContainer" | "startContainer" | "poststart" | "poststop";

export type Argument = {
  index: number;
  value: U64;
  value_two: U64;
  op: Operator;
};

export type MountSource =
  | { filesystem: Filesystem }
  | { bind: Bind }
  | { remount: Reconfigure };

export type MountAttributes = {
  set: number;
  clear: number;
  clear_unlocked: number;
};

export type DeviceKind = "character" | "block" | "fifo";

export type Operator = "SCMP_CMP_NE" | "SCMP_CMP_LT" | "SCMP_CMP_LE" | "SCMP_CMP_EQ" | "SCMP_CMP_GE" | "SCMP_CMP_GT" | "SCMP_CMP_MASKED_EQ";

export type CgroupAlternative = {
  file: string;
  value: string;
};

export type SeccompCondition = {
  argument: number;
  op: Operator;
  mask: U64;
  value: U64;
};

export type Filesystem = {
  type: string;
  source: string;
  options: readonly MountOption[];
  mode_of_target: boolean;
  fallback_bind: string | null;
};

export type Bind = {
  path: string;
  recursive: boolean;
};

export type Reconfigure = {
  options: readonly MountOption[];
};

export type Propagation = {
  flag: number;
  recursive: boolean;
};

export type MountIdMap = {
  uid_map: readonly IdMap[];
  gid_map: readonly IdMap[];
  recursive: boolean;
  container_userns: boolean;
};

export type MountOption = {
  key: string;
  value: string | null;
};

/** Call numbers of bunc_call. */
export const callNumbers = {
  host_facts: 0,
  own_namespace: 1,
  exit: 2,
  take_image: 3,
  environment: 4,
  is_inherited: 5,
  read_file: 6,
  read_host_file: 7,
  write_file: 8,
  append_file: 9,
  make_directory: 10,
  list_directory: 11,
  remove_directory: 12,
  remove_empty_directory: 13,
  remove_file: 14,
  lock_directory: 15,
  close_fd: 16,
  resolve_path: 17,
  resolve_in_root: 18,
  open_file: 19,
  working_directory: 20,
  read_documents: 21,
  end_lock_holder: 22,
  spawn: 23,
  proceed: 24,
  abandon: 25,
  start: 26,
  take_trace: 27,
  make_streams: 28,
  give_streams: 29,
  hold_signals: 30,
  become_subreaper: 31,
  supervise: 32,
  kernel_log: 33,
  process_statuses: 34,
  signal_process: 35,
  await_end: 36,
  open_process: 37,
  send_fd: 38,
  run_hook: 39,
  criu_start: 40,
  criu_exchange: 41,
  criu_end: 42,
  criu_status_ready: 43,
  notify_listen: 44,
  notify_forward: 45,
  seccomp_compile: 46,
  cgroup_create: 47,
  cgroup_in_use: 48,
  cgroup_write: 49,
  cgroup_read: 50,
  cgroup_join: 51,
  cgroup_delegate: 52,
  cgroup_processes: 53,
  cgroup_kill: 54,
  cgroup_freeze: 55,
  cgroup_frozen: 56,
  cgroup_remove: 57,
  cgroup_watch: 58,
  cgroup_devices: 59,
  bus_connect: 60,
  bus_write: 61,
  bus_read: 62,
  host_probe: 63,
  seccomp_explain: 64,
} as const;

/** Request and reply of every call. */
export type Calls = {
  host_facts: [FactsRequest, FactsReply];
  own_namespace: [OwnNamespaceRequest, OwnNamespaceReply];
  exit: [ExitRequest, ExitReply];
  take_image: [TakeImageRequest, TakeImageReply];
  environment: [EnvironmentRequest, EnvironmentReply];
  is_inherited: [IsInheritedRequest, IsInheritedReply];
  read_file: [PathRequest, ReadReply];
  read_host_file: [PathRequest, ReadReply];
  write_file: [WriteRequest, Done];
  append_file: [WriteRequest, Done];
  make_directory: [MakeDirectoryRequest, MakeDirectoryReply];
  list_directory: [PathRequest, ListReply];
  remove_directory: [PathRequest, Done];
  remove_empty_directory: [PathRequest, Done];
  remove_file: [PathRequest, RemoveFileReply];
  lock_directory: [LockRequest, LockReply];
  close_fd: [FdRequest, Done];
  resolve_path: [PathRequest, ResolveReply];
  resolve_in_root: [ResolveInRootRequest, ResolveInRootReply];
  open_file: [PathRequest, OpenFileReply];
  working_directory: [WorkingDirectoryRequest, WorkingDirectoryReply];
  read_documents: [DocumentsRequest, DocumentsReply];
  end_lock_holder: [PathRequest, EndLockHolderReply];
  spawn: [SpawnRequest, SpawnReply];
  proceed: [ProceedRequest, Spawned];
  abandon: [ProceedRequest, AbandonReply];
  start: [StartRequest, StartReply];
  take_trace: [TakeTraceRequest, TakeTraceReply];
  make_streams: [MakeStreamsRequest, MakeStreamsReply];
  give_streams: [GiveStreamsRequest, GiveStreamsReply];
  hold_signals: [HoldSignalsRequest, HoldSignalsReply];
  become_subreaper: [SubreaperRequest, SubreaperReply];
  supervise: [SuperviseRequest, SuperviseReply];
  kernel_log: [KernelLogRequest, KernelLogReply];
  process_statuses: [StatusesRequest, StatusesReply];
  signal_process: [SignalRequest, SignalReply];
  await_end: [AwaitEndRequest, AwaitEndReply];
  open_process: [OpenProcessRequest, OpenProcessReply];
  send_fd: [SendFdRequest, SendFdReply];
  run_hook: [RunHookRequest, RunHookReply];
  criu_start: [CriuStartRequest, CriuStarted];
  criu_exchange: [CriuExchangeRequest, CriuExchangeReply];
  criu_end: [CriuEndRequest, CriuEndReply];
  criu_status_ready: [CriuStatusReadyRequest, CriuStatusReadyReply];
  notify_listen: [NotifyListenRequest, NotifyListenReply];
  notify_forward: [NotifyForwardRequest, NotifyForwardReply];
  seccomp_compile: [SeccompCompileRequest, SeccompCompileReply];
  cgroup_create: [CgroupCreateRequest, CgroupCreateReply];
  cgroup_in_use: [CgroupInUseRequest, CgroupInUseReply];
  cgroup_write: [CgroupWriteRequest, CgroupWriteReply];
  cgroup_read: [CgroupReadRequest, CgroupReadReply];
  cgroup_join: [CgroupJoinRequest, CgroupJoinReply];
  cgroup_delegate: [CgroupDelegateRequest, CgroupDelegateReply];
  cgroup_processes: [CgroupProcessesRequest, CgroupProcessesReply];
  cgroup_kill: [CgroupKillRequest, CgroupKillReply];
  cgroup_freeze: [CgroupFreezeRequest, CgroupFreezeReply];
  cgroup_frozen: [CgroupFrozenRequest, CgroupFrozenReply];
  cgroup_remove: [CgroupRemoveRequest, CgroupRemoveReply];
  cgroup_watch: [CgroupWatchRequest, CgroupWatchReply];
  cgroup_devices: [CgroupDevicesRequest, CgroupDevicesReply];
  bus_connect: [BusConnectRequest, BusConnectReply];
  bus_write: [BusWriteRequest, BusWriteReply];
  bus_read: [BusReadRequest, BusReadReply];
  host_probe: [ProbeRequest, ProbeReply];
  seccomp_explain: [SeccompExplainRequest, SeccompExplainReply];
};

export const CLONE = {
  NEWNS: 131072,
  NEWCGROUP: 33554432,
  NEWUTS: 67108864,
  NEWIPC: 134217728,
  NEWUSER: 268435456,
  NEWPID: 536870912,
  NEWNET: 1073741824,
  NEWTIME: 128,
} as const;

export const MS = {
  RDONLY: 1,
  NOSUID: 2,
  NODEV: 4,
  NOEXEC: 8,
  SYNCHRONOUS: 16,
  REMOUNT: 32,
  MANDLOCK: 64,
  DIRSYNC: 128,
  NOATIME: 1024,
  NODIRATIME: 2048,
  BIND: 4096,
  MOVE: 8192,
  REC: 16384,
  SILENT: 32768,
  POSIXACL: 65536,
  UNBINDABLE: 131072,
  PRIVATE: 262144,
  SLAVE: 524288,
  SHARED: 1048576,
  RELATIME: 2097152,
  KERNMOUNT: 4194304,
  I_VERSION: 8388608,
  STRICTATIME: 16777216,
  LAZYTIME: 33554432,
  NOREMOTELOCK: 134217728,
  NOSEC: 268435456,
  BORN: 536870912,
  ACTIVE: 1073741824,
  NOUSER: 2147483648,
  RMT_MASK: 41943121,
  MGC_VAL: 3236757504,
  MGC_MSK: 4294901760,
} as const;

export const MOUNT_ATTR = {
  RDONLY: 1,
  NOSUID: 2,
  NODEV: 4,
  NOEXEC: 8,
  ATIME_MASK: 112,
  NOATIME: 16,
  STRICTATIME: 32,
  NODIRATIME: 128,
  IDMAP: 1048576,
  NOSYMFOLLOW: 2097152,
} as const;

export const CAP = {
  CHOWN: 0,
  DAC_OVERRIDE: 1,
  DAC_READ_SEARCH: 2,
  FOWNER: 3,
  FSETID: 4,
  KILL: 5,
  SETGID: 6,
  SETUID: 7,
  SETPCAP: 8,
  LINUX_IMMUTABLE: 9,
  NET_BIND_SERVICE: 10,
  NET_BROADCAST: 11,
  NET_ADMIN: 12,
  NET_RAW: 13,
  IPC_LOCK: 14,
  IPC_OWNER: 15,
  SYS_MODULE: 16,
  SYS_RAWIO: 17,
  SYS_CHROOT: 18,
  SYS_PTRACE: 19,
  SYS_PACCT: 20,
  SYS_ADMIN: 21,
  SYS_BOOT: 22,
  SYS_NICE: 23,
  SYS_RESOURCE: 24,
  SYS_TIME: 25,
  SYS_TTY_CONFIG: 26,
  MKNOD: 27,
  LEASE: 28,
  AUDIT_WRITE: 29,
  AUDIT_CONTROL: 30,
  SETFCAP: 31,
  MAC_OVERRIDE: 32,
  MAC_ADMIN: 33,
  SYSLOG: 34,
  WAKE_ALARM: 35,
  BLOCK_SUSPEND: 36,
  AUDIT_READ: 37,
  PERFMON: 38,
  BPF: 39,
  CHECKPOINT_RESTORE: 40,
  LAST_CAP: 40,
} as const;

export const RLIMIT = {
  CPU: 0,
  FSIZE: 1,
  DATA: 2,
  STACK: 3,
  CORE: 4,
  RSS: 5,
  NPROC: 6,
  NOFILE: 7,
  MEMLOCK: 8,
  AS: 9,
  LOCKS: 10,
  SIGPENDING: 11,
  MSGQUEUE: 12,
  NICE: 13,
  RTPRIO: 14,
  RTTIME: 15,
} as const;

export const SIG = {
  HUP: 1,
  INT: 2,
  QUIT: 3,
  ILL: 4,
  TRAP: 5,
  ABRT: 6,
  BUS: 7,
  FPE: 8,
  KILL: 9,
  USR1: 10,
  SEGV: 11,
  USR2: 12,
  PIPE: 13,
  ALRM: 14,
  TERM: 15,
  STKFLT: 16,
  CHLD: 17,
  CONT: 18,
  STOP: 19,
  TSTP: 20,
  TTIN: 21,
  TTOU: 22,
  URG: 23,
  XCPU: 24,
  XFSZ: 25,
  VTALRM: 26,
  PROF: 27,
  WINCH: 28,
  IO: 29,
  PWR: 30,
  SYS: 31,
} as const;

export const ERRNO = {
  SUCCESS: 0,
  PERM: 1,
  NOENT: 2,
  SRCH: 3,
  INTR: 4,
  IO: 5,
  NXIO: 6,
  "2BIG": 7,
  NOEXEC: 8,
  BADF: 9,
  CHILD: 10,
  AGAIN: 11,
  NOMEM: 12,
  ACCES: 13,
  FAULT: 14,
  NOTBLK: 15,
  BUSY: 16,
  EXIST: 17,
  XDEV: 18,
  NODEV: 19,
  NOTDIR: 20,
  ISDIR: 21,
  INVAL: 22,
  NFILE: 23,
  MFILE: 24,
  NOTTY: 25,
  TXTBSY: 26,
  FBIG: 27,
  NOSPC: 28,
  SPIPE: 29,
  ROFS: 30,
  MLINK: 31,
  PIPE: 32,
  DOM: 33,
  RANGE: 34,
  DEADLK: 35,
  NAMETOOLONG: 36,
  NOLCK: 37,
  NOSYS: 38,
  NOTEMPTY: 39,
  LOOP: 40,
  NOMSG: 42,
  IDRM: 43,
  CHRNG: 44,
  L2NSYNC: 45,
  L3HLT: 46,
  L3RST: 47,
  LNRNG: 48,
  UNATCH: 49,
  NOCSI: 50,
  L2HLT: 51,
  BADE: 52,
  BADR: 53,
  XFULL: 54,
  NOANO: 55,
  BADRQC: 56,
  BADSLT: 57,
  BFONT: 59,
  NOSTR: 60,
  NODATA: 61,
  TIME: 62,
  NOSR: 63,
  NONET: 64,
  NOPKG: 65,
  REMOTE: 66,
  NOLINK: 67,
  ADV: 68,
  SRMNT: 69,
  COMM: 70,
  PROTO: 71,
  MULTIHOP: 72,
  DOTDOT: 73,
  BADMSG: 74,
  OVERFLOW: 75,
  NOTUNIQ: 76,
  BADFD: 77,
  REMCHG: 78,
  LIBACC: 79,
  LIBBAD: 80,
  LIBSCN: 81,
  LIBMAX: 82,
  LIBEXEC: 83,
  ILSEQ: 84,
  RESTART: 85,
  STRPIPE: 86,
  USERS: 87,
  NOTSOCK: 88,
  DESTADDRREQ: 89,
  MSGSIZE: 90,
  PROTOTYPE: 91,
  NOPROTOOPT: 92,
  PROTONOSUPPORT: 93,
  SOCKTNOSUPPORT: 94,
  OPNOTSUPP: 95,
  PFNOSUPPORT: 96,
  AFNOSUPPORT: 97,
  ADDRINUSE: 98,
  ADDRNOTAVAIL: 99,
  NETDOWN: 100,
  NETUNREACH: 101,
  NETRESET: 102,
  CONNABORTED: 103,
  CONNRESET: 104,
  NOBUFS: 105,
  ISCONN: 106,
  NOTCONN: 107,
  SHUTDOWN: 108,
  TOOMANYREFS: 109,
  TIMEDOUT: 110,
  CONNREFUSED: 111,
  HOSTDOWN: 112,
  HOSTUNREACH: 113,
  ALREADY: 114,
  INPROGRESS: 115,
  STALE: 116,
  UCLEAN: 117,
  NOTNAM: 118,
  NAVAIL: 119,
  ISNAM: 120,
  REMOTEIO: 121,
  DQUOT: 122,
  NOMEDIUM: 123,
  MEDIUMTYPE: 124,
  CANCELED: 125,
  NOKEY: 126,
  KEYEXPIRED: 127,
  KEYREVOKED: 128,
  KEYREJECTED: 129,
  OWNERDEAD: 130,
  NOTRECOVERABLE: 131,
  RFKILL: 132,
  HWPOISON: 133,
  NSRNODATA: 160,
  NSRFORMERR: 161,
  NSRSERVFAIL: 162,
  NSRNOTFOUND: 163,
  NSRNOTIMP: 164,
  NSRREFUSED: 165,
  NSRBADQUERY: 166,
  NSRBADNAME: 167,
  NSRBADFAMILY: 168,
  NSRBADRESP: 169,
  NSRCONNREFUSED: 170,
  NSRTIMEOUT: 171,
  NSROF: 172,
  NSRFILE: 173,
  NSRNOMEM: 174,
  NSRDESTRUCTION: 175,
  NSRQUERYDOMAINTOOLONG: 176,
  NSRCNAMELOOP: 177,
} as const;

