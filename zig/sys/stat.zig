//! What a file, a file system and a directory hold: statx(2), statfs(2), getdents64(2).

const std = @import("std");
const kernel = @import("kernel.zig");
const files = @import("files.zig");
const linux = std.os.linux;

const Error = kernel.Error;
const call = kernel.call;
const fd_t = kernel.fd_t;
const AT = files.AT;

pub const S = linux.S;

pub const Stat = struct {
    /// File type and permission bits (inode(7)).
    mode: u32,
    uid: u32,
    gid: u32,
    links: u32,
    inode: u64,
    size: u64,
    /// Device that the file is on; and, for a device node, the device that it is.
    device_major: u32,
    device_minor: u32,
    rdev_major: u32,
    rdev_minor: u32,
    /// As in /proc/pid/mountinfo.
    mount_id: u64,

    pub fn is_directory(self: Stat) bool {
        return self.mode & S.IFMT == S.IFDIR;
    }
    /// Two looks at one file, by whatever names.
    pub fn is_file(self: Stat, other: Stat) bool {
        return self.inode == other.inode and self.device_major == other.device_major and
            self.device_minor == other.device_minor;
    }
    pub fn is_symlink(self: Stat) bool {
        return self.mode & S.IFMT == S.IFLNK;
    }
};

pub fn statx(dir: fd_t, path: []const u8, flags: u32) Error!Stat {
    var raw: linux.Statx = undefined;
    const basic_stats_and_mount_id = 0x17ff;
    _ = try call(.statx, .{ dir, path, flags, basic_stats_and_mount_id, &raw });
    return .{
        .mode = raw.mode,
        .uid = raw.uid,
        .gid = raw.gid,
        .links = raw.nlink,
        .inode = raw.ino,
        .size = raw.size,
        .device_major = raw.dev_major,
        .device_minor = raw.dev_minor,
        .rdev_major = raw.rdev_major,
        .rdev_minor = raw.rdev_minor,
        .mount_id = raw.mnt_id,
    };
}

pub fn fstat(fd: fd_t) Error!Stat {
    return statx(fd, "", AT.EMPTY_PATH);
}

pub const fs_magic = struct {
    pub const proc: u64 = 0x9fa0;
    pub const cgroup2: u64 = 0x63677270;
    pub const cgroup: u64 = 0x27e0eb;
    pub const tmpfs: u64 = 0x01021994;
    pub const devpts: u64 = 0x1cd1;
    pub const pipefs: u64 = 0x50495045;
};

const StatFs = extern struct {
    type: u64,
    bsize: u64,
    blocks: u64,
    bfree: u64,
    bavail: u64,
    files: u64,
    ffree: u64,
    fsid: [2]i32,
    namelen: u64,
    frsize: u64,
    flags: u64,
    spare: [4]u64,
};

/// statfs(2) f_type.
pub fn fstatfs_type(fd: fd_t) Error!u64 {
    var raw: StatFs = undefined;
    _ = try call(.fstatfs, .{ fd, &raw });
    return raw.type;
}

/// Whether the mount that a descriptor leads to has noexec: ST_NOEXEC of statfs(2) f_flags.
pub fn fstatfs_noexec(fd: fd_t) Error!bool {
    const st_noexec = 8;
    var raw: StatFs = undefined;
    _ = try call(.fstatfs, .{ fd, &raw });
    return raw.flags & st_noexec != 0;
}

pub fn statfs_type(path: []const u8) Error!u64 {
    var raw: StatFs = undefined;
    _ = try call(.statfs, .{ path, &raw });
    return raw.type;
}

/// getdents64(2) into `buffer`; iterate with `DirectoryEntries`.
pub fn getdents(fd: fd_t, buffer: []u8) Error![]u8 {
    const length = try call(.getdents64, .{ fd, buffer.ptr, buffer.len });
    return buffer[0..length];
}

pub const DirectoryEntry = struct { name: [:0]const u8, type: u8 };

/// The records of one getdents result, without "." and "..".
pub const DirectoryEntries = struct {
    bytes: []const u8,

    pub fn next(self: *DirectoryEntries) ?DirectoryEntry {
        while (self.bytes.len > 0) {
            const record_length =
                std.mem.readInt(u16, self.bytes[16..18], @import("builtin").cpu.arch.endian());
            const record = self.bytes[0..record_length];
            self.bytes = self.bytes[record_length..];
            const name = std.mem.sliceTo(@as([*:0]const u8, @ptrCast(record.ptr + 19)), 0);
            if (std.mem.eql(u8, name, ".") or std.mem.eql(u8, name, "..")) continue;
            return .{ .name = name, .type = record[18] };
        }
        return null;
    }
};
