//! What a program wrote last, for the error that tells of its failure. Used where hooks are run.

const std = @import("std");

pub const size_max = 4096;

/// The last bytes of a stream, in a buffer of the caller's.
pub const Tail = struct {
    buffer: *[size_max]u8,
    length: usize = 0,

    pub fn add(self: *Tail, chunk: []const u8) void {
        const new = chunk[chunk.len - @min(chunk.len, self.buffer.len) ..];
        const kept = @min(self.length, self.buffer.len - new.len);
        std.mem.copyForwards(u8, self.buffer[0..kept], self.buffer[self.length - kept .. self.length]);
        @memcpy(self.buffer[kept..][0..new.len], new);
        self.length = kept + new.len;
    }

    pub fn last(self: *const Tail) []const u8 {
        return self.buffer[0..self.length];
    }
};

test "the tail keeps the last bytes" {
    var buffer: [size_max]u8 = undefined;
    var tail: Tail = .{ .buffer = &buffer };
    tail.add("first");
    const filler: [size_max - 3]u8 = @splat('x');
    tail.add(&filler);
    try std.testing.expectEqualStrings("rst", tail.last()[0..3]);
    const flood: [size_max + 5]u8 = @splat('y');
    tail.add(&flood);
    try std.testing.expectEqual(size_max, tail.last().len);
    try std.testing.expectEqual('y', tail.last()[0]);
    tail.add("z");
    try std.testing.expectEqual('z', tail.last()[size_max - 1]);
}
