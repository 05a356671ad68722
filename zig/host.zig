//! Facts about the host as the kernel states them, unparsed: src/host makes sense of them.
//! Runs in the bunc process.

const std = @import("std");
const sys = @import("sys.zig");
const files = @import("files.zig");
const Call = @import("call.zig").Call;

pub const FactsRequest = struct {};

pub const FactsReply = struct {
    /// uname(2) release: "6.18.44".
    release: []const u8,
    euid: u32,
    egid: u32,
    /// f_type of /sys/fs/cgroup by name: "cgroup2", "tmpfs" (v1 or hybrid), "other", or "" where it is
    /// missing.
    cgroup_file_system: []const u8,
    /// /proc/self/cgroup; like all files of procfs "" where it is missing, as in an image without mounts
    self_cgroup: []const u8,
    /// /proc/self/mountinfo
    mountinfo: []const u8,
    /// /proc/self/uid_map and gid_map
    uid_map: []const u8,
    gid_map: []const u8,
    /// /sys/module/apparmor/parameters/enabled, or ""
    apparmor: []const u8,
    /// What descriptors 0, 1 and 2 of this process are: "/dev/null", "pipe:[5]"; "" for closed.
    /// proc_pid_fd(5)
    streams: []const []const u8,
};

pub fn host_facts(call: *Call, _: FactsRequest) Call.Error!FactsReply {
    var name: std.os.linux.utsname = undefined;
    sys.uname(&name) catch return call.fail("uname", "");
    return .{
        .release = try call.arena.dupe(u8, std.mem.sliceTo(&name.release, 0)),
        .euid = sys.geteuid(),
        .egid = sys.getegid(),
        .cgroup_file_system = cgroup_file_system(),
        .self_cgroup = try read_existing(call, "/proc/self/cgroup"),
        .mountinfo = try read_existing(call, "/proc/self/mountinfo"),
        .uid_map = try read_existing(call, "/proc/self/uid_map"),
        .gid_map = try read_existing(call, "/proc/self/gid_map"),
        .apparmor = read_optional(call, "/sys/module/apparmor/parameters/enabled"),
        .streams = try own_streams(call),
    };
}

fn own_streams(call: *Call) Call.Error![]const []const u8 {
    const links = try call.arena.alloc([]const u8, 3);
    var buffer: [sys.path_max]u8 = undefined;
    inline for (links, .{ "0", "1", "2" }) |*link, name| {
        const target = sys.readlinkat(sys.AT.FDCWD, "/proc/self/fd/" ++ name, &buffer) catch "";
        link.* = try call.arena.dupe(u8, target);
    }
    return links;
}

pub const OwnNamespaceRequest = struct {
    /// A namespace file: "/run/netns/x".
    path: []const u8,
    /// Of the same kind, by its name in /proc/self/ns: "net".
    kind: []const u8,
};
pub const OwnNamespaceReply = struct {
    /// The file stands for the caller's own namespace.
    own: bool,
};

/// namespaces(7): two files of one namespace have the same device and inode.
pub fn own_namespace(call: *Call, request: OwnNamespaceRequest) Call.Error!OwnNamespaceReply {
    const path = request.path;
    const given = sys.statx(sys.AT.FDCWD, path, 0) catch return call.fail("stat", path);
    const own_path = try std.fmt.allocPrint(call.arena, "/proc/self/ns/{s}", .{request.kind});
    const own = sys.statx(sys.AT.FDCWD, own_path, 0) catch return call.fail("stat", own_path);
    return .{ .own = given.is_file(own) };
}

fn cgroup_file_system() []const u8 {
    const magic = sys.statfs_type("/sys/fs/cgroup") catch return "";
    return switch (magic) {
        sys.fs_magic.cgroup2 => "cgroup2",
        sys.fs_magic.tmpfs => "tmpfs",
        else => "other",
    };
}

/// The whole file, or "" where there is none.
fn read_existing(call: *Call, path: []const u8) Call.Error![]const u8 {
    return (try files.read_host_file(call, .{ .path = path })).text;
}

fn read_optional(call: *Call, path: []const u8) []const u8 {
    const fd = sys.open(path, sys.O.RDONLY) catch return "";
    defer sys.close(fd);
    var buffer: [64]u8 = undefined;
    const text = sys.read_to_end(fd, &buffer) catch return "";
    return call.arena.dupe(u8, text) catch "";
}
