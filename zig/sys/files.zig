//! Paths, files and directories: open(2), stat(2), mkdir(2), unlink(2) and their kin.

const std = @import("std");
const kernel = @import("kernel.zig");
const credentials = @import("credentials.zig");
const linux = std.os.linux;

const Error = kernel.Error;
const call = kernel.call;
const fail = kernel.fail;
const fd_t = kernel.fd_t;
const is = kernel.is;
const retry = kernel.retry;
const no_id = credentials.no_id;
const own_id = credentials.own_id;

pub const O = struct {
    pub const RDONLY = 0;
    pub const WRONLY = 1;
    pub const RDWR = 2;
    pub const CREAT: u32 = @bitCast(linux.O{ .CREAT = true });
    pub const EXCL: u32 = @bitCast(linux.O{ .EXCL = true });
    pub const NOCTTY: u32 = @bitCast(linux.O{ .NOCTTY = true });
    pub const TRUNC: u32 = @bitCast(linux.O{ .TRUNC = true });
    pub const APPEND: u32 = @bitCast(linux.O{ .APPEND = true });
    pub const NONBLOCK: u32 = @bitCast(linux.O{ .NONBLOCK = true });
    pub const DIRECTORY: u32 = @bitCast(linux.O{ .DIRECTORY = true });
    pub const NOFOLLOW: u32 = @bitCast(linux.O{ .NOFOLLOW = true });
    pub const CLOEXEC: u32 = @bitCast(linux.O{ .CLOEXEC = true });
    pub const PATH: u32 = @bitCast(linux.O{ .PATH = true });
    pub const SYNC: u32 = @bitCast(linux.O{ .SYNC = true, .DSYNC = true });
};

pub const AT = struct {
    pub const FDCWD: fd_t = -100;
    pub const SYMLINK_NOFOLLOW: u32 = 0x100;
    pub const REMOVEDIR: u32 = 0x200;
    pub const RECURSIVE: u32 = 0x8000;
    pub const EMPTY_PATH: u32 = 0x1000;
};

pub const RESOLVE = struct {
    pub const NO_XDEV: u64 = 0x01;
    pub const NO_MAGICLINKS: u64 = 0x02;
    pub const NO_SYMLINKS: u64 = 0x04;
    pub const BENEATH: u64 = 0x08;
    pub const IN_ROOT: u64 = 0x10;
};

const OpenHow = extern struct { flags: u64, mode: u64, resolve: u64 };

/// openat2(2) of what is there, close-on-exec. EAGAIN (a rename raced with the walk) is tried again, a
/// bounded number of times.
pub fn openat2(dir: fd_t, path: []const u8, flags: u32, resolve: u64) Error!fd_t {
    return openat2_how(dir, path, .{ .flags = flags | O.CLOEXEC, .mode = 0, .resolve = resolve });
}

/// The same with O_CREAT.
pub fn openat2_create(dir: fd_t, path: []const u8, flags: u32, mode: u32, resolve: u64) Error!fd_t {
    const how: OpenHow = .{ .flags = flags | O.CREAT | O.CLOEXEC, .mode = mode, .resolve = resolve };
    return openat2_how(dir, path, how);
}

fn openat2_how(dir: fd_t, path: []const u8, how: OpenHow) Error!fd_t {
    var attempts: u32 = 0;
    while (true) : (attempts += 1) {
        const rc = retry(.openat2, .{ dir, path, &how, @sizeOf(OpenHow) });
        return @intCast(rc catch {
            if (is(.AGAIN) and attempts < 128) continue;
            return error.Sys;
        });
    }
}

/// What is there, close-on-exec. For paths of the host, which the caller trusts: those of the container go
/// through openat2.
pub fn open(path: []const u8, flags: u32) Error!fd_t {
    return openat(AT.FDCWD, path, flags);
}

pub fn openat(dir: fd_t, path: []const u8, flags: u32) Error!fd_t {
    return @intCast(try retry(.openat, .{ dir, path, flags | O.CLOEXEC, 0 }));
}

/// The same with O_CREAT.
pub fn create(dir: fd_t, path: []const u8, flags: u32, mode: u32) Error!fd_t {
    return @intCast(try retry(.openat, .{ dir, path, flags | O.CREAT | O.CLOEXEC, mode }));
}

pub fn mkdirat(dir: fd_t, path: []const u8, mode: u32) Error!void {
    _ = try call(.mkdirat, .{ dir, path, mode });
}

pub fn mknodat(dir: fd_t, path: []const u8, mode: u32, device: u32) Error!void {
    _ = try call(.mknodat, .{ dir, path, mode, device });
}

/// A device number as mknod(2) takes it: 12 bits of major, 20 of minor. Null: out of range.
pub fn makedev(major: u32, minor: u32) ?u32 {
    if (major >= 1 << 12 or minor >= 1 << 20) return null;
    return (minor & 0xff) | (major << 8) | ((minor & 0xfff00) << 12);
}

pub fn unlinkat(dir: fd_t, path: []const u8, flags: u32) Error!void {
    _ = try call(.unlinkat, .{ dir, path, flags });
}

pub fn symlinkat(target: []const u8, dir: fd_t, path: []const u8) Error!void {
    _ = try call(.symlinkat, .{ target, dir, path });
}

pub fn readlinkat(dir: fd_t, path: []const u8, buffer: []u8) Error![]u8 {
    const length = try call(.readlinkat, .{ dir, path, buffer.ptr, buffer.len });
    return buffer[0..length];
}

pub fn renameat(from_dir: fd_t, from: []const u8, to_dir: fd_t, to: []const u8) Error!void {
    _ = try call(.renameat2, .{ from_dir, from, to_dir, to, 0 });
}

/// No permission bit is taken away by the umask; the file must not be an O_PATH descriptor.
pub fn fchmodat(dir: fd_t, path: []const u8, mode: u32) Error!void {
    _ = try call(.fchmodat, .{ dir, path, mode });
}

/// null: that one stays as it is.
pub fn fchownat(dir: fd_t, path: []const u8, uid: ?u32, gid: ?u32, flags: u32) Error!void {
    const owner = if (uid) |it| try own_id(it) else no_id;
    const group = if (gid) |it| try own_id(it) else no_id;
    _ = try call(.fchownat, .{ dir, path, owner, group, flags });
}

pub fn faccessat_execute(dir: fd_t, path: []const u8) Error!void {
    const x_ok = 1;
    const at_eaccess = 0x200;
    _ = try call(.faccessat2, .{ dir, path, x_ok, at_eaccess });
}

pub fn flock_exclusive(fd: fd_t, wait: bool) Error!void {
    const lock_ex = 2;
    const lock_nb = 4;
    const operation: usize = if (wait) lock_ex else lock_ex | lock_nb;
    _ = try retry(.flock, .{ fd, operation });
}

test "device numbers" {
    const cases = [_]struct { u32, u32, ?u32 }{
        .{ 1, 3, 0x103 },
        .{ 5, 0, 0x500 },
        .{ 8, 256, 0x100800 },
        .{ 4095, 1048575, 0xffffffff },
        .{ 4096, 0, null },
        .{ 0, 1048576, null },
    };
    for (cases) |case| try std.testing.expectEqual(case[2], makedev(case[0], case[1]));
}
