//! Stay with a foreground process until it ends: pass signals on, carry its terminal, reap it.
//! Runs in the bunc process, for `run` and `exec` without --detach.

const std = @import("std");
const sys = @import("../sys.zig");
const signals = @import("signals.zig");
const Terminal = @import("terminal.zig").Terminal;
const Notify = @import("notify.zig").Relay;
const streams = @import("streams.zig");
const linger = @import("linger.zig");
const Waiting = @import("forget.zig").Waiting;
const give_up = @import("forget.zig").give_up;
const Relay = @import("../relay/relay.zig").Relay;
const Call = @import("../call.zig").Call;
const SIG = std.os.linux.SIG;

pub const SuperviseRequest = struct {
    pid: i32,
    pidfd: i32,
    /// Master of the process's terminal, to carry.
    console: ?i32,
    /// sd_notify(3): the socket of `notify_listen`, which is closed in the end, and $NOTIFY_SOCKET; null:
    /// none.
    notify: ?SuperviseNotify,
    /// Null: this process stays as it is.
    forget: ?SuperviseForget,
};

/// After some time this process keeps nothing but what waiting takes, and begins anew in the end, where
/// `hold_signals` then gives `rest` (parent/forget.zig).
pub const SuperviseForget = struct { after_ms: u32, rest: []const u8 };

pub const SuperviseNotify = struct { listener: i32, manager: []const u8 };

pub const SuperviseReply = struct {
    /// As a shell gives it: the exit status, or 128 + the signal that ended it.
    status: u32,
    signaled: bool,
};

pub const SubreaperRequest = struct {};
pub const SubreaperReply = struct {};

/// Adopts orphans of the container when it shares our pid namespace: PR_SET_CHILD_SUBREAPER. prctl(2).
pub fn become_subreaper(call: *Call, _: SubreaperRequest) Call.Error!SubreaperReply {
    _ = sys.prctl(sys.PR.SET_CHILD_SUBREAPER, 1, 0, 0, 0) catch
        return call.fail("prctl", "PR_SET_CHILD_SUBREAPER");
    return .{};
}

pub fn supervise(call: *Call, request: SuperviseRequest) Call.Error!SuperviseReply {
    var waiting: ?Waiting = null;
    const reply = stay(call, request, &waiting) catch |err| {
        if (waiting == null) return err;
        give_up(if (call.failure) |failure| failure.op else "allocate", 1);
    };
    if (waiting) |it| it.begin_anew(reply.status, reply.signaled);
    return reply;
}

fn stay(call: *Call, request: SuperviseRequest, waiting: *?Waiting) Call.Error!SuperviseReply {
    const relay = &streams.relay;
    const mask = streams.hold_terminal_signals();
    defer streams.release_signals(mask);
    const terminal = if (request.console != null)
        Terminal.take() catch return call.fail("ioctl", "terminal")
    else
        null;
    defer if (terminal) |taken| taken.restore();
    if (request.console) |console| {
        if (terminal) |taken| taken.copy_size(console);
        relay.open_terminal(console);
    }

    // To the manager the service is this process: it ends as the container does.
    var notify: Notify = .{};
    if (request.notify) |it| notify = try .open(call, it.listener, it.manager, sys.getpid());
    defer notify.close();

    // Until it is done, or cannot be done.
    var forget = request.forget;
    const begun_ms = sys.monotonic_ms();
    while (true) {
        var polled: [3 + Relay.polls_count]sys.PollFd = undefined;
        polled[0] = .{ .fd = signals.descriptor(), .events = sys.POLL.IN, .revents = 0 };
        polled[1] = .{ .fd = request.pidfd, .events = sys.POLL.IN, .revents = 0 };
        polled[2] = .{ .fd = notify.listener, .events = sys.POLL.IN, .revents = 0 };
        relay.polls(polled[3..]);
        var timeout_ms = relay.timeout_ms();
        if (forget) |it| {
            const left_ms = it.after_ms -| (sys.monotonic_ms() -| begun_ms);
            if (left_ms == 0) {
                waiting.* = Waiting.forget(it.rest);
                forget = null;
            } else {
                const until: i32 = @intCast(left_ms);
                timeout_ms = if (timeout_ms < 0) until else @min(timeout_ms, until);
            }
        }
        _ = sys.poll(&polled, timeout_ms) catch return call.fail("poll", "");
        while (try signals.next(call)) |signal| pass_signal(signal, request, terminal);
        relay.turn(polled[3..]);
        if (polled[2].revents != 0) {
            // The container goes on even if the manager is gone.
            _ = notify.turn() catch notify.close();
        }
        if (polled[1].revents != 0) {
            const status = try reap(call, request.pid);
            try pass_rest(call, relay);
            return status;
        }
    }
}

/// What the process wrote before it ended. What its descendants still write goes on without us.
fn pass_rest(call: *Call, relay: *Relay) Call.Error!void {
    const goals = relay.process_ended();
    while (!relay.settle(goals)) {
        var polled: [1 + Relay.polls_count]sys.PollFd = undefined;
        polled[0] = .{ .fd = signals.descriptor(), .events = sys.POLL.IN, .revents = 0 };
        relay.polls(polled[1..]);
        _ = sys.poll(&polled, -1) catch return call.fail("poll", "");
        while (try signals.next(call)) |signal| switch (signal) {
            // The process has ended: the signal is for us, who may wait for a reader forever.
            .INT, .TERM, .HUP, .QUIT => return relay.close(),
            else => {},
        };
        relay.turn(polled[1..]);
    }
    if (relay.has_output()) linger.hand_over(relay);
    relay.close();
}

fn pass_signal(signal: SIG, request: SuperviseRequest, terminal: ?Terminal) void {
    switch (signal) {
        // Orphans of the container that were given to us (subreaper).
        .CHLD => reap_orphans(request.pid),
        .WINCH => if (terminal) |taken| {
            // There is no other to take the size from.
            taken.copy_size(request.console.?);
        } else send(request.pidfd, signal),
        // Terminal job control stops us, not the container.
        .TTIN, .TTOU, .URG => {},
        else => send(request.pidfd, signal),
    }
}

fn send(pidfd: sys.fd_t, signal: SIG) void {
    // ESRCH: it has ended, and the next iteration sees that.
    sys.pidfd_send_signal(pidfd, @intFromEnum(signal)) catch {};
}

fn reap_orphans(main: i32) void {
    while (true) {
        // Look without reaping: the main process is reaped by its own hand.
        const pid = sys.peek_ended_child() catch return;
        if (pid == 0 or pid == main) return;
        _ = sys.wait4(pid, std.os.linux.W.NOHANG) catch return;
    }
}

fn reap(call: *Call, pid: i32) Call.Error!SuperviseReply {
    const status = sys.wait4(pid, 0) catch return call.fail("wait4", "");
    const W = std.os.linux.W;
    if (W.IFEXITED(status)) return .{ .status = W.EXITSTATUS(status), .signaled = false };
    return .{ .status = 128 + (status & 0x7f), .signaled = true };
}
