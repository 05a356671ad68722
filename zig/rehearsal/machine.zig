//! This machine beneath a rehearsal: for anything that the rehearsed processes did not make, the kernel is
//! queried with calls that only read. Only this file of a rehearsal makes system calls.

const std = @import("std");
const sys = @import("../sys.zig");
const words = @import("words.zig");
const Real = @import("../sys/real.zig").Real;
const linux = std.os.linux;

var kernel: Real = .{};

const read_max = 16 << 20;
const dirents_max = 1 << 20;

/// Opened for reading only, or as a path. → descriptor, or minus an errno
pub fn open(dir: usize, path: []const u8, flags: usize, resolve: u64) usize {
    var buffer: sys.PathBuffer = undefined;
    const terminated = terminate(&buffer, path) orelse return words.failed(.NAMETOOLONG);
    const dropped: usize = 3 | sys.O.CREAT | sys.O.EXCL | sys.O.TRUNC | sys.O.APPEND;
    const how: [3]u64 = .{
        flags & ~dropped | sys.O.NONBLOCK * @intFromBool(flags & sys.O.PATH == 0) | sys.O.CLOEXEC,
        0,
        resolve,
    };
    return kernel.call(
        .openat2,
        .{ dir, @intFromPtr(terminated.ptr), @intFromPtr(&how), @sizeOf(@TypeOf(how)) },
    );
}

pub fn close(fd: usize) void {
    _ = kernel.call(.close, .{fd});
}

pub fn is_there(path: []const u8) bool {
    return is_found(open(at_cwd, path, sys.O.PATH, 0));
}

/// A path that may not be inspected, or leads elsewhere, may exist.
fn is_found(fd: usize) bool {
    if (words.is_failure(fd)) return fd != words.failed(.NOENT) and fd != words.failed(.NOTDIR);
    close(fd);
    return true;
}

pub fn is_directory(path: []const u8) bool {
    const fd = open(at_cwd, path, sys.O.PATH | sys.O.DIRECTORY, 0);
    if (words.is_failure(fd)) return false;
    close(fd);
    return true;
}

/// As seen by a process whose root is `root`.
pub fn is_in(root: []const u8, path: []const u8) bool {
    const directory = open(at_cwd, root, sys.O.PATH, 0);
    if (words.is_failure(directory)) return false;
    defer close(directory);
    const relative = std.mem.trimStart(u8, path, "/");
    if (relative.len == 0) return true;
    return is_found(open(directory, relative, sys.O.PATH, sys.RESOLVE.IN_ROOT));
}

/// False if nothing is there.
pub fn statx(path: []const u8, flags: u32, out: *linux.Statx) bool {
    var buffer: sys.PathBuffer = undefined;
    const terminated = terminate(&buffer, path) orelse return false;
    const mask = 0x17ff;
    const result = kernel.call(
        .statx,
        .{ at_cwd, @intFromPtr(terminated.ptr), flags, mask, @intFromPtr(out) },
    );
    return !words.is_failure(result);
}

/// False if nothing is there.
pub fn statfs(path: []const u8, out: *[15]u64) bool {
    var buffer: sys.PathBuffer = undefined;
    const terminated = terminate(&buffer, path) orelse return false;
    return !words.is_failure(kernel.call(.statfs, .{ @intFromPtr(terminated.ptr), @intFromPtr(out) }));
}

pub fn readlink(path: []const u8, out: []u8) usize {
    var buffer: sys.PathBuffer = undefined;
    const terminated = terminate(&buffer, path) orelse return words.failed(.NAMETOOLONG);
    return kernel.call(.readlinkat, .{ at_cwd, @intFromPtr(terminated.ptr), @intFromPtr(out.ptr), out.len });
}

/// The contents of a file; null if it cannot be read.
pub fn content(arena: std.mem.Allocator, path: []const u8) ?[]const u8 {
    return everything(arena, path, sys.O.RDONLY, .read, read_max);
}

/// The entries of a directory, as getdents64(2) returns them.
pub fn entries(arena: std.mem.Allocator, path: []const u8) ?[]const u8 {
    return everything(arena, path, sys.O.DIRECTORY, .getdents64, dirents_max);
}

fn everything(
    arena: std.mem.Allocator,
    path: []const u8,
    flags: usize,
    number: linux.SYS,
    maximum: usize,
) ?[]const u8 {
    const fd = open(at_cwd, path, flags, 0);
    if (words.is_failure(fd)) return null;
    defer close(fd);
    var all: std.ArrayList(u8) = .empty;
    while (all.items.len < maximum) {
        all.ensureUnusedCapacity(arena, 64 << 10) catch @panic("no memory");
        const room = all.unusedCapacitySlice();
        const length = kernel.call(number, .{ fd, @intFromPtr(room.ptr), room.len });
        if (words.is_failure(length)) return null;
        if (length == 0) break;
        all.items.len += length;
    }
    return all.items;
}

/// A call that queries a descriptor of this machine, or this process.
pub fn ask(number: linux.SYS, a: [6]usize) usize {
    return kernel.call(number, .{ a[0], a[1], a[2], a[3], a[4], a[5] });
}

const at_cwd = words.usize_of(sys.AT.FDCWD);

fn terminate(buffer: *sys.PathBuffer, path: []const u8) ?[:0]const u8 {
    return sys.zero_terminate(buffer, path) catch null;
}
