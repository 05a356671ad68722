//! Who a process is and what it may do: credentials(7), capabilities(7), keyrings(7), seccomp(2), prlimit(2).

const std = @import("std");
const kernel = @import("kernel.zig");
const descriptors = @import("descriptors.zig");
const files = @import("files.zig");

const Error = kernel.Error;
const call = kernel.call;
const fail = kernel.fail;
const is = kernel.is;
const raw = kernel.raw;
const close = descriptors.close;
const memfd_create = descriptors.memfd_create;
const AT = files.AT;
const fchownat = files.fchownat;

pub fn geteuid() u32 {
    return @truncate(raw(.geteuid, .{}));
}

pub fn getegid() u32 {
    return @truncate(raw(.getegid, .{}));
}

/// (uid_t)-1 and (gid_t)-1: "no change" to chown(2) and set*id(2), and the ID of nobody. Here null says that,
/// and a number that would say it is refused (EINVAL).
pub const no_id = std.math.maxInt(u32);

pub fn own_id(id: u32) Error!u32 {
    return if (id == no_id) fail(.INVAL) else id;
}

pub fn setgroups(groups: []const u32) Error!void {
    for (groups) |group| _ = try own_id(group);
    _ = try call(.setgroups, .{ groups.len, groups.ptr });
}

/// EINVAL for 4294967295, which would leave the process who it is.
pub fn setresuid(uid: u32) Error!void {
    _ = try own_id(uid);
    _ = try call(.setresuid, .{ uid, uid, uid });
}

/// As `setresuid`.
pub fn setresgid(gid: u32) Error!void {
    _ = try own_id(gid);
    _ = try call(.setresgid, .{ gid, gid, gid });
}

/// prctl(2); the PR_* number first.
pub fn prctl(option: i32, a: usize, b: usize, c: usize, d: usize) Error!usize {
    return call(.prctl, .{ option, a, b, c, d });
}

pub const PR = struct {
    pub const SET_DUMPABLE = 4;
    pub const SET_KEEPCAPS = 8;
    pub const CAPBSET_READ = 23;
    pub const CAPBSET_DROP = 24;
    pub const SET_CHILD_SUBREAPER = 36;
    pub const SET_NO_NEW_PRIVS = 38;
    pub const CAP_AMBIENT = 47;
    pub const CAP_AMBIENT_RAISE = 2;
    pub const CAP_AMBIENT_CLEAR_ALL = 4;
};

pub const RLimit = extern struct { soft: u64, hard: u64 };

/// prlimit(2); pid 0: the caller. Either pointer may be null.
pub fn prlimit(pid: i32, resource: u32, new: ?*const RLimit, old: ?*RLimit) Error!void {
    _ = try call(.prlimit64, .{ pid, resource, new, old });
}

/// The three sets of capset(2), bit n: capability n.
pub const CapabilitySets = struct { effective: u64, permitted: u64, inheritable: u64 };

const CapHeader = extern struct { version: u32 = 0x20080522, pid: i32 = 0 };
const CapData = extern struct { effective: u32, permitted: u32, inheritable: u32 };

pub fn capget() Error!CapabilitySets {
    var header: CapHeader = .{};
    var data: [2]CapData = undefined;
    _ = try call(.capget, .{ &header, &data });
    return .{
        .effective = data[0].effective | @as(u64, data[1].effective) << 32,
        .permitted = data[0].permitted | @as(u64, data[1].permitted) << 32,
        .inheritable = data[0].inheritable | @as(u64, data[1].inheritable) << 32,
    };
}

pub fn capset(sets: CapabilitySets) Error!void {
    var header: CapHeader = .{};
    var data: [2]CapData = undefined;
    for (&data, [_]u6{ 0, 32 }) |*half, shift| half.* = .{
        .effective = @truncate(sets.effective >> shift),
        .permitted = @truncate(sets.permitted >> shift),
        .inheritable = @truncate(sets.inheritable >> shift),
    };
    _ = try call(.capset, .{ &header, &data });
}

pub const KEYCTL = struct {
    pub const JOIN_SESSION_KEYRING = 1;
    pub const SETPERM = 5;
    pub const DESCRIBE = 6;
};

/// keyctl(2); the KEYCTL_* number first.
pub fn keyctl(operation: u32, a: usize, b: usize, c: usize) Error!usize {
    return call(.keyctl, .{ operation, a, b, c, 0 });
}

/// struct sock_fprog.
pub const SockFprog = extern struct { length: u16, filter: [*]const u8 };

/// SECCOMP_SET_MODE_FILTER: 0, or the listener with SECCOMP_FILTER_FLAG_NEW_LISTENER. seccomp(2).
pub fn seccomp_set_filter(flags: u32, program: *const SockFprog) Error!usize {
    const set_mode_filter = 1;
    return call(.seccomp, .{ set_mode_filter, flags, program });
}

test "no ID is one that the kernel reads as no change" {
    try std.testing.expectError(error.Sys, setresuid(no_id));
    try std.testing.expect(is(.INVAL));
    try std.testing.expectError(error.Sys, setresgid(no_id));
    try std.testing.expectError(error.Sys, setgroups(&.{ 1, no_id }));
    const file = try memfd_create("test");
    defer close(file);
    try std.testing.expectError(error.Sys, fchownat(file, "", no_id, null, AT.EMPTY_PATH));
    try std.testing.expectError(error.Sys, fchownat(file, "", null, no_id, AT.EMPTY_PATH));
    try fchownat(file, "", null, null, AT.EMPTY_PATH);
}
