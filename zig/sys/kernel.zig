//! The one way into the kernel: every system call of the core is `backend.call(number, words)`. Which backend
//! that is, the root of the program says at compile time with a declaration `Backend`; without one it is
//! real.zig, the kernel itself.
//!
//! Outside of it are only the first code of the executable and the start from an image (zig/entry, zig/image,
//! zig/cxx): they run before there is a core, or instead of Bun's own calls; and handlers of signals
//! (parent/signals.zig). test/tidy checks that.
//!
//! Each process enters the core on one thread only (bunc-init has one; libbunc is called from the JavaScript
//! thread), so the backend keeps the last errno as a plain variable, as a single-threaded C program does. A
//! caller that treats one errno specially asks `is(.NOENT)`; everything else goes up as a Failure
//! (failure.zig) that names call and errno.

const std = @import("std");
const root = @import("root");
const signatures = @import("signatures.zig");
const linux = std.os.linux;

pub const E = linux.E;
pub const fd_t = i32;
pub const Error = error{Sys};

pub const is_real = !@hasDecl(root, "Backend");
const Backend = if (is_real) @import("real.zig").Real else root.Backend;
var instance: Backend = .{};

/// `errno`: of the last call that returned `error.Sys`. `failed_op`: what an operation of several calls
/// (netlink.zig, parent/clone.zig) was about when it failed.
pub const backend = &instance;

pub fn is(code: E) bool {
    return backend.errno == code;
}

pub fn errno_number() u16 {
    return @intFromEnum(backend.errno);
}

/// For a failure that the core itself finds (a check that no system call made).
pub fn fail(code: E) Error {
    backend.errno = code;
    return error.Sys;
}

/// Raw return value of a system call → value or `error.Sys`.
pub fn check(rc: usize) Error!usize {
    const signed: isize = @bitCast(rc);
    if (signed >= 0 or signed < -4095) return rc;
    backend.errno = @enumFromInt(@as(u16, @intCast(-signed)));
    return error.Sys;
}

/// Without a look at the answer, and without a trace in `errno`.
pub fn raw(comptime number: linux.SYS, args: anytype) usize {
    count_arguments(number, args.len);
    return backend.call(number, words(args));
}

/// A slice of bytes among `args` is a path, or a text that is no longer: the kernel gets a copy that ends in
/// NUL. ENAMETOOLONG past PATH_MAX, EINVAL with a NUL inside.
pub fn call(comptime number: linux.SYS, args: anytype) Error!usize {
    count_arguments(number, args.len);
    var list: [args.len]usize = undefined;
    comptime var paths = 0;
    inline for (args, &list) |argument, *word_of| {
        if (@TypeOf(argument) == []const u8 or @TypeOf(argument) == ?[]const u8) {
            word_of.* = try terminated(&path_buffers[paths], argument);
            paths += 1;
        } else word_of.* = word(argument);
    }
    return check(backend.call(number, list));
}

/// Of the call under way: not on the stack of each caller.
var path_buffers: [4]PathBuffer = undefined;

fn terminated(buffer: *PathBuffer, path: ?[]const u8) Error!usize {
    return @intFromPtr((try zero_terminate(buffer, path orelse return 0)).ptr);
}

pub fn call_fd(comptime number: linux.SYS, args: anytype) Error!fd_t {
    return @intCast(try call(number, args));
}

/// EINTR is not an answer: the call is made again.
pub fn retry(comptime number: linux.SYS, args: anytype) Error!usize {
    while (true) {
        return call(number, args) catch {
            if (is(.INTR)) continue;
            return error.Sys;
        };
    }
}

pub const path_max = 4096;
/// A path with its terminating NUL.
pub const PathBuffer = [path_max]u8;

/// Copies `path` into `buffer` and terminates it. ENAMETOOLONG past PATH_MAX, EINVAL with a NUL inside.
pub fn zero_terminate(buffer: *PathBuffer, path: []const u8) Error![:0]const u8 {
    if (path.len >= buffer.len) return fail(.NAMETOOLONG);
    if (std.mem.indexOfScalar(u8, path, 0) != null) return fail(.INVAL);
    @memcpy(buffer[0..path.len], path);
    buffer[path.len] = 0;
    return buffer[0..path.len :0];
}

fn count_arguments(comptime number: linux.SYS, comptime count: usize) void {
    const signature =
        comptime signatures.of(number) orelse @compileError("no signature: " ++ @tagName(number));
    if (signature.len != count) @compileError("wrong number of arguments: " ++ @tagName(number));
}

/// A child on a stack of its own that shares our memory until its execve (CLONE_VM | CLONE_VFORK): it
/// continues in `run(argument)`, and we when it has gone.
pub fn clone_vfork(
    args: *const CloneArgs,
    run: *const fn (usize) callconv(.c) noreturn,
    argument: usize,
) Error!i32 {
    return @intCast(try check(backend.clone_vfork(args, run, argument)));
}

/// struct clone_args of clone3(2).
pub const CloneArgs = extern struct {
    flags: u64 = 0,
    pidfd: u64 = 0,
    child_tid: u64 = 0,
    parent_tid: u64 = 0,
    exit_signal: u64 = 0,
    stack: u64 = 0,
    stack_size: u64 = 0,
    tls: u64 = 0,
    set_tid: u64 = 0,
    set_tid_size: u64 = 0,
    cgroup: u64 = 0,
};

/// Arguments as the kernel takes them: integers are extended by their sign, pointers are addresses.
inline fn words(args: anytype) [args.len]usize {
    var list: [args.len]usize = undefined;
    inline for (args, &list) |argument, *word_of| word_of.* = word(argument);
    return list;
}

inline fn word(value: anytype) usize {
    return switch (@typeInfo(@TypeOf(value))) {
        .comptime_int => value,
        .int => |info| if (info.signedness == .signed) @bitCast(@as(isize, value)) else value,
        .pointer, .optional => @intFromPtr(value),
        else => @compileError("not an argument of a system call: " ++ @typeName(@TypeOf(value))),
    };
}

test "check tells values from errors" {
    try std.testing.expectEqual(@as(usize, 7), try check(7));
    try std.testing.expectError(error.Sys, check(@bitCast(@as(isize, -2))));
    try std.testing.expect(is(.NOENT));
    // A high address is a value: only the last page of the range is errors.
    try std.testing.expectEqual(
        @as(usize, @bitCast(@as(isize, -4096))),
        try check(@bitCast(@as(isize, -4096))),
    );
}

test "paths are terminated and bounded" {
    var buffer: PathBuffer = undefined;
    try std.testing.expectEqualStrings("/a", try zero_terminate(&buffer, "/a"));
    try std.testing.expectError(error.Sys, zero_terminate(&buffer, "a\x00b"));
    const long: [path_max]u8 = @splat('a');
    try std.testing.expectError(error.Sys, zero_terminate(&buffer, &long));
    try std.testing.expect(is(.NAMETOOLONG));
}

test "arguments are extended by their sign" {
    const nobody: ?*u8 = null;
    const all: [4]usize = words(.{ @as(i32, -100), @as(u32, 0xffffffff), nobody, 7 });
    try std.testing.expectEqual([4]usize{ @bitCast(@as(isize, -100)), 0xffffffff, 0, 7 }, all);
}
