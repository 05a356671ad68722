//! Stay with a foreground process until it ends: pass signals on, carry its terminal, reap it.
//! Runs in the bunc process, for `run` and `exec` without --detach.

const std = @import("std");
const sys = @import("../sys.zig");
const signals = @import("signals.zig");
const Terminal = @import("terminal.zig").Terminal;
const Notify = @import("notify.zig").Relay;
const Call = @import("../call.zig").Call;
const SIG = std.os.linux.SIG;

pub const SuperviseRequest = struct {
    pid: i32,
    pidfd: i32,
    /// Master of the process's terminal, to carry; -1: none.
    console: i32,
    /// sd_notify(3): the socket of `notify_listen`, which is closed in the end, and $NOTIFY_SOCKET; null: none.
    notify: ?SuperviseNotify,
};

pub const SuperviseNotify = struct { listener: i32, manager: []const u8 };

pub const SuperviseReply = struct {
    /// As a shell gives it: the exit status, or 128 + the signal that ended it.
    status: u32,
    signaled: bool,
};

pub const SubreaperRequest = struct {};
pub const SubreaperReply = struct {};

/// Adopts orphans of the container when it shares our pid namespace: PR_SET_CHILD_SUBREAPER. prctl(2).
pub fn become_subreaper(call: *Call, request: SubreaperRequest) Call.Error!SubreaperReply {
    _ = request;
    _ = sys.prctl(sys.PR.SET_CHILD_SUBREAPER, 1, 0, 0, 0) catch return call.fail("prctl", "PR_SET_CHILD_SUBREAPER");
    return .{};
}

pub fn supervise(call: *Call, request: SuperviseRequest) Call.Error!SuperviseReply {
    const terminal = if (request.console >= 0) Terminal.take() catch return call.fail("ioctl", "terminal") else null;
    defer if (terminal) |taken| taken.restore();
    if (terminal) |taken| taken.copy_size(request.console);

    var relay: Relay = .{ .console = request.console };
    // To the manager the service is this process: it ends as the container does.
    var notify: Notify = if (request.notify) |it| try .open(call, it.listener, it.manager, sys.getpid()) else .{};
    defer notify.close();

    while (true) {
        var polls = [_]sys.PollFd{
            .{ .fd = signals.descriptor(), .events = sys.POLL.IN, .revents = 0 },
            .{ .fd = request.pidfd, .events = sys.POLL.IN, .revents = 0 },
            .{ .fd = relay.console, .events = relay.console_events(), .revents = 0 },
            .{ .fd = if (relay.wants_input()) 0 else -1, .events = sys.POLL.IN, .revents = 0 },
            .{ .fd = if (relay.has_output()) 1 else -1, .events = sys.POLL.OUT, .revents = 0 },
            .{ .fd = notify.listener, .events = sys.POLL.IN, .revents = 0 },
        };
        _ = sys.poll(&polls, -1) catch return call.fail("poll", "");
        while (signals.next() catch return call.fail("read", "signals")) |signal| pass_signal(signal, request, terminal);
        relay.turn(polls[2].revents, polls[3].revents, polls[4].revents);
        if (polls[5].revents != 0) {
            // The container goes on without a manager that is gone.
            _ = notify.turn() catch notify.close();
        }
        if (polls[1].revents != 0) {
            const status = try reap(call, request.pid);
            relay.drain();
            return status;
        }
    }
}

fn pass_signal(signal: SIG, request: SuperviseRequest, terminal: ?Terminal) void {
    switch (signal) {
        // Orphans of the container that were given to us (subreaper).
        .CHLD => reap_orphans(request.pid),
        .WINCH => if (terminal) |taken| {
            taken.copy_size(request.console);
        } else send(request.pidfd, signal),
        // Terminal job control stops us, not the container.
        .TTIN, .TTOU, .URG => {},
        else => send(request.pidfd, signal),
    }
}

fn send(pidfd: sys.fd_t, signal: SIG) void {
    // ESRCH: it has ended, and the next turn of the loop sees that.
    sys.pidfd_send_signal(pidfd, @intFromEnum(signal)) catch {};
}

