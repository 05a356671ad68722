//! The Plan: everything the core needs to make one process of a container, fully resolved.
//!
//! TypeScript decides, Zig does. A Plan has no field that means "you choose": every default has been
//! taken, every flag is a kernel number, every path is absolute. The TypeScript type is generated from
//! this file (`zig build gen` writes src/native/boundary.gen.ts), so the two sides cannot drift.
//!
//! Who reads it: libbunc decodes it from JSON (json.zig), the spawner (parent/spawn.zig) acts on the
//! parts that the parent must do, and the rest travels in binary form (wire.zig) to bunc-init.
//! 64-bit integers cross the boundary as decimal strings (`U64`): JavaScript cannot represent them.

const std = @import("std");
const stdio = @import("stdio.zig");
const sys = @import("sys.zig");
pub const U64 = @import("integer.zig").U64;

/// One process to make: the init of a container, or a further process of it (`exec`).
pub const Plan = struct {
    /// The container's id: names the session keyring and the process while it waits.
    id: []const u8,
    placement: Placement,
    /// CPUs on which the process begins, as in CpuAffinity; empty: those of the caller.
    initial_cpus: []const u32,
    namespaces: Namespaces,
    /// What the parent applies to the process from outside, before it goes on.
    limits: Limits,
    stdio: Stdio,
    /// The parent, which has the host's rights, opens sources of binds that bunc-init may not reach or map.
    parent_opens_sources: bool,
    /// bunc-init tells how long each of its steps takes (zig/trace.zig).
    trace: bool,
    /// What bunc-init does, in this order, before it reports that it is ready.
    steps: []const Step,
    process: Process,

    pub fn has(self: *const Plan, op: std.meta.Tag(Op)) bool {
        for (self.steps) |step| if (step.op == op) return true;
        return false;
    }
};

/// Where the process is put before it runs its first step. Resources are written earlier (cgroup calls).
pub const Placement = struct {
    /// A cgroup v2 directory for clone3's CLONE_INTO_CGROUP.
    into: ?[]const u8,
    /// The `tasks` file of every v1 cgroup it is to be in: it writes itself into them before anything else.
    /// They do not wait for an RCU grace period (10 ms), as cgroup.procs does.
    tasks: []const []const u8,
};

/// Namespaces, as CLONE_NEW* masks (namespaces(7)). They are joined first, then created.
pub const Namespaces = struct {
    create: u32,
    join: []const NamespaceJoin,
    join_process: ?NamespaceProcess,
    /// user_namespaces(7) maps of a new user namespace; empty otherwise.
    uid_map: []const IdMap,
    gid_map: []const IdMap,
    /// Write "deny" to /proc/pid/setgroups before the gid map.
    deny_setgroups: bool,
    /// Paths of newuidmap(1) and newgidmap(1); null: the parent writes the map files itself.
    newuidmap: ?[]const u8,
    newgidmap: ?[]const u8,
    /// Stage 1 executes itself once more in the new user namespace, which must map root: its owner may look
    /// into bunc-init then. See zig/init/again.zig.
    execute_again: bool,
    /// time_namespaces(7) offsets of a new time namespace.
    time_offsets: []const TimeOffset,
};

pub const NamespaceJoin = struct {
    /// One CLONE_NEW* flag.
    type: u32,
    path: []const u8,
    subject: []const u8,
};

/// A running process whose namespaces are joined, through a pidfd. `start_time`: field 22 of
/// proc_pid_stat(5); another process that has its pid by now is not joined. `flags`: CLONE_NEW* mask; those
/// equal to the caller's are skipped.
pub const NamespaceProcess = struct { pid: i32, start_time: U64, flags: u32 };

pub const IdMap = struct { container_id: u32, host_id: u32, size: u32 };

pub const Clock = enum { monotonic, boottime };
pub const TimeOffset = struct { clock: Clock, seconds: []const u8, nanoseconds: u32 };

