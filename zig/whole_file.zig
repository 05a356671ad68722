//! All of a file, whatever its size. Runs in the bunc process.

const std = @import("std");
const sys = @import("sys.zig");

/// Most files of the kernel and of state directories are shorter: those take no more memory than their text.
const usual_size = 4096;

pub const Error = sys.Error || std.mem.Allocator.Error;

/// Files of procfs, sysfs and cgroups do not know their size, so this reads until the end. EFBIG: it has more
/// than `size_max` bytes.
pub fn read(fd: sys.fd_t, size_max: usize, arena: std.mem.Allocator) Error![]const u8 {
    var buffer: [usual_size]u8 = undefined;
    const begin = try sys.read_to_end(fd, &buffer);
    if (begin.len < buffer.len) return arena.dupe(u8, begin);
    var text: std.ArrayList(u8) = .empty;
    try text.appendSlice(arena, begin);
    while (text.items.len <= size_max) {
        try text.ensureUnusedCapacity(arena, usual_size);
        const count = try sys.read(fd, text.unusedCapacitySlice());
        if (count == 0) return text.items;
        text.items.len += count;
    }
    return sys.fail(.FBIG);
}

test "texts of every size, up to the largest" {
    var arena: std.heap.ArenaAllocator = .init(std.testing.allocator);
    defer arena.deinit();
    const text = "0123456789abcdef" ** 1024;
    for ([_]usize{ 0, 1, usual_size - 1, usual_size, usual_size + 1, text.len }) |size| {
        const fd = try sys.memfd_create("whole");
        defer sys.close(fd);
        try sys.write_all(fd, text[0..size]);
        try sys.rewind(fd);
        try std.testing.expectEqualStrings(text[0..size], try read(fd, text.len, arena.allocator()));
        if (size <= 2 * usual_size) continue;
        try sys.rewind(fd);
        try std.testing.expectError(error.Sys, read(fd, usual_size, arena.allocator()));
        try std.testing.expect(sys.is(.FBIG));
    }
}