fn reap_orphans(main: i32) void {
    const P = std.os.linux.P;
    while (true) {
        // Look without reaping: the main process is reaped by its own hand.
        var info: std.os.linux.siginfo_t = undefined;
        @memset(std.mem.asBytes(&info), 0);
        const W = std.os.linux.W;
        _ = sys.check(std.os.linux.waitid(P.ALL, 0, &info, W.EXITED | W.NOHANG | W.NOWAIT, null)) catch return;
        const pid = info.fields.common.first.piduid.pid;
        if (pid == 0 or pid == main) return;
        var status: u32 = 0;
        _ = sys.wait4(pid, &status, W.NOHANG) catch return;
    }
}

fn reap(call: *Call, pid: i32) Call.Error!SuperviseReply {
    var status: u32 = 0;
    _ = sys.wait4(pid, &status, 0) catch return call.fail("wait4", "");
    const W = std.os.linux.W;
    if (W.IFEXITED(status)) return .{ .status = W.EXITSTATUS(status), .signaled = false };
    return .{ .status = 128 + (status & 0x7f), .signaled = true };
}

/// Bytes on their way between the caller's stdin and stdout and the container's terminal. Each direction has one
/// bounded buffer that must be empty before more is read: a slow reader slows the writer, nothing is lost.
const Relay = struct {
    console: sys.fd_t,
    input: Buffer = .{},
    output: Buffer = .{},
    input_open: bool = true,

    const Buffer = struct {
        bytes: [32 * 1024]u8 = undefined,
        start: usize = 0,
        end: usize = 0,

        fn is_empty(self: *const Buffer) bool {
            return self.start == self.end;
        }
        fn discard(self: *Buffer) void {
            self.start = self.end;
        }
        fn fill(self: *Buffer, fd: sys.fd_t) sys.Error!usize {
            std.debug.assert(self.is_empty());
            self.start = 0;
            self.end = 0;
            self.end = try sys.read(fd, &self.bytes);
            return self.end;
        }
        fn flush(self: *Buffer, fd: sys.fd_t) sys.Error!void {
            self.start += try sys.write(fd, self.bytes[self.start..self.end]);
        }
    };

    fn wants_input(self: *const Relay) bool {
        return self.console >= 0 and self.input_open and self.input.is_empty();
    }
    fn has_output(self: *const Relay) bool {
        return !self.output.is_empty();
    }
    fn console_events(self: *const Relay) i16 {
        var events: i16 = 0;
        if (self.output.is_empty()) events |= sys.POLL.IN;
        if (!self.input.is_empty()) events |= sys.POLL.OUT;
        return events;
    }

    fn turn(self: *Relay, console: i16, stdin: i16, stdout: i16) void {
        if (self.console < 0) return;
        if (stdin != 0 and self.wants_input()) {
            // End of input, or an unreadable one, ends this direction only.
            const count = self.input.fill(0) catch 0;
            if (count == 0) self.input_open = false;
        }
        if (console & sys.POLL.OUT != 0 and !self.input.is_empty()) {
            self.input.flush(self.console) catch self.input.discard();
        }
        if (console & (sys.POLL.IN | sys.POLL.HUP | sys.POLL.ERR) != 0 and self.output.is_empty()) {
            // EIO: the last slave was closed, nothing more comes.
            const count = self.output.fill(self.console) catch 0;
            if (count == 0) self.console = -1;
        }
        if (stdout != 0 and self.has_output()) {
            // Nobody reads our output any more: the container's must not block on that.
            self.output.flush(1) catch self.output.discard();
        }
    }

    /// What the process wrote before it ended.
    fn drain(self: *Relay) void {
        while (self.has_output()) self.output.flush(1) catch return;
        while (self.console >= 0) {
            var polls = [_]sys.PollFd{.{ .fd = self.console, .events = sys.POLL.IN, .revents = 0 }};
            const ready = sys.poll(&polls, 0) catch return;
            if (ready == 0) return;
            const count = self.output.fill(self.console) catch return;
            if (count == 0) return;
            while (self.has_output()) self.output.flush(1) catch return;
        }
    }
};