pub const Limits = struct { rlimits: []const Rlimit, oom_score_adj: ?OomScoreAdj };

/// prlimit(2). `resource` is the RLIMIT_* number.
pub const Rlimit = struct {
    resource: u32,
    soft: U64,
    hard: U64,
    /// A refusal (EPERM) is not an error: nobody asked for it, and the user namespace may be somebody else's.
    best_effort: bool,
    subject: []const u8,

    pub fn limit(self: Rlimit) sys.RLimit {
        return .{ .soft = self.soft.value, .hard = self.hard.value };
    }
};

pub const OomScoreAdj = struct {
    value: i32,
    /// A refusal (EACCES, EPERM) is not an error: rootless callers may only raise the value.
    best_effort: bool,
};

pub const Stdio = stdio.Stdio;
pub const Streams = stdio.Streams;
pub const Stream = stdio.Stream;

/// One operation of bunc-init and the config path that asked for it (`mounts[3]`).
pub const Step = struct {
    subject: []const u8,
    op: Op,
};

pub const Op = union(enum) {
    /// Bring the loopback interface of the (new) network namespace up. netdevice(7).
    loopback_up: Empty,
    /// Join a new session keyring of this name. keyctl(2).
    session_keyring: SessionKeyring,
    /// Set propagation of "/" as it was inherited from the host, before anything is mounted.
    root_propagation: RootPropagation,
    /// Open the root file system, make its parent mount private, and bind it on itself: pivot_root wants a
    /// mount.
    bind_root: BindRoot,
    mount: Mount,
    /// Make a device node (mknod(2)), or bind the host's node where mknod is not allowed (user namespaces).
    device: Device,
    symlink: Symlink,
    /// Report to the parent, which runs the prestart and createRuntime hooks, and wait for its word.
    parent_hooks: Empty,
    /// Run hooks as children of bunc-init, in the namespaces it is in now.
    hooks: HookSet,
    pivot_root: Empty,
    /// `--no-pivot`: move the root mount over "/" and chroot into it.
    move_root: Empty,
    /// No mount namespace: chroot(2) only.
    change_root: Empty,
    /// Allocate the terminal (Stdio.terminal), send its master to the parent, bind its slave on /dev/console
    /// if asked.
    console: Console,
    /// Set MOUNT_ATTR_* on an existing mount of the container (after everything in it has been made).
    remount: Remount,
    /// Propagation of the container's "/" after pivot_root (linux.rootfsPropagation).
    final_propagation: RootPropagation,
    hostname: Name,
    domainname: Name,
    sysctl: Sysctl,
    readonly_path: Path,
    masked_path: Path,
    /// Detach what is mounted there, with all below it. No component may be a symbolic link.
    unmount: Path,
    umask: Umask,
    no_new_privs: Empty,
    cpu_affinity: CpuAffinity,
    /// Every CPU, of which the kernel keeps those that the cgroup's cpuset allows. sched_setaffinity(2).
    every_cpu: Empty,
    scheduler: Scheduler,
    io_priority: IoPriority,
    memory_policy: MemoryPolicy,
    personality: Personality,
    /// Write the AppArmor profile that the next exec enters. /proc/thread-self/attr/apparmor/exec.
    apparmor_exec: Label,
    /// Write the SELinux label that the next exec enters. /proc/thread-self/attr/exec.
    selinux_exec: Label,
    seccomp: Seccomp,
    /// Drop capabilities that are not in the mask (as a 64-bit set) from the bounding set. capabilities(7).
    capability_bounding: CapabilitySet,
    /// setgroups, setresgid, setresuid, with PR_SET_KEEPCAPS around them. credentials(7).
    user: User,
    capabilities: Capabilities,
    working_directory: WorkingDirectory,
    /// Move a network device of the host into the network namespace (done by stage 1, before it joins).
    network_device: NetworkDevice,
};

