//! After which failures bunc-init goes on, and why. What is not here must become a Failure; and where it goes
//! on, what makes the container (its mounts, its identity, its rights) must come out as if nothing had
//! failed, unless the row says otherwise.

const std = @import("std");
const sys = @import("../sys.zig");
const backend = @import("backend.zig");
const linux = std.os.linux;

pub const Row = struct {
    calls: []const linux.SYS,
    /// Null: any.
    errnos: ?[]const sys.E = null,
    /// What its config path begins with.
    subjects: []const []const u8 = &.{""},
    /// Stands in its note.
    holds: []const u8 = "",
    /// Something is not there, so nothing is done to it.
    does_less: bool = false,
    why: []const u8,
};

pub const again: Row = .{ .calls = &.{}, .why = "it is made again" };

const missing = [_]sys.E{ .NOENT, .NOTDIR };
const protected_paths = [_][]const u8{ "linux.maskedPaths", "linux.readonlyPaths" };
const mount_calls = [_]linux.SYS{ .fsopen, .fsconfig, .fsmount };

const table = [_]Row{
    .{ .calls = &.{.close}, .why = "the descriptor is gone in any case: close(2)" },
    .{ .calls = &.{.munmap}, .why = "memory that is left over is freed by execve(2)" },
    .{ .calls = &.{.rt_sigaction}, .why = "a signal whose disposition cannot be set has the default one" },
    .{ .calls = &.{.wait4}, .why = "a child that is not reaped is found by pid 1 like any other" },
    // Messages.
    .{
        .calls = &.{.sendmsg},
        .holds = ", executing)",
        .why = "the parent may be gone, and takes the end of the channel for it",
    },
    .{ .calls = &.{.sendmsg}, .holds = "<channel>", .why = "write(2) makes the same packet" },
    .{
        .calls = &.{.recvmsg},
        .subjects = &.{"process.args"},
        .holds = "<connection>",
        .why = "`start` gave up; another may come",
    },
    .{ .calls = &.{.accept4}, .why = "`start` gave up, or descriptors are short, which passes" },
    // Namespaces.
    .{
        .calls = &.{.setns},
        .errnos = &.{.PERM},
        .subjects = &.{"linux.namespaces"},
        .why = "it is tried again in the user namespace that is joined",
    },
    .{
        .calls = &.{ .setresgid, .setresuid },
        .errnos = &.{.INVAL},
        .subjects = &.{"linux.namespaces"},
        .holds = "(0, 0, 0)",
        .does_less = true,
        .why = "the user namespace maps no root",
    },
    .{
        .calls = &.{.statx},
        .errnos = &.{.NOENT},
        .subjects = &.{"linux.namespaces"},
        .holds = "/ns/time",
        .does_less = true,
        .why = "a kernel without time namespaces",
    },
    // Children.
    .{
        .calls = &.{.read},
        .holds = "<pair>",
        .why = "a holder ends before its time, and whoever opens its files finds none",
    },
    // Mounts, devices and links.
    .{
        .calls = &.{.openat2},
        .errnos = &.{.NOENT},
        .subjects = &.{ "mounts", "linux.devices" },
        .why = "the target is made, with its parents",
    },
    .{ .calls = &.{.mkdirat}, .errnos = &.{.EXIST}, .why = "somebody else made it meanwhile" },
    .{
        .calls = &mount_calls,
        .errnos = &.{ .PERM, .BUSY },
        .subjects = &.{"mounts"},
        .holds = "cgroup2",
        .why = "the host's cgroup2 is bound",
    },
    .{
        .calls = &.{.open_tree},
        .errnos = &.{.ACCES},
        .subjects = &.{ "mounts", "linux.devices" },
        .why = "the parent opens what the container's root may not",
    },
    .{
        .calls = &.{.mount_setattr},
        .errnos = &.{.PERM},
        .subjects = &.{"mounts"},
        .why = "flags that nobody named may be locked, and stay",
    },
    .{ .calls = &.{.fsopen}, .holds = "\"proc\"", .why = "the host's proc file system is copied" },
    .{ .calls = &mount_calls, .holds = "<proc>", .why = "the host's proc file system is copied" },
    .{
        .calls = &.{.mount_setattr},
        .errnos = &.{ .INVAL, .NOENT },
        .subjects = &.{"root.path"},
        .holds = "AT_FDCWD",
        .does_less = true,
        .why = "it went with a mount above it",
    },
    .{
        .calls = &.{.mount_setattr},
        .errnos = &.{.INVAL},
        .subjects = &.{"root.path"},
        .why = "the root of the mount is looked for upwards",
    },
    .{
        .calls = &.{.umount2},
        .errnos = &.{ .INVAL, .PERM },
        .subjects = &.{"root.path"},
        .why = "locked by the user namespace: it is covered",
    },
    .{
        .calls = &.{.mknodat},
        .errnos = &.{.EXIST},
        .subjects = &.{"linux.devices"},
        .does_less = true,
        .why = "a file that is there is kept, as runc does",
    },
    .{
        .calls = &.{.mknodat},
        .errnos = &.{.PERM},
        .subjects = &.{"linux.devices"},
        .why = "the host's node is bound",
    },
    .{ .calls = &.{.symlinkat}, .errnos = &.{.EXIST}, .why = "what is there is kept, or replaced" },
    // Paths that are hidden or read-only.
    .{
        .calls = &.{.openat2},
        .errnos = &missing,
        .subjects = &protected_paths,
        .does_less = true,
        .why = "what is not there needs no protection",
    },
    .{
        .calls = &.{ .openat2, .statx },
        .subjects = &protected_paths,
        .why = "it is looked for in the other way too (holders.zig)",
    },
    // The process.
    .{
        .calls = &.{.keyctl},
        .errnos = &.{.NOSYS},
        .holds = "keyctl(KEYCTL_JOIN_SESSION_KEYRING",
        .does_less = true,
        .why = "a kernel without keyrings",
    },
    .{
        .calls = &.{.sched_setaffinity},
        .errnos = &.{.PERM},
        .subjects = &.{"process"},
        .why = "nobody asked for every CPU",
    },
    .{
        .calls = &.{.prctl},
        .errnos = &.{.INVAL},
        .holds = "prctl(PR_CAPBSET_READ, ",
        .why = "the kernel has no such capability, and nothing above it",
    },
    .{
        .calls = &.{.prctl},
        .errnos = &.{.INVAL},
        .holds = "prctl(PR_CAPBSET_DROP, 41)",
        .why = "the kernel has no such capability",
    },
    .{
        .calls = &.{.openat2},
        .subjects = &.{"process.user"},
        .holds = "\"dev/null\"",
        .why = "the caller's null device serves as well",
    },
    .{
        .calls = &.{ .statx, .fstatfs },
        .subjects = &.{"process.user"},
        .why = "of a stream of the caller's nothing is known, so it is left alone",
    },
    .{
        .calls = &.{.fchownat},
        .errnos = &.{ .INVAL, .PERM, .ROFS },
        .subjects = &.{"process.user"},
        .why = "the process can use the descriptor that it has",
    },
    .{ .calls = &.{.openat2}, .subjects = &.{"process.cwd"}, .why = "it is made, or entered as the user" },
    .{
        .calls = &.{.fchdir},
        .errnos = &.{ .ACCES, .PERM },
        .subjects = &.{"process.cwd"},
        .why = "it is entered as the user",
    },
    .{
        .calls = &.{ .openat2, .statx, .faccessat2 },
        .subjects = &.{"process.args"},
        .why = "the next directory of PATH is tried, or HOME is the root",
    },
    .{
        .calls = &.{ .openat2, .statx, .read },
        .subjects = &.{ "process.args", "hooks.startContainer" },
        .holds = "/etc/passwd",
        .why = "HOME is the root",
    },
    .{
        .calls = &.{.read},
        .errnos = &.{.AGAIN},
        .subjects = &.{"hooks."},
        .why = "the hook wrote nothing",
    },
};

/// Null: it must become a Failure.
pub fn find(call: backend.Noted, errno: sys.E) ?Row {
    for (table) |row| {
        if (std.mem.indexOfScalar(linux.SYS, row.calls, call.number) == null) continue;
        if (row.errnos) |list| if (std.mem.indexOfScalar(sys.E, list, errno) == null) continue;
        if (std.mem.indexOf(u8, call.text, row.holds) == null) continue;
        for (row.subjects) |subject| if (std.mem.startsWith(u8, call.subject, subject)) return row;
    }
    return null;
}

pub fn is_made_again(call: backend.Noted, errno: sys.E) bool {
    return errno == .INTR or (errno == .AGAIN and call.number == .openat2);
}

/// Nobody is there to tell: the parent is gone, or nothing leads to it.
pub fn is_silent(call: backend.Noted, errno: sys.E) bool {
    return switch (call.number) {
        .sendmsg, .recvmsg => errno == .PIPE or errno == .CONNRESET,
        .ppoll => std.mem.eql(u8, call.subject, "process.args"),
        else => false,
    };
}
