//! After which failures bunc-init goes on, and why. What is not here must become a Failure; and where it goes
//! on, what makes the container (its mounts, its identity, its rights) must come out as if nothing had
//! failed, unless the row says otherwise.

const std = @import("std");
const sys = @import("../sys.zig");
const backend = @import("backend.zig");
const linux = std.os.linux;

pub const Row = struct {
    call: linux.SYS,
    /// Null: any.
    errnos: ?[]const sys.E = null,
    /// What its config path begins with.
    subject: []const u8 = "",
    /// Stands in its note.
    holds: []const u8 = "",
    /// Something is not there, so nothing is done to it.
    does_less: bool = false,
    why: []const u8,
};

pub const again: Row = .{ .call = .restart_syscall, .why = "it is made again" };

const missing = [_]sys.E{ .NOENT, .NOTDIR };

const table = [_]Row{
    .{ .call = .close, .why = "the descriptor is gone in any case: close(2)" },
    .{ .call = .munmap, .why = "memory that is left over is freed by execve(2)" },
    .{ .call = .rt_sigaction, .why = "a signal whose disposition cannot be set has the default one" },
    .{ .call = .wait4, .why = "a child that is not reaped is found by pid 1 like any other" },
    // Messages.
    .{
        .call = .sendmsg,
        .holds = ", executing)",
        .why = "the parent may be gone, and takes the end of the channel for it",
    },
    .{ .call = .sendmsg, .holds = "<channel>", .why = "write(2) makes the same packet" },
    .{
        .call = .recvmsg,
        .subject = "process.args",
        .holds = "<connection>",
        .why = "`start` gave up; another may come",
    },
    .{ .call = .accept4, .why = "`start` gave up, or descriptors are short, which passes" },
    // Namespaces.
    .{
        .call = .setns,
        .errnos = &.{.PERM},
        .subject = "linux.namespaces",
        .why = "it is tried again in the user namespace that is joined",
    },
    .{
        .call = .setresgid,
        .errnos = &.{.INVAL},
        .subject = "linux.namespaces",
        .holds = "(0, 0, 0)",
        .does_less = true,
        .why = "the user namespace maps no root",
    },
    .{
        .call = .setresuid,
        .errnos = &.{.INVAL},
        .subject = "linux.namespaces",
        .holds = "(0, 0, 0)",
        .does_less = true,
        .why = "the user namespace maps no root",
    },
    .{
        .call = .statx,
        .errnos = &.{.NOENT},
        .subject = "linux.namespaces",
        .holds = "/ns/time",
        .does_less = true,
        .why = "a kernel without time namespaces",
    },
    // Children.
    .{
        .call = .read,
        .holds = "<pair>",
        .why = "a holder ends before its time, and whoever opens its files finds none",
    },
    // Mounts.
    .{
        .call = .openat2,
        .errnos = &.{.NOENT},
        .subject = "mounts",
        .why = "the target is made, with its parents",
    },
    .{ .call = .mkdirat, .errnos = &.{.EXIST}, .why = "somebody else made it meanwhile" },
    .{
        .call = .fsopen,
        .errnos = &.{ .PERM, .BUSY },
        .subject = "mounts",
        .holds = "\"cgroup2\"",
        .why = "the host's cgroup2 is bound",
    },
    .{
        .call = .fsconfig,
        .errnos = &.{ .PERM, .BUSY },
        .subject = "mounts",
        .holds = "<cgroup2>",
        .why = "the host's cgroup2 is bound",
    },
    .{
        .call = .fsmount,
        .errnos = &.{ .PERM, .BUSY },
        .subject = "mounts",
        .holds = "<cgroup2>",
        .why = "the host's cgroup2 is bound",
    },
    .{
        .call = .open_tree,
        .errnos = &.{.ACCES},
        .subject = "mounts",
        .why = "the parent opens what the container's root may not",
    },
    .{
        .call = .mount_setattr,
        .errnos = &.{.PERM},
        .subject = "mounts",
        .why = "flags that nobody named may be locked, and stay",
    },
    .{ .call = .fsopen, .holds = "\"proc\"", .why = "the host's proc file system is copied" },
    .{ .call = .fsconfig, .holds = "<proc>", .why = "the host's proc file system is copied" },
    .{ .call = .fsmount, .holds = "<proc>", .why = "the host's proc file system is copied" },
    .{
        .call = .mount_setattr,
        .errnos = &.{ .INVAL, .NOENT },
        .subject = "root.path",
        .holds = "AT_FDCWD",
        .does_less = true,
        .why = "it went with a mount above it",
    },
    .{
        .call = .mount_setattr,
        .errnos = &.{.INVAL},
        .subject = "root.path",
        .why = "the root of the mount is looked for upwards",
    },
    .{
        .call = .umount2,
        .errnos = &.{ .INVAL, .PERM },
        .subject = "root.path",
        .why = "locked by the user namespace: it is covered",
    },
    // Devices and links.
    .{ .call = .openat2, .errnos = &.{.NOENT}, .subject = "linux.devices", .why = "the directory is made" },
    .{
        .call = .mknodat,
        .errnos = &.{.EXIST},
        .subject = "linux.devices",
        .does_less = true,
        .why = "a file that is there is kept, as runc does",
    },
    .{ .call = .mknodat, .errnos = &.{.PERM}, .subject = "linux.devices", .why = "the host's node is bound" },
    .{
        .call = .open_tree,
        .errnos = &.{.ACCES},
        .subject = "linux.devices",
        .why = "the parent opens what the container's root may not",
    },
    .{ .call = .symlinkat, .errnos = &.{.EXIST}, .why = "what is there is kept, or replaced" },
    // Paths that are hidden or read-only.
    .{
        .call = .openat2,
        .errnos = &missing,
        .subject = "linux.maskedPaths",
        .does_less = true,
        .why = "what is not there needs no mask",
    },
    .{
        .call = .openat2,
        .errnos = &missing,
        .subject = "linux.readonlyPaths",
        .does_less = true,
        .why = "what is not there needs no protection",
    },
    .{
        .call = .openat2,
        .subject = "linux.maskedPaths",
        .why = "it is looked for in the other way too (holders.zig)",
    },
    .{
        .call = .openat2,
        .subject = "linux.readonlyPaths",
        .why = "it is looked for in the other way too (holders.zig)",
    },
    .{
        .call = .statx,
        .subject = "linux.maskedPaths",
        .why = "it is looked for in the other way too (holders.zig)",
    },
    .{
        .call = .statx,
        .subject = "linux.readonlyPaths",
        .why = "it is looked for in the other way too (holders.zig)",
    },
    // The process.
    .{
        .call = .keyctl,
        .errnos = &.{.NOSYS},
        .holds = "keyctl(KEYCTL_JOIN_SESSION_KEYRING",
        .does_less = true,
        .why = "a kernel without keyrings",
    },
    .{
        .call = .sched_setaffinity,
        .errnos = &.{.PERM},
        .subject = "process",
        .why = "nobody asked for every CPU",
    },
    .{
        .call = .prctl,
        .errnos = &.{.INVAL},
        .holds = "prctl(PR_CAPBSET_READ, ",
        .why = "the kernel has no such capability, and nothing above it",
    },
    .{
        .call = .prctl,
        .errnos = &.{.INVAL},
        .holds = "prctl(PR_CAPBSET_DROP, 41)",
        .why = "the kernel has no such capability",
    },
    .{
        .call = .openat2,
        .subject = "process.user",
        .holds = "\"dev/null\"",
        .why = "the caller's null device serves as well",
    },
    .{
        .call = .statx,
        .subject = "process.user",
        .why = "of a stream of the caller's nothing is known, so it is left alone",
    },
    .{
        .call = .fstatfs,
        .subject = "process.user",
        .why = "of a stream of the caller's nothing is known, so it is left alone",
    },
    .{
        .call = .fchownat,
        .errnos = &.{ .INVAL, .PERM, .ROFS },
        .subject = "process.user",
        .why = "the process can use the descriptor that it has",
    },
    .{ .call = .openat2, .subject = "process.cwd", .why = "it is made, or entered as the user" },
    .{
        .call = .fchdir,
        .errnos = &.{ .ACCES, .PERM },
        .subject = "process.cwd",
        .why = "it is entered as the user",
    },
    .{
        .call = .openat2,
        .subject = "process.args",
        .why = "the next directory of PATH is tried, or HOME is the root",
    },
    .{
        .call = .statx,
        .subject = "process.args",
        .why = "the next directory of PATH is tried, or HOME is the root",
    },
    .{ .call = .faccessat2, .subject = "process.args", .why = "the next directory of PATH is tried" },
    .{ .call = .read, .subject = "process.args", .holds = "/etc/passwd", .why = "HOME is the root" },
    // Hooks.
    .{
        .call = .openat2,
        .subject = "hooks.startContainer",
        .holds = "/etc/passwd",
        .why = "HOME is the root",
    },
    .{ .call = .statx, .subject = "hooks.startContainer", .holds = "/etc/passwd", .why = "HOME is the root" },
    .{ .call = .read, .subject = "hooks.startContainer", .holds = "/etc/passwd", .why = "HOME is the root" },
    .{ .call = .read, .errnos = &.{.AGAIN}, .subject = "hooks.", .why = "the hook wrote nothing" },
};

/// Null: it must become a Failure.
pub fn find(call: backend.Noted, errno: sys.E) ?Row {
    for (table) |row| {
        if (row.call != call.number) continue;
        if (row.errnos) |list| if (std.mem.indexOfScalar(sys.E, list, errno) == null) continue;
        if (!std.mem.startsWith(u8, call.subject, row.subject)) continue;
        if (std.mem.indexOf(u8, call.text, row.holds) == null) continue;
        return row;
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