pub const Empty = struct {};
pub const Name = struct { name: []const u8 };
pub const Path = struct { path: []const u8 };
pub const Label = struct { label: []const u8 };
pub const Umask = struct { mask: u32 };
pub const SessionKeyring = struct { name: []const u8, label: []const u8 };
/// `flags`: one of MS_SHARED, MS_PRIVATE, MS_SLAVE, MS_UNBINDABLE.
pub const RootPropagation = struct { flags: u32, recursive: bool };
pub const BindRoot = struct {
    /// Absolute host path of the root file system.
    path: []const u8,
    /// false: open it only. Without a mount namespace of its own nothing may be mounted for the container.
    bind: bool,
};

pub const Mount = struct {
    /// Absolute path in the container. Resolved through the root fd with openat2(RESOLVE_IN_ROOT).
    target: []const u8,
    source: MountSource,
    /// No component may be a symbolic link and the last must be a directory (proc, sysfs: CVE-2023-28642).
    ordinary_directory: bool,
    attributes: MountAttributes,
    /// The same for the mount and all below it (rro, rnosuid …); zero: none. mount_setattr(2) AT_RECURSIVE.
    recursive_attributes: MountAttributes,
    propagation: []const Propagation,
    /// tmpfs only: copy what stands at the target into the new file system before it covers it.
    copy_up: bool,
    id_map: ?MountIdMap,
};

pub const MountSource = union(enum) {
    /// fsopen, fsconfig, fsmount.
    filesystem: Filesystem,
    /// open_tree(OPEN_TREE_CLONE); the target is made of the source's kind (directory or file).
    bind: Bind,
    /// Change the mount that stands at the target (fspick, FSCONFIG_CMD_RECONFIGURE, mount_setattr).
    remount: Reconfigure,
};

pub const Filesystem = struct {
    type: []const u8,
    source: []const u8,
    options: []const MountOption,
    /// tmpfs without a mode of its own: it gets the mode of the directory it covers, if that was there.
    mode_of_target: bool,
    /// cgroup2 only: when the kernel refuses (EPERM, EBUSY), bind this host directory instead.
    fallback_bind: ?[]const u8,
};

pub const Bind = struct { path: []const u8, recursive: bool };
pub const Reconfigure = struct { options: []const MountOption };

/// `value` null: a flag (FSCONFIG_SET_FLAG), else FSCONFIG_SET_STRING.
pub const MountOption = struct { key: []const u8, value: ?[]const u8 };

/// MOUNT_ATTR_* masks of mount_setattr(2).
pub const MountAttributes = struct {
    set: u32,
    /// Cleared; a refusal is an error: the user asked for it by name.
    clear: u32,
    /// Cleared if the kernel allows it (they may be locked by a user namespace: mount_namespaces(7)).
    clear_unlocked: u32,
};

/// One of MS_SHARED, MS_PRIVATE, MS_SLAVE, MS_UNBINDABLE.
pub const Propagation = struct { flag: u32, recursive: bool };

pub const MountIdMap = struct {
    uid_map: []const IdMap,
    gid_map: []const IdMap,
    recursive: bool,
    /// Use the container's own user namespace instead of the maps.
    container_userns: bool,
};

pub const DeviceKind = enum { character, block, fifo };

pub const Device = struct {
    path: []const u8,
    kind: DeviceKind,
    major: u32,
    minor: u32,
    /// Permission bits.
    mode: u32,
    uid: u32,
    gid: u32,
    /// Bind the host's node of the same path instead of mknod.
    bind: bool,
};

pub const Symlink = struct {
    /// What the link says.
    target: []const u8,
    /// Where it stands in the container.
    path: []const u8,
    /// An existing file there is replaced (ptmx), otherwise it is left and no error.
    replace: bool,
};

/// The `/dev/console` bind is made only where the container has its own mount namespace.
pub const Console = struct {
    bind: bool,
    /// ONLCR of termios(3): line feeds become CR LF, unless the caller's terminal does that.
    newline_to_crlf: bool,
};

