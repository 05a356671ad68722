//! Memory that came from the image, after the start. The kernel has it as a private mapping of the
//! executable, which is like memory of no file in all but this: given back with madvise(2), it reads as what
//! is in the file, not as zeros. Bun's allocator and its garbage collector count on zeros (zig/cxx/libc.zig
//! calls this before). Runs in the bunc process.

const std = @import("std");
const linux = std.os.linux;
const is_real = @import("../sys/kernel.zig").is_real;
const image = @import("../image.zig");
const Call = image.Call;

const page_size = std.heap.page_size_min;

comptime {
    if (is_real) @export(&bunc_make_anonymous, .{ .name = "bunc_make_anonymous" });
}

/// What of the range came from the image becomes memory of no file, which is zero; the rest stays as it is.
pub fn bunc_make_anonymous(address: usize, size: usize) callconv(.c) void {
    makeAnonymous(image.usedCalls() orelse return, address, size);
}

fn makeAnonymous(calls: []const Call, address: usize, size: usize) void {
    const from = std.mem.alignBackward(usize, address, page_size);
    const to = std.mem.alignForward(usize, address +| size, page_size);
    for (calls) |call| {
        if (call.number != @intFromEnum(linux.SYS.mremap)) continue;
        // What was moved, to where.
        const moved, const target = .{ call.arguments[1], call.arguments[4] };
        const begin = @max(from, target);
        const end = @min(to, target + moved);
        if (begin < end) replace(begin, end - begin);
    }
}

fn replace(address: usize, size: usize) void {
    const flags: linux.MAP = .{ .TYPE = .PRIVATE, .ANONYMOUS = true, .FIXED = true, .NORESERVE = true };
    const read_write = 3;
    const result = linux.syscall6(
        .mmap,
        address,
        size,
        read_write,
        @as(u32, @bitCast(flags)),
        std.math.maxInt(usize),
        0,
    );
    // Where there are too many mappings, the memory stays, and only its content goes.
    if (linux.errno(result) != .SUCCESS) @memset(@as([*]u8, @ptrFromInt(address))[0..size], 0);
}

test "memory of a file is zero once it is given back, the rest is as before" {
    const testing = std.testing;
    const file = linux.memfd_create("pieces", 0);
    try testing.expect(linux.errno(file) == .SUCCESS);
    const size = 4 * page_size;
    const content: [size]u8 = @splat('x');
    try testing.expectEqual(size, linux.write(@intCast(file), &content, size));
    const private: linux.MAP = .{ .TYPE = .PRIVATE };
    const address = linux.mmap(null, size, .{ .READ = true, .WRITE = true }, private, @intCast(file), 0);
    try testing.expect(linux.errno(address) == .SUCCESS);
    _ = linux.close(@intCast(file));
    const bytes = @as([*]u8, @ptrFromInt(address))[0..size];

    // Pages 1 and 2 came from the image; 2 and 3 are given back.
    const calls = [_]Call{
        .{ .number = @intFromEnum(linux.SYS.madvise), .arguments = .{ address, size, 15, 0, 0, 0 } },
        .{
            .number = @intFromEnum(linux.SYS.mremap),
            .arguments = .{ 0x5000_0000, 2 * page_size, 2 * page_size, 3, address + page_size, 0 },
        },
    };
    makeAnonymous(&calls, address + 2 * page_size, 2 * page_size);
    for (0.., [_]u8{ 'x', 'x', 0, 'x' }) |page, expected| try testing.expectEqual(
        expected,
        bytes[page * page_size],
    );
    @memset(bytes, 'y');
    _ = linux.madvise(bytes.ptr, size, linux.MADV.DONTNEED);
    for (0.., [_]u8{ 'x', 'x', 0, 'x' }) |page, expected| try testing.expectEqual(
        expected,
        bytes[page * page_size],
    );
    _ = linux.munmap(bytes.ptr, size);
}
