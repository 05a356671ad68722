//! Wait for `start`, between "ready" and exec. Runs in bunc-init, stage 2: this is what a created container
//! consists of.
//!
//! Start.socket: `start` connects to the listening socket and sends `proceed`. The connection takes the place
//! of the channel, so that a later failure reaches `start`, and its end of file means success. A connection
//! that closes without a message changes nothing: `start` may be tried again.
//!
//! The default action of signals does not reach pid 1 of a pid namespace, but `kill ID TERM` must end a
//! container that was never started. So all signals stay blocked and are read from a signalfd.

const std = @import("std");
const sys = @import("../sys.zig");
const sync = @import("../sync.zig");
const Context = @import("context.zig").Context;
const linux = std.os.linux;

pub fn wait(context: *Context) Context.Failed!void {
    switch (context.plan.process.start) {
        .immediately => {},
        .never => unreachable,
        .parent => {
            const signals = try open_signals(context);
            defer sys.close(signals);
            try wait_readable(context, signals, context.channel);
            try context.await_proceed();
        },
        .socket => try wait_connection(context),
    }
}

fn wait_connection(context: *Context) Context.Failed!void {
    std.debug.assert(context.start_listener >= 0);
    const signals = try open_signals(context);
    defer sys.close(signals);
    // `create` has returned or is about to; nobody reads this any more.
    sys.close(context.channel);
    context.channel = -1;

    while (true) {
        try wait_readable(context, signals, context.start_listener);
        const connection = sys.accept(context.start_listener) catch {
            // The peer gave up between connect and accept; or the host is short of files or memory, which
            // passes. Nobody would hear of an error, and a container that waits is not to end of one.
            try pause(context, signals);
            continue;
        };
        try wait_readable(context, signals, connection);
        var buffer: [sync.size_max]u8 = undefined;
        const word = sync.receive(connection, &buffer) catch null;
        if (word) |message| {
            if (message.fd >= 0) sys.close(message.fd);
            if (message.kind == .proceed) {
                context.tracing = message.payload.len > 0;
                context.channel = connection;
                break;
            }
        }
        sys.close(connection);
    }
    sys.close(context.start_listener);
    context.start_listener = -1;
}

/// For some milliseconds; ends the process as `wait_readable` does.
fn pause(context: *Context, signals: sys.fd_t) Context.Failed!void {
    var fds = [_]sys.PollFd{.{ .fd = signals, .events = linux.POLL.IN, .revents = 0 }};
    _ = sys.poll(&fds, 10) catch return context.fail("ppoll", "");
    if (fds[0].revents != 0) try wait_readable(context, signals, signals);
}

/// Returns when `fd` has something to read; ends the process on a signal that would end any other process.
fn wait_readable(context: *Context, signals: sys.fd_t, fd: sys.fd_t) Context.Failed!void {
    while (true) {
        var fds = [_]sys.PollFd{
            .{ .fd = signals, .events = linux.POLL.IN, .revents = 0 },
            .{ .fd = fd, .events = linux.POLL.IN, .revents = 0 },
        };
        _ = sys.poll(&fds, -1) catch return context.fail("ppoll", "");
        if (fds[0].revents != 0) {
            var info: sys.SignalInfo = undefined;
            const count = sys.read(signals, std.mem.asBytes(&info)) catch
                return context.fail("read", "signalfd");
            std.debug.assert(count == @sizeOf(sys.SignalInfo));
            // As a shell reports a process that a signal ended.
            sys.exit(@intCast(128 + info.signo));
        }
        if (fds[1].revents != 0) return;
    }
}

fn open_signals(context: *Context) Context.Failed!sys.fd_t {
    sys.sigprocmask(sys.SIG.SETMASK, ~@as(sys.SignalSet, 0), null);
    return sys.signalfd(terminating()) catch context.fail("signalfd4", "");
}

/// Signals whose default action ends a process: all but those that are ignored, stop or continue it.
/// signal(7).
fn terminating() sys.SignalSet {
    const SIG = linux.SIG;
    const others = [_]SIG{ .CHLD, .CONT, .URG, .WINCH, .STOP, .TSTP, .TTIN, .TTOU };
    var set = ~@as(sys.SignalSet, 0);
    for (others) |signal| set &= ~sys.signal_bit(@intFromEnum(signal));
    return set;
}

test "stop and child signals do not end a waiting container" {
    const set = terminating();
    for ([_]u32{ 1, 2, 3, 10, 12, 13, 14, 15, 34, 64 }) |signal| try std.testing.expect(
        set & sys.signal_bit(signal) != 0,
    );
    for ([_]u32{ 17, 18, 19, 20, 21, 22, 23, 28 }) |signal| try std.testing.expect(
        set & sys.signal_bit(signal) == 0,
    );
}