pub const Remount = struct { path: []const u8, attributes: MountAttributes };

/// `key` as a path below /proc/sys, e.g. "net/ipv4/ip_forward".
pub const Sysctl = struct { key: []const u8, value: []const u8 };

pub const HookKind = enum { prestart, createRuntime, createContainer, startContainer, poststart, poststop };

pub const HookSet = struct {
    kind: HookKind,
    hooks: []const Hook,
    /// The state JSON for their stdin is `head` ++ pid ++ `tail`: only bunc-init knows its pid.
    state_head: []const u8,
    state_tail: []const u8,
    /// Absolute paths of host files that their output is appended to; empty: its end is kept for the error.
    stdout: []const u8,
    stderr: []const u8,
};

/// runtime-spec config.md, POSIX-platform Hooks.
pub const Hook = struct {
    path: []const u8,
    args: []const []const u8,
    env: []const []const u8,
    /// startContainer hooks without an `env` of their own: that of the process, as it will be.
    env_of_process: bool,
    /// 0: no limit.
    timeout_ms: u32,
    subject: []const u8,
};

/// Bit n: CPU n. `mask` as 32-bit words, least significant first. sched_setaffinity(2).
pub const CpuAffinity = struct { mask: []const u32 };

/// sched_setattr(2); `policy` and `flags` are kernel numbers.
pub const Scheduler = struct {
    policy: u32,
    flags: U64,
    nice: i32,
    priority: u32,
    runtime_ns: U64,
    deadline_ns: U64,
    period_ns: U64,
};

/// ioprio_set(2): class << 13 | level.
pub const IoPriority = struct { value: u32 };

/// set_mempolicy(2); `nodes` as 32-bit words, least significant first.
pub const MemoryPolicy = struct { mode: u32, flags: u32, nodes: []const u32 };

/// personality(2) number.
pub const Personality = struct { persona: u32 };

pub const Seccomp = struct {
    /// The BPF program: 8 bytes an instruction, base64 (struct sock_filter in host order).
    program: []const u8,
    /// SECCOMP_FILTER_FLAG_* of seccomp(2).
    flags: u32,
    /// Absolute path of the agent's socket for SCMP_ACT_NOTIFY; null: no listener. The parent sends it.
    listener_path: ?[]const u8,
    listener_metadata: []const u8,
};

pub const CapabilitySet = struct { set: U64 };

/// capset(2) and PR_CAP_AMBIENT, as 64-bit sets (bit n: capability n).
pub const Capabilities = struct {
    effective: U64,
    permitted: U64,
    inheritable: U64,
    ambient: U64,
};

pub const User = struct {
    uid: u32,
    gid: u32,
    additional_gids: []const u32,
    /// setgroups(2) is not called (denied by the user namespace, and no groups asked for).
    keep_groups: bool,
};

pub const WorkingDirectory = struct {
    path: []const u8,
    /// Make the missing directory (0755), as runc does for images with a WORKDIR that does not exist.
    create: bool,
};

pub const NetworkDevice = struct { name: []const u8, new_name: []const u8 };

/// How the process waits between "ready" and exec.
pub const Start = enum {
    /// Goes on at once (`exec`).
    immediately,
    /// Waits for the word on the channel to its parent (`run`).
    parent,
    /// Waits for a connection to the start socket (`create`, then `start`).
    socket,
    /// Ends instead: its steps were what it was for (`mounts` on a running container).
    never,
};

pub const Process = struct {
    args: []const []const u8,
    env: []const []const u8,
    /// Set HOME from the container's /etc/passwd for this uid where `env` has none or an empty one.
    home_uid: u32,
    start: Start,
    /// Start.socket: absolute path of the socket to listen on, in the state directory.
    start_socket: []const u8,
    /// Run after `start`, before exec.
    start_hooks: ?HookSet,
    /// LISTEN_PID=<own pid> is added to the environment (systemd socket activation, sd_listen_fds(3)).
    listen_pid: bool,
};
