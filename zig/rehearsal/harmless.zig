//! The failures after which bunc-init continues, and why. Any other must become a Failure. When bunc-init
//! continues, the container's mounts, ids and permissions must come out as if nothing had failed, unless the
//! row says otherwise.

const std = @import("std");
const sys = @import("../sys.zig");
const backend = @import("backend.zig");
const linux = std.os.linux;

pub const Row = struct {
    calls: []const linux.SYS,
    /// Any if null.
    errnos: ?[]const sys.E = null,
    /// The beginning of its config path.
    subjects: []const []const u8 = &.{""},
    /// A part of its recorded text.
    holds: []const u8 = "",
    /// Something is missing, so less is done.
    does_less: bool = false,
    why: []const u8,
};

pub const again: Row = .{ .calls = &.{}, .why = "the call is repeated" };

const missing = [_]sys.E{ .NOENT, .NOTDIR };
const protected_paths = [_][]const u8{ "linux.maskedPaths", "linux.readonlyPaths" };
const mount_calls = [_]linux.SYS{ .fsopen, .fsconfig, .fsmount };

const table = [_]Row{
    .{ .calls = &.{.close}, .why = "close(2) frees the descriptor even on failure" },
    .{ .calls = &.{.munmap}, .why = "execve(2) frees the memory" },
    .{ .calls = &.{.rt_sigaction}, .why = "the signal keeps its default disposition" },
    .{ .calls = &.{.wait4}, .why = "pid 1 reaps the child like any other" },
    // Messages.
    .{
        .calls = &.{.sendmsg},
        .holds = ", executing)",
        .why = "the parent may be gone, or treats the end of the channel as the message",
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
        .why = "the call is repeated in the joined user namespace",
    },
    .{
        .calls = &.{ .setresgid, .setresuid },
        .errnos = &.{.INVAL},
        .subjects = &.{"linux.namespaces"},
        .holds = "(0, 0, 0)",
        .does_less = true,
        .why = "the user namespace does not map root",
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
        .why = "a holder ends early, and its files cannot be opened",
    },
    // Mounts, devices and links.
    .{
        .calls = &.{.openat2},
        .errnos = &.{.NOENT},
        .subjects = &.{ "mounts", "linux.devices" },
        .why = "the target is created, with its parents",
    },
    .{ .calls = &.{.mkdirat}, .errnos = &.{.EXIST}, .why = "another process has just created it" },
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
        .why = "the parent opens what the container's root may not open",
    },
    .{
        .calls = &.{.mount_setattr},
        .errnos = &.{.PERM},
        .subjects = &.{"mounts"},
        .why = "flags that no option names may be locked, and stay",
    },
    .{ .calls = &.{.fsopen}, .holds = "\"proc\"", .why = "the host's proc file system is copied" },
    .{ .calls = &mount_calls, .holds = "<proc>", .why = "the host's proc file system is copied" },
    .{
        .calls = &.{.mount_setattr},
        .errnos = &.{ .INVAL, .NOENT },
        .subjects = &.{"root.path"},
        .holds = "AT_FDCWD",
        .does_less = true,
        .why = "it was unmounted with its parent",
    },
    .{
        .calls = &.{.mount_setattr},
        .errnos = &.{.INVAL},
        .subjects = &.{"root.path"},
        .why = "the root of the mount is searched for upwards",
    },
    .{
        .calls = &.{.umount2},
        .errnos = &.{ .INVAL, .PERM },
        .subjects = &.{"root.path"},
        .why = "the user namespace locks it, so it is covered instead",
    },
    .{
        .calls = &.{.mknodat},
        .errnos = &.{.EXIST},
        .subjects = &.{"linux.devices"},
        .does_less = true,
        .why = "an existing file is kept, as in runc",
    },
    .{
        .calls = &.{.mknodat},
        .errnos = &.{.PERM},
        .subjects = &.{"linux.devices"},
        .why = "the host's node is bound",
    },
    .{ .calls = &.{.symlinkat}, .errnos = &.{.EXIST}, .why = "an existing file is kept or replaced" },
    // Masked and read-only paths.
    .{
        .calls = &.{.openat2},
        .errnos = &missing,
        .subjects = &protected_paths,
        .does_less = true,
        .why = "a path that does not exist needs no protection",
    },
    .{
        .calls = &.{ .openat2, .statx },
        .subjects = &protected_paths,
        .why = "it is also looked up in the other way (holders.zig)",
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
        .why = "the configuration does not ask for every CPU",
    },
    .{
        .calls = &.{.prctl},
        .errnos = &.{.INVAL},
        .holds = "prctl(PR_CAPBSET_READ, ",
        .why = "the kernel has no such capability, and none above it",
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
        .why = "nothing is known about the caller's stream, so it is left alone",
    },
    .{
        .calls = &.{.fchownat},
        .errnos = &.{ .INVAL, .PERM, .ROFS },
        .subjects = &.{"process.user"},
        .why = "the process can use its existing descriptor",
    },
    .{ .calls = &.{.openat2}, .subjects = &.{"process.cwd"}, .why = "it is made, or entered as the user" },
    .{
        .calls = &.{.fchdir},
        .errnos = &.{ .ACCES, .PERM },
        .subjects = &.{"process.cwd"},
        .why = "it is entered again as the user",
    },
    .{
        .calls = &.{ .openat2, .statx, .faccessat2 },
        .subjects = &.{"process.args"},
        .why = "the next directory of PATH is tried, or HOME is /",
    },
    .{
        .calls = &.{ .openat2, .statx, .read },
        .subjects = &.{ "process.args", "hooks.startContainer" },
        .holds = "/etc/passwd",
        .why = "HOME is /",
    },
    .{
        .calls = &.{.read},
        .errnos = &.{.AGAIN},
        .subjects = &.{"hooks."},
        .why = "the hook wrote nothing",
    },
};

/// Null if it must become a Failure.
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

/// The failure cannot be reported: the parent is gone, or there is no channel to it.
pub fn is_silent(call: backend.Noted, errno: sys.E) bool {
    return switch (call.number) {
        .sendmsg, .recvmsg => errno == .PIPE or errno == .CONNRESET,
        .ppoll => std.mem.eql(u8, call.subject, "process.args"),
        else => false,
    };
}
