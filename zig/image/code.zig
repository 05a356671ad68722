//! Memory of the just-in-time compiler in a process that started from the image: its address is known, so no
//! page of it is ever writable and executable at once. What the image holds of it can be executed; the rest
//! is reserved without any right. A page gets the one right that is used on it when the kernel reports that
//! it is missing: commands do without, as all that they call was linked before the image was taken, but some
//! function of JavaScript's library may want code of its own.

const std = @import("std");
const linux = std.os.linux;
const Area = @import("../image.zig").Area;

const page_size = std.heap.page_size_min;
const read = 1;
const write = 2;
const execute = 4;

/// Of x86-64's struct ucontext: the error code of the fault, and its bits.
const error_code_at = 192;
const is_write = 1 << 1;
const is_fetch = 1 << 4;
/// Of siginfo_t.
const address_at = 16;

const sa_siginfo = 0x4;
const sa_nodefer = 0x4000_0000;
const sa_restorer = 0x0400_0000;

var area: Area = .{ .address = 0, .size = 0, .protection = 0 };
/// What Bun does with a fault: handler, flags, restorer, mask.
var before: [4]usize = @splat(0);

/// Instead of Bun's action for SIGSEGV, which gets all other faults.
pub fn guard(code: Area, action: [4]usize) void {
    @as(*volatile Area, &area).* = code;
    @as(*volatile [4]usize, &before).* = action;
    const own = [4]usize{ @intFromPtr(&fault), sa_siginfo | sa_nodefer | sa_restorer, action[2], 0 };
    _ = linux.syscall4(.rt_sigaction, @intFromEnum(linux.SIG.SEGV), @intFromPtr(&own), 0, 8);
}

fn fault(signal: c_int, info: [*]const u8, context: [*]const u8) callconv(.c) void {
    const address: usize = @bitCast(info[address_at..][0..8].*);
    const error_code: usize = @bitCast(context[error_code_at..][0..8].*);
    if (address -% area.address < area.size) {
        const page = address & ~@as(usize, page_size - 1);
        const given = linux.syscall3(.mprotect, page, page_size, rights(page, error_code));
        if (linux.errno(given) == .SUCCESS) return;
    }
    if (before[0] > 1) {
        const next: *const fn (c_int, [*]const u8, [*]const u8) callconv(.c) void = @ptrFromInt(before[0]);
        return next(signal, info, context);
    }
    _ = linux.syscall4(.rt_sigaction, @intFromEnum(linux.SIG.SEGV), @intFromPtr(&before), 0, 8);
}

/// The fault before this one, and how many there were of that kind.
var last: struct { page: usize = 0, wanted: usize = 0, turn: usize = 0 } = .{};

/// An emulator may not say what the access was (qemu-user): if a right did not help, the next is tried.
fn rights(page: usize, error_code: usize) usize {
    const wanted: usize = if (error_code & is_fetch != 0)
        read | execute
    else if (error_code & is_write != 0)
        read | write
    else
        read;
    const is_again = page == last.page and wanted == last.wanted;
    last = .{ .page = page, .wanted = wanted, .turn = if (is_again) (last.turn + 1) % 3 else 0 };
    return ([_]usize{ wanted, read | execute, read | write })[last.turn];
}

test "one right at a time" {
    try std.testing.expectEqual(read | execute, rights(1, is_fetch));
    try std.testing.expectEqual(read | write, rights(1, is_write));
    try std.testing.expectEqual(read, rights(1, 0));
    try std.testing.expectEqual(read | execute, rights(1, 0));
    try std.testing.expectEqual(read | write, rights(1, 0));
    try std.testing.expectEqual(read, rights(2, 0));
}
