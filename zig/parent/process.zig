//! Facts about one process, and small writes to files of procfs and cgroups. Runs in the bunc process.

const std = @import("std");
const sys = @import("../sys.zig");
const Call = @import("../call.zig").Call;
const process_stat = @import("../process_stat.zig");
const U64 = @import("../integer.zig").U64;

/// One write(2) of the whole text: such files take a value in one piece.
pub fn write_file(path: []const u8, text: []const u8) sys.Error!void {
    const fd = try sys.open(path, sys.O.WRONLY);
    defer sys.close(fd);
    _ = try sys.write(fd, text);
}

/// The limit of a process, raised to `wanted` if it is lower. `wanted` itself if the process is gone.
pub fn raised(pid: i32, resource: u32, wanted: sys.RLimit) sys.RLimit {
    var now: sys.RLimit = undefined;
    sys.prlimit(pid, resource, null, &now) catch return wanted;
    return .{ .soft = @max(wanted.soft, now.soft), .hard = @max(wanted.hard, now.hard) };
}

/// "exit status 3" or "killed by signal 9".
pub fn describe_status(arena: std.mem.Allocator, status: u32) []const u8 {
    const W = std.os.linux.W;
    return (if (W.IFEXITED(status))
        std.fmt.allocPrint(arena, "exit status {d}", .{W.EXITSTATUS(status)})
    else
        std.fmt.allocPrint(arena, "killed by signal {d}", .{status & 0x7f})) catch "";
}

pub const StatusesRequest = struct { processes: []const StatusRequest };
pub const StatusesReply = struct {
    /// In the order of the request.
    statuses: []const StatusReply,
};

pub const StatusRequest = struct {
    pid: i32,
    /// Where the process waits for `start` if it is bunc-init.
    start_socket: []const u8,
    /// Spawned.executable of the process; "": it is not known (a record of an older bunc).
    executable: []const u8,
};

pub const StatusReply = struct {
    /// State letter of proc_pid_stat(5) ("R", "S", "Z" …); "" when there is no such process.
    state: []const u8,
    start_time: U64,
    /// It is bunc-init and waits for `start`.
    waiting: bool,
};

/// What the kernel says about processes now.
pub fn process_statuses(call: *Call, request: StatusesRequest) Call.Error!StatusesReply {
    const statuses = try call.arena.alloc(StatusReply, request.processes.len);
    for (statuses, request.processes) |*status, process| status.* = try status_of(call, process);
    return .{ .statuses = statuses };
}

fn status_of(call: *Call, request: StatusRequest) Call.Error!StatusReply {
    const gone: StatusReply = .{ .state = "", .start_time = .{ .value = 0 }, .waiting = false };
    const stat = process_stat.read(request.pid) catch {
        if (sys.is(.NOENT) or sys.is(.SRCH)) return gone;
        return call.fail("read", "/proc/pid/stat");
    };
    return .{
        .state = try call.arena.dupe(u8, &.{stat.state}),
        .start_time = .{ .value = stat.start_time },
        .waiting = try is_waiting(call, request),
    };
}

/// Nothing that the container can imitate decides: the socket is in the state directory, from which `start`
/// removes it, and no other file is ever the memfd that bunc-init was executed from.
fn is_waiting(call: *Call, request: StatusRequest) Call.Error!bool {
    _ = sys.statx(sys.AT.FDCWD, request.start_socket, 0) catch return false;
    if (request.executable.len == 0) return true;
    var path: [32]u8 = undefined;
    const file = std.fmt.bufPrint(&path, "/proc/{d}/exe", .{request.pid}) catch unreachable;
    // bunc-init cannot be inspected, not even by its own user (ordinary users: EACCES).
    const stat = sys.statx(sys.AT.FDCWD, file, 0) catch return true;
    return std.mem.eql(u8, try identity(call, stat), request.executable);
}

/// Which file it is, as long as it exists: "0:1:2077".
pub fn identity(call: *Call, stat: sys.Stat) Call.Error![]const u8 {
    const numbers = .{ stat.device_major, stat.device_minor, stat.inode };
    return std.fmt.allocPrint(call.arena, "{d}:{d}:{d}", numbers);
}

