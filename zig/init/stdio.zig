//! Standard input, output and error belong to the user that the process runs as, where they were made for it,
//! so that it can open /dev/stdout and its terminal again; and where they are the null device, they are the
//! container's own. Runs in bunc-init, stage 2, just before the user changes.

const sys = @import("../sys.zig");
const plan = @import("../plan.zig");
const Context = @import("context.zig").Context;

/// The caller's null device is on a file system that is not in the container, which could not be saved with
/// it (CRIU). A container without one of its own keeps the caller's.
pub fn reopen_null(context: *const Context) void {
    const resolve = sys.RESOLVE.IN_ROOT | sys.RESOLVE.NO_MAGICLINKS;
    const own_null = sys.openat2(context.root, "dev/null", sys.O.RDWR, resolve) catch return;
    defer sys.close(own_null);
    if (!is_null(own_null)) return;
    for (0..3) |fd| if (is_null(@intCast(fd))) sys.dup3(own_null, @intCast(fd), 0) catch {};
}

fn is_null(fd: sys.fd_t) bool {
    const stat = sys.fstat(fd) catch return false;
    return stat.mode & sys.S.IFMT == sys.S.IFCHR and stat.rdev_major == 1 and stat.rdev_minor == 3;
}

/// Nothing that the caller had before is changed, except pipes that only it and the container have: no file,
/// terminal, socket or device. What the parent could do it has done (parent/streams.zig): a pipe is left here
/// where the parent is not root, and we are, in a user namespace.
pub fn own(context: *Context) Context.Failed!void {
    const stdio = context.plan.stdio;
    if (stdio.terminal) return give(context, 0, "terminal");
    const streams = stdio.streams;
    const names = [_][]const u8{ "standard input", "standard output", "standard error" };
    for ([_]plan.Stream{ streams.stdin, streams.stdout, streams.stderr }, names, 0..) |stream, name, index| {
        const fd: sys.fd_t = @intCast(index);
        if ((stream == .given or stream == .relayed) and is_anonymous_pipe(fd)) try give(context, fd, name);
    }
}

fn is_anonymous_pipe(fd: sys.fd_t) bool {
    // Closed by the caller: there is no owner to set.
    const stat = sys.fstat(fd) catch return false;
    return stat.mode & sys.S.IFMT == sys.S.IFIFO and
        (sys.fstatfs_type(fd) catch return false) == sys.fs_magic.pipefs;
}

/// Only the user: the group of a terminal is the choice of its devpts mount (gid=).
fn give(context: *Context, fd: sys.fd_t, name: []const u8) Context.Failed!void {
    const uid = context.plan.stdio.owner_uid;
    const stat = sys.fstat(fd) catch return context.fail("fstat", name);
    if (stat.uid == uid) return;
    sys.fchownat(fd, "", uid, null, sys.AT.EMPTY_PATH) catch {
        // The owner is not mapped in our user namespace, or the file system is read-only: the process can
        // still use the descriptor that it has. EINVAL: the new owner is not mapped, and setresuid will say
        // so.
        if (sys.is(.PERM) or sys.is(.ROFS) or sys.is(.INVAL)) return;
        return context.fail("fchown", name);
    };
}
