//! Start a program from a descriptor with clone3(CLONE_VM | CLONE_VFORK) and execveat.
//! Runs in the bunc process, which has threads: the child shares its memory until it execs, so it may
//! only make system calls on its own stack. Nothing is copied (no page tables), and no lock is touched.

const std = @import("std");
const sys = @import("../sys.zig");
const streams = @import("streams.zig");
const CLONE = std.os.linux.CLONE;

pub const Child = struct {
    args: [*:null]const ?[*:0]const u8,
    /// Descriptor of the executable.
    executable: sys.fd_t,
    /// Descriptors that stay open across execveat, under their numbers.
    keep: []const sys.fd_t,
    /// How many after standard error stay open too: Bun has made those above 3 close-on-exec.
    preserve_fds: u32 = 0,
    /// RLIMIT_STACK is raised before execveat: the kernel gives a program the one that it began to exec with,
    /// and with CLONE_VFORK the parent goes on a moment before that, so setting it from outside can be
    /// undone.
    stack_limit: ?sys.RLimit = null,
};

pub const Started = struct { pid: i32, pidfd: sys.fd_t };

/// What the child has in common with its parent until it execs or ends.
pub const Shared = struct {
    argument: *const anyopaque,
    /// Runs in the child. Nothing but system calls: all signals are blocked, the descriptor table is the
    /// child's own unless CLONE_FILES says otherwise.
    start: *const fn (shared: *Shared) sys.Error!void,
    /// The call under way.
    op: [*:0]const u8 = "",
    /// What it is made on.
    target: []const u8 = "",
    errno: sys.E = .SUCCESS,
};

/// `flags`: CLONE_NEW* of the namespaces to make. `cgroup`: descriptor of a cgroup v2 directory, or -1. After
/// an error `sys.backend.failed_op` says which call failed.
pub fn spawn(child: *const Child, flags: u64, cgroup: sys.fd_t) sys.Error!Started {
    var shared: Shared = .{ .argument = child, .start = start };
    return run_child(&shared, flags, cgroup);
}

/// As `spawn`, for other work in the child. `flags` may have CLONE_FILES too.
pub fn run_child(shared: *Shared, flags: u64, cgroup: sys.fd_t) sys.Error!Started {
    const stack_size = 64 * 1024;
    const linux = std.os.linux;
    sys.backend.failed_op = "mmap";
    const stack = try sys.map_memory(stack_size);
    defer sys.munmap(stack, stack_size);

    var pidfd: i32 = -1;
    const args: sys.CloneArgs = .{
        .flags = flags | CLONE.VM | CLONE.VFORK | CLONE.PIDFD | CLONE.CLEAR_SIGHAND |
            (if (cgroup >= 0) @as(u64, CLONE.INTO_CGROUP) else 0),
        .pidfd = @intFromPtr(&pidfd),
        .exit_signal = @intFromEnum(linux.SIG.CHLD),
        .stack = stack,
        .stack_size = stack_size,
        .cgroup = if (cgroup >= 0) @intCast(cgroup) else 0,
    };
    // No signal handler of Bun may run in the child, which shares our memory.
    var before: sys.SignalSet = 0;
    sys.sigprocmask(sys.SIG.SETMASK, ~@as(sys.SignalSet, 0), &before);
    const cloned = sys.clone_vfork(&args, run, @intFromPtr(shared));
    sys.sigprocmask(sys.SIG.SETMASK, before, null);

    sys.backend.failed_op = "clone3";
    const pid = try cloned;
    if (shared.errno != .SUCCESS) {
        sys.reap(pid);
        sys.close(pidfd);
        sys.backend.failed_op = std.mem.span(shared.op);
        return sys.fail(shared.errno);
    }
    return .{ .pid = pid, .pidfd = pidfd };
}

/// The child: all signals blocked, own descriptor table, the parent's memory.
fn run(address: usize) callconv(.c) noreturn {
    const shared: *Shared = @ptrFromInt(address);
    shared.start(shared) catch {
        shared.errno = sys.backend.errno;
    };
    sys.exit(1);
}

fn start(shared: *Shared) sys.Error!void {
    shared.op = "fcntl";
    const child: *const Child = @ptrCast(@alignCast(shared.argument));
    for (child.keep) |fd| try sys.set_cloexec(fd, false);
    try streams.take_in_child();
    for (3..3 + child.preserve_fds) |fd| try sys.set_cloexec(@intCast(fd), false);
    const rlimit_stack = @intFromEnum(std.os.linux.rlimit_resource.STACK);
    // The parent reports a refusal: it sets every limit and knows its config path.
    if (child.stack_limit) |limit| sys.prlimit(0, rlimit_stack, &limit, null) catch {};
    const no_environment = [_:null]?[*:0]const u8{};
    shared.op = "execveat";
    try sys.execveat(child.executable, "", child.args, &no_environment, sys.AT.EMPTY_PATH);
}
