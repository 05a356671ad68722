//! The proxy of sd_notify(3): a socket that the container can reach, whose messages go on to the service
//! manager ($NOTIFY_SOCKET), with the main process's pid as the manager sees it. Runs in the bunc process.

const std = @import("std");
const sys = @import("../sys.zig");
const process = @import("process.zig");
const process_stat = @import("../process_stat.zig");
const start_socket = @import("start_socket.zig");
const plan = @import("../plan.zig");
const Call = @import("../call.zig").Call;

/// As long as the manager may take to answer BARRIER=1; sd_notify_barrier(3).
const barrier_timeout_ms = 30_000;

/// What a container may report. MAINPID is set by us, descriptors (FDSTORE) are dropped unread.
const forwarded = [_][]const u8{
    "READY=",    "RELOADING=",     "STOPPING=",            "STATUS=",         "ERRNO=",
    "WATCHDOG=", "WATCHDOG_USEC=", "EXTEND_TIMEOUT_USEC=", "MONOTONIC_USEC=",
};

/// From a socket in the container's reach to the manager's.
pub const Relay = struct {
    /// -1: none.
    listener: sys.fd_t = -1,
    manager: sys.fd_t = -1,
    main_pid: i32 = 0,

    /// Takes over `listener`.
    pub fn open(call: *Call, listener: sys.fd_t, manager: []const u8, main_pid: i32) Call.Error!Relay {
        errdefer sys.close(listener);
        const fd = sys.unix_socket(sys.SOCK_DGRAM) catch return call.fail("socket", manager);
        errdefer sys.close(fd);
        const abstract = manager.len > 0 and manager[0] == '@';
        (if (abstract) sys.connect_unix_abstract(fd, manager[1..]) else sys.connect_unix(fd, manager)) catch
            return call.fail("connect", manager);
        return .{ .listener = listener, .manager = fd, .main_pid = main_pid };
    }

    pub fn close(self: *Relay) void {
        if (self.listener >= 0) sys.close(self.listener);
        if (self.manager >= 0) sys.close(self.manager);
        self.* = .{};
    }

    /// Passes one waiting message on. True: it reported that the service is ready.
    pub fn turn(self: *const Relay) sys.Error!bool {
        var buffer: [4096]u8 = undefined;
        const message = buffer[0..try sys.read(self.listener, &buffer)];
        // Room for the main process's line.
        var out: [buffer.len + 64]u8 = undefined;
        const translated = translate(message, self.main_pid, &out);
        if (translated.text.len > 0) try sys.send_message(self.manager, translated.text, -1);
        return translated.ready;
    }

    /// Returns when the manager has read everything: it looks us up by our pid, so we must not end before.
    pub fn barrier(self: *const Relay) sys.Error!void {
        var pair: [2]sys.fd_t = undefined;
        try sys.pipe(&pair);
        defer sys.close(pair[0]);
        {
            defer sys.close(pair[1]);
            try sys.send_message(self.manager, "BARRIER=1", pair[1]);
        }
        // The manager closes its copy of the other end.
        var poll = [_]sys.PollFd{.{ .fd = pair[0], .events = 0, .revents = 0 }};
        _ = try sys.poll(&poll, barrier_timeout_ms);
    }
};

const Translated = struct { text: []const u8, ready: bool };

fn translate(message: []const u8, main_pid: i32, out: []u8) Translated {
    var length: usize = 0;
    var ready = false;
    var lines = std.mem.splitScalar(u8, message, '\n');
    while (lines.next()) |line| {
        if (!is_forwarded(line)) continue;
        @memcpy(out[length..][0..line.len], line);
        out[length + line.len] = '\n';
        length += line.len + 1;
        if (std.mem.startsWith(u8, line, "READY=")) ready = true;
    }
    if (ready) {
        const main = std.fmt.bufPrint(out[length..], "MAINPID={d}\n", .{main_pid}) catch unreachable;
        length += main.len;
    }
    return .{ .text = out[0..length], .ready = ready };
}

