//! std::condition_variable and std::chrono::steady_clock.

const std = @import("std");
const c = std.c;
const recording = @import("recording.zig");

/// Its only member; the mutex of a std::mutex likewise.
const Condition = c.pthread_cond_t;

/// std::unique_lock<std::mutex>.
const UniqueLock = extern struct { mutex: *c.pthread_mutex_t, owns: bool };

extern fn pthread_cond_init(*Condition, ?*const anyopaque) c_int;

export fn _ZNSt18condition_variableC1Ev(condition: *Condition) void {
    _ = pthread_cond_init(condition, null);
}

export fn _ZNSt18condition_variableD1Ev(condition: *Condition) void {
    _ = c.pthread_cond_destroy(condition);
}

export fn _ZNSt18condition_variable10notify_oneEv(condition: *Condition) void {
    _ = c.pthread_cond_signal(condition);
}

export fn _ZNSt18condition_variable10notify_allEv(condition: *Condition) void {
    _ = c.pthread_cond_broadcast(condition);
}

export fn _ZNSt18condition_variable4waitERSt11unique_lockISt5mutexE(
    condition: *Condition,
    lock: *UniqueLock,
) void {
    _ = c.pthread_cond_wait(condition, lock.mutex);
}

/// → nanoseconds.
export fn _ZNSt6chrono3_V212steady_clock3nowEv() i64 {
    var now: c.timespec = undefined;
    _ = recording.bunc_clock_gettime(@intFromEnum(c.CLOCK.MONOTONIC), &now);
    return now.sec * std.time.ns_per_s + now.nsec;
}
