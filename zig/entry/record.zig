//! What the caller gave this process, before Bun changes it. Part of the entry stub (zig/entry.zig); read by
//! src/host/start-record.ts.

const std = @import("std");
const linux = std.os.linux;

/// The environment variable that holds the record:
///
///   BUNC_START=1,SOFT,HARD,BLOCKED,IGNORED,CWD,DESCRIPTORS
///
/// 1: version of this format; SOFT, HARD: RLIMIT_NOFILE, decimal; BLOCKED, IGNORED: sets of signals, hexadecimal, bit
/// n-1 for signal n; CWD: 1 where the working directory has been deleted, otherwise 0; DESCRIPTORS: 64 hexadecimal
/// digits, digit i for descriptors 4i to 4i+3, the lowest of them in its lowest bit: 1 is open.
pub const variable = "BUNC_START";

const descriptors_max = 256;
const digits = descriptors_max / 4;

/// With the terminating zero.
pub const text_bytes_max = variable.len + "=1,".len + 2 * (20 + 1) + 2 * (16 + 1) + "0,".len + digits + 1;

pub const Start = struct {
    nofile: linux.rlimit,
    blocked: u64,
    ignored: u64,
    cwd_deleted: bool,
    /// One nibble each, as in the text.
    descriptors: [digits]u8,

    /// → bytes written, with the terminating zero; at most text_bytes_max.
    pub fn write(start: *const Start, text: [*]u8) usize {
        var writer: Writer = .{ .text = text };
        inline for (variable ++ "=1,") |byte| writer.put(byte);
        writer.number(start.nofile.cur, 10);
        writer.put(',');
        writer.number(start.nofile.max, 10);
        writer.put(',');
        writer.number(start.blocked, 16);
        writer.put(',');
        writer.number(start.ignored, 16);
        writer.put(',');
        writer.put(if (start.cwd_deleted) '1' else '0');
        writer.put(',');
        for (start.descriptors) |nibble| writer.put(digit(nibble));
        writer.put(0);
        return writer.length;
    }
};

const Writer = struct {
    text: [*]u8,
    length: usize = 0,

    fn put(writer: *Writer, byte: u8) void {
        writer.text[writer.length] = byte;
        writer.length += 1;
    }

    fn number(writer: *Writer, value: u64, comptime base: u64) void {
        var divisor: u64 = 1;
        while (value / divisor >= base) divisor *= base;
        while (divisor > 0) : (divisor /= base) writer.put(digit(@intCast(value / divisor % base)));
    }
};

fn digit(value: u8) u8 {
    return if (value < 10) '0' + value else 'a' + (value - 10);
}

/// Of this process. A deleted working directory is left, because Bun does not start in one.
pub fn take() Start {
    var start: Start = .{
        .nofile = .{ .cur = 0, .max = 0 },
        .blocked = 0,
        .ignored = 0,
        .cwd_deleted = leaveDeletedDirectory(),
        .descriptors = undefined,
    };
    _ = linux.prlimit(0, .NOFILE, null, &start.nofile);
    _ = linux.syscall4(.rt_sigprocmask, linux.SIG.BLOCK, 0, @intFromPtr(&start.blocked), @sizeOf(u64));
    var signal: u6 = 0;
    while (true) : (signal += 1) {
        if (isIgnored(@as(usize, signal) + 1)) start.ignored |= @as(u64, 1) << signal;
        if (signal == 63) break;
    }
    for (&start.descriptors, 0..) |*nibble, index| {
        nibble.* = 0;
        inline for (0..4) |bit| {
            const result = linux.syscall2(.fcntl, index * 4 + bit, linux.F.GETFD);
            if (linux.errno(result) == .SUCCESS) nibble.* |= 1 << bit;
        }
    }
    return start;
}

/// The kernel's struct sigaction (not libc's): the handler comes first in every architecture supported.
fn isIgnored(signal: usize) bool {
    var action: [4]usize = undefined;
    const result = linux.syscall4(.rt_sigaction, signal, 0, @intFromPtr(&action), @sizeOf(u64));
    return linux.errno(result) == .SUCCESS and action[0] == @intFromPtr(linux.SIG.IGN);
}

/// To a directory in which nothing can be made and nothing has a name that a user would give: a relative path of the
/// command line must fail there as it would in the deleted directory.
fn leaveDeletedDirectory() bool {
    var path: [linux.PATH_MAX]u8 = undefined;
    if (linux.errno(linux.getcwd(&path, path.len)) != .NOENT) return false;
    if (linux.errno(linux.chdir("/proc/self/fdinfo")) != .SUCCESS) _ = linux.chdir("/");
    return true;
}

test "the record of this process, as text" {
    var start = take();
    start.nofile = .{ .cur = 1024, .max = std.math.maxInt(u64) };
    start.blocked = 0x8000_0000_0000_0001;
    start.ignored = 0;
    start.descriptors = @splat(0);
    start.descriptors[0] = 7;
    start.descriptors[63] = 8;
    var text: [text_bytes_max]u8 = undefined;
    const length = start.write(&text);
    try std.testing.expectEqualStrings(
        "BUNC_START=1,1024,18446744073709551615,8000000000000001,0,0,7" ++ "0" ** 62 ++ "8\x00",
        text[0..length],
    );
}

test "open descriptors are seen" {
    const start = take();
    try std.testing.expect(start.descriptors[0] & 1 << 2 != 0);
    try std.testing.expect(start.nofile.cur > 0);
    try std.testing.expect(!start.cwd_deleted);
}
