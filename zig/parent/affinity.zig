//! The CPUs of the bunc process's one calling thread, which a child begins with. sched_setaffinity(2). Runs
//! in the bunc process.

const std = @import("std");
const sys = @import("../sys.zig");
const Call = @import("../call.zig").Call;

/// CPUs of this thread, which its child begins with, changed for as long as it takes to make one.
pub const Affinity = struct {
    buffer: [sys.cpu_words_max]u32 align(8) = undefined,
    before: []const u32 = &.{},

    pub fn lend(self: *Affinity, call: *Call, cpus: []const u32) Call.Error!void {
        if (cpus.len == 0) return;
        const before = sys.sched_getaffinity(&self.buffer) catch return call.fail("sched_getaffinity", "");
        sys.sched_setaffinity(cpus) catch
            return call.fail_on("process.execCPUAffinity.initial", "sched_setaffinity", "");
        self.before = before;
    }

    pub fn restore(self: *const Affinity) void {
        // The CPUs were this thread's a moment ago; one that is gone meanwhile is ignored.
        if (self.before.len > 0) sys.sched_setaffinity(self.before) catch {};
    }

    /// The CPUs now, as one number: "0x3".
    pub fn text(_: *const Affinity, arena: std.mem.Allocator) ![]const u8 {
        var buffer: [sys.cpu_words_max]u32 align(8) = undefined;
        return hexadecimal(arena, try sys.sched_getaffinity(&buffer));
    }
};

/// Words, the least significant first.
fn hexadecimal(arena: std.mem.Allocator, words: []const u32) ![]const u8 {
    var digits: std.ArrayList(u8) = .empty;
    try digits.appendSlice(arena, "0x");
    var index = words.len;
    while (index > 0) {
        index -= 1;
        const word = words[index];
        if (digits.items.len > 2) {
            try digits.appendSlice(arena, try std.fmt.allocPrint(arena, "{x:0>8}", .{word}));
        } else if (word != 0 or index == 0) {
            try digits.appendSlice(arena, try std.fmt.allocPrint(arena, "{x}", .{word}));
        }
    }
    return digits.items;
}

test "CPUs as one number" {
    var memory: std.heap.ArenaAllocator = .init(std.testing.allocator);
    defer memory.deinit();
    const cases = [_]struct { []const u32, []const u8 }{
        .{ &.{ 3, 0 }, "0x3" },
        .{ &.{ 1, 2, 0 }, "0x200000001" },
        .{ &.{0}, "0x0" },
    };
    for (cases) |case| try std.testing.expectEqualStrings(
        case[1],
        try hexadecimal(memory.allocator(), case[0]),
    );
}
