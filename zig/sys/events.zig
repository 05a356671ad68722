//! Signals, waiting and time: signal(7), signalfd(2), eventfd(2), poll(2), clock_gettime(2).

const std = @import("std");
const kernel = @import("kernel.zig");
const files = @import("files.zig");
const linux = std.os.linux;

const Error = kernel.Error;
const call_fd = kernel.call_fd;
const fd_t = kernel.fd_t;
const raw = kernel.raw;
const retry = kernel.retry;
const O = files.O;

/// A kernel signal set: bit n-1 is signal n.
pub const SignalSet = u64;

pub fn signal_bit(signal: u32) SignalSet {
    std.debug.assert(signal >= 1 and signal <= 64);
    return @as(SignalSet, 1) << @intCast(signal - 1);
}

pub const SIG = struct {
    pub const BLOCK = 0;
    pub const SETMASK = 2;
};

pub fn sigprocmask(how: u32, set: SignalSet, old: ?*SignalSet) void {
    const rc = raw(.rt_sigprocmask, .{ how, &set, old, @sizeOf(SignalSet) });
    std.debug.assert(rc == 0);
}

/// SIG_DFL for every signal that can have another disposition.
pub fn reset_signal_dispositions() void {
    // struct kernel_sigaction; all zero is SIG_DFL with no flags.
    const default_action: [4]u64 = @splat(0);
    var signal: u32 = 1;
    while (signal <= 64) : (signal += 1) {
        if (signal == 9 or signal == 19) continue; // SIGKILL and SIGSTOP
        _ = raw(.rt_sigaction, .{ signal, &default_action, 0, @sizeOf(SignalSet) });
    }
}

pub fn signalfd(set: SignalSet) Error!fd_t {
    const cloexec = O.CLOEXEC;
    return call_fd(.signalfd4, .{ @as(fd_t, -1), &set, @sizeOf(SignalSet), cloexec });
}

pub fn eventfd() Error!fd_t {
    return call_fd(.eventfd2, .{ 0, O.CLOEXEC });
}

pub const SignalInfo = linux.signalfd_siginfo;

pub const PollFd = linux.pollfd;
pub const POLL = linux.POLL;

/// poll(2) with a timeout in milliseconds, -1: none. EINTR is retried with the whole timeout.
pub fn poll(fds: []PollFd, timeout_ms: i32) Error!usize {
    if (timeout_ms < 0) {
        return retry(.ppoll, .{ fds.ptr, fds.len, 0, 0, 0 });
    }
    const timeout: [2]i64 = .{ @divTrunc(timeout_ms, 1000), @as(i64, @rem(timeout_ms, 1000)) * 1_000_000 };
    return retry(.ppoll, .{ fds.ptr, fds.len, &timeout, 0, 0 });
}

/// CLOCK_MONOTONIC, milliseconds.
pub fn monotonic_ms() u64 {
    return monotonic_us() / 1000;
}

pub fn monotonic_us() u64 {
    var now: [2]i64 = undefined;
    const rc = raw(.clock_gettime, .{ 1, &now });
    std.debug.assert(rc == 0);
    return @as(u64, @intCast(now[0])) * 1_000_000 + @as(u64, @intCast(now[1])) / 1000;
}