/// A child of ours of which there is no pidfd. Until it is reaped nobody else has its pid.
pub fn kill_child(pid: i32) void {
    sys.kill(pid, 9) catch {};
    sys.reap(pid);
}

/// A child of ours, unless `pid` is 0. Closes `pidfd`.
pub fn kill_and_reap(pid: i32, pidfd: sys.fd_t) void {
    if (pid > 0) {
        // ESRCH: it has ended by itself, and is reaped all the same.
        sys.pidfd_send_signal(pidfd, 9) catch {};
        sys.reap(pid);
    }
    sys.close(pidfd);
}

pub const SignalRequest = struct {
    pid: i32,
    /// The signal goes to the process only if it is still the one that started then.
    start_time: U64,
    signal: u32,
};
pub const SignalReply = struct {
    /// False: that process has ended.
    sent: bool,
};

/// A pidfd of the process that had this pid and start time; ESRCH: it has ended and is reaped. The pidfd is
/// taken first and the start time compared after: it cannot be that of a process that got the pid later.
pub fn open(pid: i32, start_time: u64) sys.Error!sys.fd_t {
    const pidfd = sys.pidfd_open(pid) catch {
        if (sys.is_no_process()) return sys.fail(.SRCH);
        return error.Sys;
    };
    errdefer sys.close(pidfd);
    const started = process_stat.start_time(pid) catch {
        if (sys.is(.NOENT)) return sys.fail(.SRCH);
        return error.Sys;
    };
    if (started != start_time) return sys.fail(.SRCH);
    return pidfd;
}

/// kill(2) that cannot hit a process that got the pid later.
pub fn signal_process(call: *Call, request: SignalRequest) Call.Error!SignalReply {
    const pidfd = open(request.pid, request.start_time.value) catch {
        if (sys.is(.SRCH)) return .{ .sent = false };
        return call.fail("pidfd_open", "");
    };
    defer sys.close(pidfd);
    const now = process_stat.read(request.pid) catch {
        if (sys.is(.NOENT) or sys.is(.SRCH)) return .{ .sent = false };
        return call.fail("read", "/proc/pid/stat");
    };
    if (now.state == 'Z') return .{ .sent = false };
    sys.pidfd_send_signal(pidfd, request.signal) catch {
        if (sys.is(.SRCH)) return .{ .sent = false };
        return call.fail("pidfd_send_signal", "");
    };
    return .{ .sent = true };
}

pub const AwaitEndRequest = struct { pid: i32, start_time: U64, timeout_ms: u32 };
pub const AwaitEndReply = struct { ended: bool };

/// Waits until that process has ended (a zombie has), at most `timeout_ms`.
pub fn await_end(call: *Call, request: AwaitEndRequest) Call.Error!AwaitEndReply {
    const pidfd = open(request.pid, request.start_time.value) catch {
        if (sys.is(.SRCH)) return .{ .ended = true };
        return call.fail("pidfd_open", "");
    };
    defer sys.close(pidfd);
    var poll = [_]sys.PollFd{.{ .fd = pidfd, .events = sys.POLL.IN, .revents = 0 }};
    const ready = sys.poll(&poll, @intCast(request.timeout_ms)) catch return call.fail("poll", "pidfd");
    return .{ .ended = ready == 1 };
}

/// Of bunc-init whose channel is closed: it has executed the program, and is not about to end.
pub fn has_program(pid: i32, start_time: u64) bool {
    const stat = process_stat.read(pid) catch return false;
    return stat.start_time == start_time and stat.has_memory;
}

pub const OpenProcessRequest = struct { pid: i32 };
pub const OpenProcessReply = struct {
    pidfd: i32,
    start_time: U64,
};

/// A handle of a child of ours, which keeps its pid until it is reaped.
pub fn open_process(call: *Call, request: OpenProcessRequest) Call.Error!OpenProcessReply {
    const pidfd = sys.pidfd_open(request.pid) catch return call.fail("pidfd_open", "");
    errdefer sys.close(pidfd);
    const started = process_stat.start_time(request.pid) catch return call.fail("read", "/proc/pid/stat");
    return .{ .pidfd = pidfd, .start_time = .{ .value = started } };
}
