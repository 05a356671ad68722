//! Signals that come to bunc while it stays with a foreground process: caught, and read as bytes from a pipe.
//! Runs in the bunc process.
//!
//! Handlers, not a blocked mask and signalfd(2): Bun has threads before we are called, whose masks are not
//! ours to change, and a signal for the process goes to any thread that does not block it. A handler is the
//! whole process's.

const std = @import("std");
const sys = @import("../sys.zig");
const forget = @import("forget.zig");
const Call = @import("../call.zig").Call;
const linux = std.os.linux;

/// Both ends stay open as long as the process: a handler may run at any time. -1: not caught yet.
var pipe: [2]sys.fd_t = .{ -1, -1 };

/// glibc's own, between SYS and RTMIN: it cancels threads and changes their credentials with them.
const libc_first = 32;
const libc_last = 33;

pub const HoldSignalsRequest = struct {};
pub const HoldSignalsReply = struct {
    /// What this process was begun to finish (parent/forget.zig); null: nothing.
    rest: ?forget.Rest,
};

/// Catches what `supervise` passes on. Called before a container exists: an early signal waits in the pipe,
/// instead of ending us while the container lives.
pub fn hold_signals(call: *Call, _: HoldSignalsRequest) Call.Error!HoldSignalsReply {
    std.debug.assert(pipe[0] == -1);
    sys.pipe(&pipe) catch return call.fail("pipe2", "");
    // A full pipe (64 KiB of signals that nobody has read yet) must not hang the handler.
    _ = sys.fcntl(pipe[1], linux.F.SETFL, sys.O.NONBLOCK) catch return call.fail("fcntl", "");
    var number: u32 = 1;
    while (number <= 64) : (number += 1) {
        const signal: linux.SIG = @enumFromInt(number);
        if (signal == .KILL or signal == .STOP) continue;
        if (number >= libc_first and number <= libc_last) continue;
        var before: linux.Sigaction = undefined;
        // Not through sys: std has the restorer that a handler returns through, for each architecture.
        _ = sys.check(linux.sigaction(signal, null, &before)) catch return call.fail("rt_sigaction", "");
        // Signals with a handler belong to the JavaScript engine (faults, and PWR to stop its threads);
        // SIGPIPE stays ignored.
        const caught = before.handler.handler != linux.SIG.DFL and before.handler.handler != linux.SIG.IGN;
        if (caught or signal == .PIPE) continue;
        const ours: linux.Sigaction = .{
            .handler = .{ .handler = handle },
            .mask = linux.sigemptyset(),
            .flags = linux.SA.RESTART,
        };
        _ = sys.check(linux.sigaction(signal, &ours, null)) catch return call.fail("rt_sigaction", "");
    }
    const rest = try forget.take(call);
    if (rest != null) sys.sigprocmask(sys.SIG.SETMASK, 0, null);
    return .{ .rest = rest };
}

fn handle(signal: linux.SIG) callconv(.c) void {
    const byte: u8 = @truncate(@intFromEnum(signal));
    // Not sys.write: the interrupted code's errno is its own.
    _ = sys.raw(.write, .{ pipe[1], &byte, 1 });
}

/// Readable when a signal has come; -1 before `hold_signals`.
pub fn descriptor() sys.fd_t {
    return pipe[0];
}

/// The next signal; null: none waits.
pub fn next(call: *Call) Call.Error!?linux.SIG {
    var byte: [1]u8 = undefined;
    const count = sys.read(pipe[0], &byte) catch {
        if (sys.is(.AGAIN)) return null;
        return call.fail("read", "signals");
    };
    return if (count == 1) @enumFromInt(byte[0]) else null;
}
