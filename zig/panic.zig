//! How the core ends where an invariant is broken. The root of each program that has it declares it.

const std = @import("std");
const Real = @import("sys/real.zig").Real;

/// A broken invariant ends the process with a line that says where; no stack unwinding in a library.
pub const panic = std.debug.FullPanic(panicked);

fn panicked(message: []const u8, address: ?usize) noreturn {
    _ = address;
    // Also in a recording, whose own kernel does nothing.
    var kernel: Real = .{};
    for ([_][]const u8{ "bunc: internal error: ", message, "\n" }) |text| {
        _ = kernel.call(.write, .{ 2, @intFromPtr(text.ptr), text.len });
    }
    while (true) _ = kernel.call(.exit_group, .{2});
}
