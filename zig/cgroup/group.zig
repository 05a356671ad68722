//! Where cgroups are: opening a mounted cgroup file system, a cgroup below it, a file in that.
//! Runs in the bunc process, which trusts the paths of TypeScript but not what stands at them: the mount's
//! file system type is checked, and nothing below it is reached through a symbolic link or another mount.

const std = @import("std");
const sys = @import("../sys.zig");
const whole_file = @import("../whole_file.zig");
const Call = @import("../call.zig").Call;

/// One cgroup: a directory below a mounted cgroup (v1, v2) or resctrl file system.
pub const Cgroup = struct {
    /// Absolute path of the mount point.
    mount: []const u8,
    /// Below the mount, without leading slash, "." and ".."; empty: the mount itself.
    path: []const u8,

    /// The absolute path, for messages.
    pub fn absolute(self: Cgroup, call: *Call) Call.Error![]const u8 {
        if (self.path.len == 0) return self.mount;
        return std.fmt.allocPrint(call.arena, "{s}/{s}", .{ self.mount, self.path });
    }

    /// The one above; of a mount, itself.
    pub fn parent(self: Cgroup) Cgroup {
        const slash = std.mem.lastIndexOfScalar(u8, self.path, '/') orelse 0;
        return .{ .mount = self.mount, .path = self.path[0..slash] };
    }

    /// The absolute path of a file in it, for messages.
    pub fn file(self: Cgroup, call: *Call, name: []const u8) Call.Error![]const u8 {
        return std.fmt.allocPrint(call.arena, "{s}/{s}", .{ try self.absolute(call), name });
    }
};

const resolve = sys.RESOLVE.BENEATH | sys.RESOLVE.NO_SYMLINKS | sys.RESOLVE.NO_XDEV;
pub const directory_flags = sys.O.PATH | sys.O.DIRECTORY;
const resctrl_magic: u64 = 0x7655821;

pub const Version = enum { v1, v2, resctrl };
pub const Mount = struct {
    fd: sys.fd_t,
    version: Version,

    pub fn close(self: Mount) void {
        sys.close(self.fd);
    }
};

/// Opens the mount point and checks its file system.
pub fn open_mount(call: *Call, mount: []const u8) Call.Error!Mount {
    const fd = sys.open(mount, directory_flags) catch return call.fail("open", mount);
    errdefer sys.close(fd);
    const magic = sys.fstatfs_type(fd) catch return call.fail("statfs", mount);
    const version: Version = switch (magic) {
        sys.fs_magic.cgroup => .v1,
        sys.fs_magic.cgroup2 => .v2,
        resctrl_magic => .resctrl,
        else => return call.fail_as(.unsafe_path, "statfs", mount, "not a cgroup file system"),
    };
    return .{ .fd = fd, .version = version };
}

/// The cgroup's directory (O_PATH) below an open mount.
pub fn open_directory(mount: Mount, path: []const u8) sys.Error!sys.fd_t {
    return open_child(mount.fd, if (path.len == 0) "." else path);
}

/// The same, one step down.
pub fn open_child(directory: sys.fd_t, name: []const u8) sys.Error!sys.fd_t {
    return sys.openat2(directory, name, directory_flags, resolve);
}

pub const Opened = struct {
    mount: Mount,
    directory: sys.fd_t,

    pub fn close(self: Opened) void {
        sys.close(self.directory);
        self.mount.close();
    }
};

/// Mount and cgroup in one; null where the cgroup is not there (any more).
pub fn open(call: *Call, group: Cgroup) Call.Error!?Opened {
    const mount = try open_mount(call, group.mount);
    errdefer mount.close();
    const directory = open_directory(mount, group.path) catch {
        if (is_gone()) {
            mount.close();
            return null;
        }
        return call.fail("openat2", try group.absolute(call));
    };
    return .{ .mount = mount, .directory = directory };
}

/// Refuses the root of a hierarchy, which holds the whole host and is never a container's.
pub fn refuse_root(call: *Call, op: []const u8, group: Cgroup) Call.Error!void {
    const root = "the root of a hierarchy is not a container's cgroup";
    if (group.path.len == 0) return call.fail_as(.unsafe_path, op, group.mount, root);
}

/// A file of the cgroup, or of one below it.
pub fn open_file(directory: sys.fd_t, name: []const u8, flags: u32) sys.Error!sys.fd_t {
    return sys.openat2(directory, name, flags, resolve);
}

/// The last system call failed because the cgroup has been removed (or never was).
pub fn is_gone() bool {
    return sys.is(.NOENT) or sys.is(.NODEV);
}

pub fn is_permission() bool {
    return sys.is(.PERM) or sys.is(.ACCES) or sys.is(.ROFS);
}

/// A short file's text without the newline at its end, in `buffer`.
pub fn read_short(directory: sys.fd_t, name: []const u8, buffer: []u8) sys.Error![]const u8 {
    const fd = try open_file(directory, name, sys.O.RDONLY);
    defer sys.close(fd);
    // The kernel gives a value in one piece.
    return std.mem.trimEnd(u8, buffer[0..try sys.read(fd, buffer)], "\n");
}

/// A file of any size. EFBIG: it has more than `size_max` bytes.
pub fn read_whole(
    directory: sys.fd_t,
    name: []const u8,
    size_max: usize,
    arena: std.mem.Allocator,
) whole_file.Error![]const u8 {
    const fd = try open_file(directory, name, sys.O.RDONLY);
    defer sys.close(fd);
    return whole_file.read(fd, size_max, arena);
}

/// The kernel takes a value whole or not at all, so one write(2) is all there is.
pub fn write_value(directory: sys.fd_t, name: []const u8, value: []const u8) sys.Error!void {
    const fd = try open_file(directory, name, sys.O.WRONLY);
    defer sys.close(fd);
    _ = try sys.write(fd, value);
}

/// The value of a line "key value" in a flat keyed file (cgroup.events, memory.events).
pub fn keyed_value(text: []const u8, key: []const u8) ?[]const u8 {
    var lines = std.mem.splitScalar(u8, text, '\n');
    while (lines.next()) |line| {
        const space = std.mem.indexOfScalar(u8, line, ' ') orelse continue;
        if (std.mem.eql(u8, line[0..space], key)) return line[space + 1 ..];
    }
    return null;
}

test "Cgroup.parent" {
    const below: Cgroup = .{ .mount = "/m", .path = "a/b/c" };
    try std.testing.expectEqualStrings("a/b", below.parent().path);
    try std.testing.expectEqualStrings("", below.parent().parent().parent().path);
    try std.testing.expectEqualStrings("/m", below.parent().mount);
}

test keyed_value {
    const text = "populated 1\nfrozen 0\n";
    try std.testing.expectEqualStrings("1", keyed_value(text, "populated").?);
    try std.testing.expectEqualStrings("0", keyed_value(text, "frozen").?);
    try std.testing.expectEqual(@as(?[]const u8, null), keyed_value(text, "froze"));
    try std.testing.expectEqual(@as(?[]const u8, null), keyed_value("", "frozen"));
}

test "only a cgroup file system is opened" {
    var arena: std.heap.ArenaAllocator = .init(std.testing.allocator);
    defer arena.deinit();
    var call: Call = .{ .arena = arena.allocator() };
    try std.testing.expectError(error.Failed, open_mount(&call, "/proc"));
    try std.testing.expectEqual(.unsafe_path, call.failure.?.code);
}
