//! What the caller gave this process, before Bun changes it. Part of the entry stub (zig/entry.zig); read by
//! src/host/start-record.ts.

const std = @import("std");
const linux = std.os.linux;
const text_writer = @import("writer.zig");
const Reason = @import("../image.zig").Reason;

/// The environment variable that holds the record:
///
///   BUNC_START=3,REASON,SOFT,HARD,CWD,DESCRIPTORS
///
/// 3: version of this format; REASON: why this is not a start from the image, decimal (zig/image.zig); SOFT,
/// HARD: RLIMIT_NOFILE, decimal; CWD: 1 where the working directory has been deleted, otherwise 0;
/// DESCRIPTORS: 64 hexadecimal digits, digit i for descriptors 4i to 4i+3, the lowest of them in its lowest
/// bit: 1 is open.
pub const variable = "BUNC_START";

const descriptors_max = 256;
const digits = descriptors_max / 4;

/// With the terminating zero.
pub const text_bytes_max = variable.len + "=3,".len + "9,".len + 2 * (20 + 1) + "0,".len + digits + 1;

pub const Start = struct {
    reason: Reason,
    nofile: linux.rlimit,
    cwd_deleted: bool,
    /// One nibble each, as in the text.
    descriptors: [digits]u8,

    /// → bytes written, with the terminating zero; at most text_bytes_max.
    pub fn write(start: *const Start, text: [*]u8) usize {
        var writer: text_writer.Writer = .{ .text = text };
        inline for (variable ++ "=3,") |byte| writer.put(byte);
        writer.number(@intFromEnum(start.reason));
        writer.put(',');
        writer.number(start.nofile.cur);
        writer.put(',');
        writer.number(start.nofile.max);
        writer.put(',');
        writer.put(if (start.cwd_deleted) '1' else '0');
        writer.put(',');
        for (start.descriptors) |nibble| writer.put(text_writer.digit(nibble));
        writer.put(0);
        return writer.length;
    }
};

/// Of this process. A deleted working directory is left, because Bun does not start in one.
pub fn take(reason: Reason) Start {
    var start: Start = .{
        .reason = reason,
        .nofile = .{ .cur = 0, .max = 0 },
        .cwd_deleted = leaveDeletedDirectory(),
        .descriptors = undefined,
    };
    _ = linux.prlimit(0, .NOFILE, null, &start.nofile);
    for (&start.descriptors, 0..) |*nibble, index| {
        nibble.* = 0;
        inline for (0..4) |bit| {
            const result = linux.syscall2(.fcntl, index * 4 + bit, linux.F.GETFD);
            if (linux.errno(result) == .SUCCESS) nibble.* |= 1 << bit;
        }
    }
    return start;
}

/// To a directory in which nothing can be made and nothing has a name that a user would give: a relative path
/// of the command line must fail there as it would in the deleted directory.
pub fn leaveDeletedDirectory() bool {
    var path: [linux.PATH_MAX]u8 = undefined;
    if (linux.errno(linux.getcwd(&path, path.len)) != .NOENT) return false;
    if (linux.errno(linux.chdir("/proc/self/fdinfo")) != .SUCCESS) _ = linux.chdir("/");
    return true;
}

test "the record of this process, as text" {
    var start = take(.asked);
    start.nofile = .{ .cur = 1024, .max = std.math.maxInt(u64) };
    start.descriptors = @splat(0);
    start.descriptors[0] = 7;
    start.descriptors[63] = 8;
    var text: [text_bytes_max]u8 = undefined;
    const length = start.write(&text);
    try std.testing.expectEqualStrings(
        "BUNC_START=3,1,1024,18446744073709551615,0,7" ++ "0" ** 62 ++ "8\x00",
        text[0..length],
    );
}

test "open descriptors are seen" {
    const start = take(.none);
    try std.testing.expect(start.descriptors[0] & 1 << 2 != 0);
    try std.testing.expect(start.nofile.cur > 0);
    try std.testing.expect(!start.cwd_deleted);
}
