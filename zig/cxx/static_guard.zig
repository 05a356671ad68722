//! The guards of static variables in functions: one thread constructs, the others wait.
//! Source: Itanium C++ ABI, 3.3.3.

const std = @import("std");
const linux = std.os.linux;

/// The ABI gives the first byte a meaning: not zero when the variable is there. The second word is ours.
const Guard = extern struct {
    constructed: u8,
    unused: [3]u8,
    state: State,

    const State = enum(u32) { idle, busy, contended, _ };
};

/// → 1: the caller constructs, and then releases; 0: the variable is there.
export fn __cxa_guard_acquire(guard: *Guard) c_int {
    while (true) {
        if (@atomicLoad(u8, &guard.constructed, .acquire) != 0) return 0;
        const found = @cmpxchgStrong(Guard.State, &guard.state, .idle, .busy, .acquire, .acquire) orelse {
            // Released between the look at the first byte and the exchange.
            if (@atomicLoad(u8, &guard.constructed, .acquire) == 0) return 1;
            unlock(guard);
            return 0;
        };
        if (found == .busy) {
            const seen = @cmpxchgStrong(Guard.State, &guard.state, .busy, .contended, .monotonic, .monotonic);
            if (seen != null) continue;
        }
        _ = linux.futex_4arg(
            &guard.state,
            .{ .cmd = .WAIT, .private = true },
            @intFromEnum(Guard.State.contended),
            null,
        );
    }
}

export fn __cxa_guard_release(guard: *Guard) void {
    @atomicStore(u8, &guard.constructed, 1, .release);
    unlock(guard);
}

fn unlock(guard: *Guard) void {
    if (@atomicRmw(Guard.State, &guard.state, .Xchg, .idle, .release) != .contended) return;
    _ = linux.futex_3arg(&guard.state, .{ .cmd = .WAKE, .private = true }, std.math.maxInt(i32));
}

test "one of many threads constructs, all see it done" {
    const Shared = struct {
        var guard: Guard = std.mem.zeroes(Guard);
        var constructions: u32 = 0;

        fn enter() void {
            if (__cxa_guard_acquire(&guard) == 0) return;
            constructions += 1;
            __cxa_guard_release(&guard);
        }
    };
    var threads: [8]std.Thread = undefined;
    for (&threads) |*thread| thread.* = try std.Thread.spawn(.{}, Shared.enter, .{});
    for (threads) |thread| thread.join();
    try std.testing.expectEqual(1, Shared.constructions);
}
