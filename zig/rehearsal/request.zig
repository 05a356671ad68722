//! One request from TypeScript to the core on a rehearsed kernel. It runs on a separate stack, because it may
//! wait forever.

const dispatch = @import("../dispatch.zig");
const process = @import("process.zig");

/// `length`: the result of `bunc_call`.
pub const Outcome = union(enum) { length: i32, stuck: []const u8 };

const Asked = struct { id: u32, in: []const u8, out: []u8, length: i32 = 0 };
var asked: Asked = undefined;

pub fn make(id: u32, in: []const u8, out: []u8) Outcome {
    asked = .{ .id = id, .in = in, .out = out };
    return switch (process.run(answer, 0)) {
        .finished => .{ .length = asked.length },
        .stuck => |why| .{ .stuck = why },
        .exited => .{ .stuck = "the bunc process exits" },
        .executed => .{ .stuck = "the bunc process executes a program" },
    };
}

fn answer(_: usize) callconv(.c) noreturn {
    asked.length = dispatch.dispatch(asked.id, asked.in, asked.out);
    process.end(.finished);
}
