//! Facts about one process, and small writes to files of procfs and cgroups. Runs in the bunc process.

const std = @import("std");
const sys = @import("../sys.zig");
const Call = @import("../call.zig").Call;
const process_stat = @import("../process_stat.zig");
const U64 = @import("../integer.zig").U64;

/// One write(2) of the whole text: such files take a value in one piece.
pub fn write_file(path: [*:0]const u8, text: []const u8) sys.Error!void {
    const fd = try sys.open(path, sys.O.WRONLY | sys.O.CLOEXEC, 0);
    defer sys.close(fd);
    _ = try sys.write(fd, text);
}

/// A limit of a process, raised to `wanted` where it is lower. A process that is gone has none.
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

pub const StatusRequest = struct {
    pid: i32,
    /// Where the process waits for `start` if it is bunc-init: it tells where /proc/pid/exe may not be read.
    start_socket: []const u8,
};

pub const StatusReply = struct {
    /// State letter of proc_pid_stat(5) ("R", "S", "Z" …); "" when there is no such process.
    state: []const u8,
    start_time: U64,
    /// It is bunc-init and waits for `start`.
    waiting: bool,
};

/// What the kernel says about a process now.
pub fn process_status(call: *Call, request: StatusRequest) Call.Error!StatusReply {
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

fn is_waiting(call: *Call, request: StatusRequest) Call.Error!bool {
    var path: [32]u8 = undefined;
    const file = std.fmt.bufPrintSentinel(&path, "/proc/{d}/exe", .{request.pid}, 0) catch unreachable;
    var buffer: [64]u8 = undefined;
    if (sys.readlinkat(sys.AT.FDCWD, file, &buffer)) |executable| {
        return std.mem.startsWith(u8, executable, "/memfd:bunc-init");
    } else |_| {}
    // bunc-init lets nobody look into it, not even its own user (ordinary users: EACCES). `start` removes the socket.
    const socket = try call.path(request.start_socket);
    _ = sys.statx(sys.AT.FDCWD, socket, 0) catch return false;
    return true;
}

/// A child of ours, unless `pid` is 0. Closes `pidfd`.
pub fn kill_and_reap(pid: i32, pidfd: sys.fd_t) void {
    if (pid > 0) {
        // ESRCH: it has ended by itself, and is reaped all the same.
        sys.pidfd_send_signal(pidfd, 9) catch {};
        var status: u32 = 0;
        _ = sys.wait4(pid, &status, 0) catch {};
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

/// kill(2) that cannot hit a process that got the pid later: the pidfd is taken first, then the start time compared.
pub fn signal_process(call: *Call, request: SignalRequest) Call.Error!SignalReply {
    const pidfd = sys.pidfd_open(request.pid) catch {
        if (sys.is_no_process()) return .{ .sent = false };
        return call.fail("pidfd_open", "");
    };
    defer sys.close(pidfd);
    const now = process_stat.read(request.pid) catch {
        if (sys.is(.NOENT) or sys.is(.SRCH)) return .{ .sent = false };
        return call.fail("read", "/proc/pid/stat");
    };
    if (now.start_time != request.start_time.value or now.state == 'Z') return .{ .sent = false };
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
    const pidfd = sys.pidfd_open(request.pid) catch {
        if (sys.is_no_process()) return .{ .ended = true };
        return call.fail("pidfd_open", "");
    };
    defer sys.close(pidfd);
    const started = process_stat.start_time(request.pid) catch return .{ .ended = true };
    if (started != request.start_time.value) return .{ .ended = true };
    var poll = [_]sys.PollFd{.{ .fd = pidfd, .events = sys.POLL.IN, .revents = 0 }};
    const ready = sys.poll(&poll, @intCast(request.timeout_ms)) catch return call.fail("poll", "pidfd");
    return .{ .ended = ready == 1 };
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