fn is_forwarded(line: []const u8) bool {
    for (forwarded) |name| if (std.mem.startsWith(u8, line, name)) return true;
    return false;
}

pub const NotifyListenRequest = struct {
    /// Absolute path of an existing directory, which the container has too. The socket in it is
    /// `notify.sock`.
    directory: []const u8,
};
pub const NotifyListenReply = struct { fd: i32 };

pub fn notify_listen(call: *Call, request: NotifyListenRequest) Call.Error!NotifyListenReply {
    const path = try std.fmt.allocPrint(call.arena, "{s}/notify.sock", .{request.directory});
    var directory: sys.fd_t = -1;
    const short = try start_socket.short_path(call, path, &directory);
    defer sys.close(directory);
    // Of a proxy that was killed.
    sys.unlinkat(sys.AT.FDCWD, path, 0) catch if (!sys.is(.NOENT)) return call.fail("unlink", path);
    const fd = sys.unix_socket(sys.SOCK_DGRAM) catch return call.fail("socket", path);
    errdefer sys.close(fd);
    sys.bind_unix(fd, short) catch return call.fail("bind", path);
    // For any user of the container; nobody else can enter the state directory.
    sys.fchmodat(sys.AT.FDCWD, path, 0o777) catch return call.fail("chmod", path);
    return .{ .fd = fd };
}

pub const NotifyForwardRequest = struct {
    /// Of `notify_listen`; closed in any case.
    listener: i32,
    /// $NOTIFY_SOCKET: a path, or "@" and an abstract name.
    manager: []const u8,
    /// The container's init, which becomes the manager's main process.
    pid: i32,
    start_time: plan.U64,
};
pub const NotifyForwardReply = struct {
    /// False: the process ended without reporting.
    ready: bool,
};

/// Returns when the container has reported that it is ready and the manager has read it, or when it has
/// ended.
pub fn notify_forward(call: *Call, request: NotifyForwardRequest) Call.Error!NotifyForwardReply {
    var relay = try Relay.open(call, request.listener, request.manager, request.pid);
    defer relay.close();
    const pidfd = sys.pidfd_open(request.pid) catch {
        if (sys.is(.SRCH)) return .{ .ready = false };
        return call.fail("pidfd_open", "");
    };
    defer sys.close(pidfd);
    const started = process_stat.start_time(request.pid) catch return .{ .ready = false };
    if (started != request.start_time.value) return .{ .ready = false };
    while (true) {
        var polls = [_]sys.PollFd{
            .{ .fd = relay.listener, .events = sys.POLL.IN, .revents = 0 },
            .{ .fd = pidfd, .events = sys.POLL.IN, .revents = 0 },
        };
        _ = sys.poll(&polls, -1) catch return call.fail("poll", "");
        if (polls[0].revents != 0) {
            if (!(relay.turn() catch return call.fail("sendmsg", request.manager))) continue;
            relay.barrier() catch return call.fail("sendmsg", request.manager);
            return .{ .ready = true };
        }
        if (polls[1].revents != 0) return .{ .ready = false };
    }
}

test "what goes on to the service manager" {
    const cases = [_]struct { []const u8, []const u8, bool }{
        .{ "READY=1", "READY=1\nMAINPID=7\n", true },
        .{ "READY=1\nSTATUS=up\nMAINPID=1", "READY=1\nSTATUS=up\nMAINPID=7\n", true },
        .{ "STATUS=coming up\n", "STATUS=coming up\n", false },
        .{ "BARRIER=1", "", false },
        .{ "FDSTORE=1\nFDNAME=x", "", false },
        .{ "XREADY=1", "", false },
        .{ "", "", false },
    };
    for (cases) |case| {
        var out: [256]u8 = undefined;
        const translated = translate(case[0], 7, &out);
        try std.testing.expectEqualStrings(case[1], translated.text);
        try std.testing.expectEqual(case[2], translated.ready);
    }
}
