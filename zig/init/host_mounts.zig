//! Hide the host's procfs and sysfs from a container that chroots instead of pivoting (`--no-pivot`).
//! Runs in bunc-init, stage 2, before the root is moved.
//!
//! After chroot(2) the host's mounts are still in the namespace. The kernel lets a user namespace in the
//! container mount a procfs or sysfs of its own as long as one that is not covered anywhere is in sight
//! (mount_namespaces(7)), so an uncovered one of the host would undo the masked paths.

const std = @import("std");
const sys = @import("../sys.zig");
const mountinfo = @import("mountinfo.zig");
const path = @import("path.zig");
const procfs = @import("procfs.zig");
const Context = @import("context.zig").Context;

const MS = std.os.linux.MS;

pub fn hide(context: *Context) Context.Failed!void {
    var root_buffer: sys.PathBuffer = undefined;
    const root = try procfs.path_of(context, context.root, &root_buffer);
    const file = try procfs.open_proc(context, "thread-self/mountinfo", sys.O.RDONLY);
    defer sys.close(file);
    var mounts: mountinfo.Reader = .{ .file = file };
    while (mounts.next() catch |err| return fail_to_read(context, err)) |entry| {
        if (is_concerned(entry, root)) try hide_mount(context, entry.mount_point);
    }
}

fn fail_to_read(context: *const Context, err: mountinfo.Error) Context.Failed {
    const name = "/proc/self/mountinfo";
    switch (err) {
        error.Sys => return context.fail("read", name),
        error.TooLong => return context.refuse(.NAMETOOLONG, .limit, "read", name, "a line is too long"),
    }
}

fn is_concerned(entry: mountinfo.Entry, root: []const u8) bool {
    const is_kind = std.mem.eql(u8, entry.type, "proc") or std.mem.eql(u8, entry.type, "sysfs");
    if (!is_kind or !std.mem.eql(u8, entry.root, "/")) return false;
    var buffer: sys.PathBuffer = undefined;
    const mount_point = mountinfo.unescape(&buffer, entry.mount_point) orelse return true;
    return !path.is_below(root, mount_point);
}

fn hide_mount(context: *const Context, escaped: []const u8) Context.Failed!void {
    var buffer: sys.PathBuffer = undefined;
    const mount_point = mountinfo.unescape(&buffer, escaped) orelse
        return context.refuse(.NAMETOOLONG, .system, "umount2", escaped, "");
    sys.mount_setattr(sys.AT.FDCWD, mount_point, sys.AT.RECURSIVE, .{ .propagation = MS.SLAVE }) catch {
        // It went with a mount above it, or is covered by another.
        if (sys.is(.NOENT) or sys.is(.INVAL)) return;
        return context.fail("mount_setattr", mount_point);
    };
    sys.umount_detach(mount_point) catch {
        if (!sys.is(.INVAL) and !sys.is(.PERM)) return context.fail("umount2", mount_point);
        // Locked by the user namespace: covered instead.
        sys.mount("tmpfs", mount_point, "tmpfs", MS.RDONLY, null) catch
            return context.fail("mount", mount_point);
    };
}

test "which mounts of the host are hidden" {
    const root = "/run/c1/rootfs";
    const cases = [_]struct { root: []const u8 = "/", point: []const u8, type: []const u8, hidden: bool }{
        .{ .point = "/proc", .type = "proc", .hidden = true },
        .{ .point = "/sys", .type = "sysfs", .hidden = true },
        .{ .point = "/dev", .type = "devtmpfs", .hidden = false },
        .{ .root = "/sys", .point = "/srv/sys", .type = "proc", .hidden = false },
        .{ .point = "/run/c1/rootfs/proc", .type = "proc", .hidden = false },
        .{ .point = "/run/c1/rootfs2/proc", .type = "proc", .hidden = true },
        .{ .point = "/a\\040b", .type = "proc", .hidden = true },
    };
    for (cases) |case| {
        const entry: mountinfo.Entry =
            .{ .id = 1, .root = case.root, .mount_point = case.point, .options = "rw", .type = case.type };
        try std.testing.expectEqual(case.hidden, is_concerned(entry, root));
    }
}
