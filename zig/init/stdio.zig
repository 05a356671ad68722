//! Standard input, output and error belong to the user that the process runs as, so that it can open
//! /dev/stdout and its terminal again; and where they are the null device, they are the container's own.
//! Runs in bunc-init, stage 2, just before the user changes.

const std = @import("std");
const sys = @import("../sys.zig");
const context_types = @import("context.zig");
const Context = context_types.Context;
const Failed = context_types.Failed;

/// The caller's null device is on a file system that is not in the container, which could not be saved with it
/// (CRIU). A container without one of its own keeps the caller's.
pub fn reopen_null(context: *const Context) void {
    const flags = sys.O.RDWR | sys.O.CLOEXEC;
    const own_null = sys.openat2(context.root, "dev/null", flags, 0, sys.RESOLVE.IN_ROOT | sys.RESOLVE.NO_MAGICLINKS) catch return;
    defer sys.close(own_null);
    if (!is_null(own_null)) return;
    for (0..3) |fd| if (is_null(@intCast(fd))) sys.dup3(own_null, @intCast(fd), 0) catch {};
}

fn is_null(fd: sys.fd_t) bool {
    const stat = sys.fstat(fd) catch return false;
    return stat.mode & sys.S.IFMT == sys.S.IFCHR and stat.rdev_major == 1 and stat.rdev_minor == 3;
}

/// Only the user: the group of a terminal is the choice of its devpts mount (gid=).
pub fn own(context: *Context) Failed!void {
    const uid = context.plan.stdio.owner_uid;
    const names = [_][]const u8{ "standard input", "standard output", "standard error" };
    for (names, 0..) |name, index| {
        const fd: sys.fd_t = @intCast(index);
        const stat = sys.fstat(fd) catch {
            if (sys.is(.BADF)) continue; // Closed by the caller: nothing to own.
            return context.fail("fstat", name);
        };
        if (stat.uid == uid or !may_change(fd, stat)) continue;
        sys.fchownat(fd, "", uid, null, sys.AT.EMPTY_PATH) catch {
            // The owner is not mapped in our user namespace, or the file system is read-only: the
            // process can still use the descriptor that it has.
            if (sys.is(.PERM) or sys.is(.ROFS)) continue;
            // The new owner is not mapped: setresuid will say so.
            if (sys.is(.INVAL)) return;
            return context.fail("fchown", name);
        };
    }
}

/// Devices of the host (/dev/null, a disk) stay what they are: everybody shares them.
fn may_change(fd: sys.fd_t, stat: sys.Stat) bool {
    return switch (stat.mode & sys.S.IFMT) {
        sys.S.IFBLK => false,
        sys.S.IFCHR => is_terminal(fd),
        else => true,
    };
}

fn is_terminal(fd: sys.fd_t) bool {
    const tiocgwinsz = std.os.linux.T.IOCGWINSZ;
    var size: std.posix.winsize = undefined;
    _ = sys.ioctl(fd, tiocgwinsz, @intFromPtr(&size)) catch return false;
    return true;
}
