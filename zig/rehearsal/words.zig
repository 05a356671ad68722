//! Arguments and results of system calls as machine words.

const std = @import("std");
const sys = @import("../sys.zig");

pub fn failed(errno: sys.E) usize {
    return @bitCast(-@as(isize, @intFromEnum(errno)));
}

pub fn is_failure(result: usize) bool {
    const value: isize = @bitCast(result);
    return value < 0 and value >= -4095;
}

pub fn signed(word: usize) i32 {
    return @bitCast(@as(u32, @truncate(word)));
}

pub fn usize_of(fd: i32) usize {
    return @bitCast(@as(isize, fd));
}

pub fn text(address: usize) []const u8 {
    if (address == 0) return "";
    return std.mem.span(@as([*:0]const u8, @ptrFromInt(address)));
}

pub fn bytes(address: usize, length: usize) []u8 {
    return @as([*]u8, @ptrFromInt(address))[0..length];
}
