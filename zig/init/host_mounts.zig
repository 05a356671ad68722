//! Hide the host's procfs and sysfs from a container that chroots instead of pivoting (`--no-pivot`).
//! Runs in bunc-init, stage 2, before the root is moved.
//!
//! After chroot(2) the host's mounts are still in the namespace. The kernel lets a user namespace in the
//! container mount a procfs or sysfs of its own as long as one that is not covered anywhere is in sight
//! (mount_namespaces(7)), so an uncovered one of the host would undo the masked paths.

const std = @import("std");
const sys = @import("../sys.zig");
const path = @import("path.zig");
const procfs = @import("procfs.zig");
const context_types = @import("context.zig");
const Context = context_types.Context;
const Failed = context_types.Failed;

const MS = std.os.linux.MS;

pub fn hide(context: *Context) Failed!void {
    var root_buffer: sys.PathBuffer = undefined;
    const root = try procfs.path_of(context, context.root, &root_buffer);
    const file = try procfs.open_proc(context, "thread-self/mountinfo", sys.O.RDONLY);
    defer sys.close(file);

    // Paths of one line, each escaped fourfold at worst, and options of a page.
    var buffer: [12 * sys.path_max]u8 = undefined;
    var filled: usize = 0;
    while (true) {
        const count = sys.read(file, buffer[filled..]) catch return context.fail("read", "/proc/self/mountinfo");
        if (count == 0) return;
        filled += count;
        var start: usize = 0;
        while (std.mem.indexOfScalarPos(u8, buffer[0..filled], start, '\n')) |end| : (start = end + 1) {
            const entry = parse(buffer[start..end]) orelse continue;
            if (is_concerned(entry, root)) try hide_mount(context, entry.mount_point);
        }
        if (start == 0 and filled == buffer.len) {
            sys.errno = .NAMETOOLONG;
            return context.fail_as(.limit, "read", "/proc/self/mountinfo", "a line is too long");
        }
        std.mem.copyForwards(u8, buffer[0 .. filled - start], buffer[start..filled]);
        filled -= start;
    }
}

const Entry = struct {
    /// Path of the mount's root within its file system.
    root: []const u8,
    /// Escaped (\040).
    mount_point: []const u8,
    type: []const u8,
};

/// One line of /proc/pid/mountinfo, proc_pid_mountinfo(5): ID parent major:minor root point options … - type source options
fn parse(line: []const u8) ?Entry {
    var fields = std.mem.splitScalar(u8, line, ' ');
    for (0..3) |_| _ = fields.next() orelse return null;
    const root = fields.next() orelse return null;
    const mount_point = fields.next() orelse return null;
    while (fields.next()) |field| {
        if (std.mem.eql(u8, field, "-")) {
            return .{ .root = root, .mount_point = mount_point, .type = fields.next() orelse return null };
        }
    }
    return null;
}

fn is_concerned(entry: Entry, root: []const u8) bool {
    const is_kind = std.mem.eql(u8, entry.type, "proc") or std.mem.eql(u8, entry.type, "sysfs");
    if (!is_kind or !std.mem.eql(u8, entry.root, "/")) return false;
    var buffer: sys.PathBuffer = undefined;
    const mount_point = unescape(&buffer, entry.mount_point) orelse return true;
    return !path.is_below(root, mount_point);
}

fn hide_mount(context: *const Context, escaped: []const u8) Failed!void {
    var buffer: sys.PathBuffer = undefined;
    const mount_point = unescape(&buffer, escaped) orelse {
        sys.errno = .NAMETOOLONG;
        return context.fail("umount2", escaped);
    };
    sys.mount_setattr(sys.AT.FDCWD, mount_point, sys.AT.RECURSIVE, .{ .propagation = MS.SLAVE }) catch {
        // It went with a mount above it, or is covered by another.
        if (sys.is(.NOENT) or sys.is(.INVAL)) return;
        return context.fail("mount_setattr", mount_point);
    };
    sys.umount_detach(mount_point) catch {
        if (!sys.is(.INVAL) and !sys.is(.PERM)) return context.fail("umount2", mount_point);
        // Locked by the user namespace: covered instead.
        sys.mount("tmpfs", mount_point, "tmpfs", MS.RDONLY) catch return context.fail("mount", mount_point);
    };
}

/// Octal escapes of mountinfo. Null: too long, or malformed.
fn unescape(buffer: *sys.PathBuffer, escaped: []const u8) ?[:0]const u8 {
    var length: usize = 0;
    var rest = escaped;
    while (rest.len > 0) : (length += 1) {
        if (length + 1 >= buffer.len) return null;
        if (rest[0] == '\\') {
            if (rest.len < 4) return null;
            buffer[length] = std.fmt.parseInt(u8, rest[1..4], 8) catch return null;
            rest = rest[4..];
        } else {
            buffer[length] = rest[0];
            rest = rest[1..];
        }
    }
    buffer[length] = 0;
    return buffer[0..length :0];
}

test "which mounts of the host are hidden" {
    const root = "/run/c1/rootfs";
    const cases = [_]struct { []const u8, bool }{
        .{ "22 1 0:20 / /proc rw,nosuid shared:12 - proc proc rw", true },
        .{ "23 1 0:21 / /sys rw,nosuid,nodev - sysfs sysfs rw", true },
        .{ "24 1 0:22 / /dev rw - devtmpfs udev rw", false },
        .{ "25 1 0:20 /sys /srv/sys rw - proc proc rw", false },
        .{ "26 1 0:20 / /run/c1/rootfs/proc rw - proc proc rw", false },
        .{ "27 1 0:20 / /run/c1/rootfs2/proc rw - proc proc rw", true },
        .{ "28 1 0:20 / /a\\040b rw master:1 propagate_from:2 - proc proc rw", true },
        .{ "29 1 0:20 / /x rw", false },
        .{ "", false },
    };
    for (cases) |case| {
        const concerned = if (parse(case[0])) |entry| is_concerned(entry, root) else false;
        try std.testing.expectEqual(case[1], concerned);
    }
}

test "escapes of mountinfo" {
    var buffer: sys.PathBuffer = undefined;
    try std.testing.expectEqualStrings("/a b\\c", unescape(&buffer, "/a\\040b\\134c").?);
    try std.testing.expectEqual(null, unescape(&buffer, "/a\\0"));
    try std.testing.expectEqual(null, unescape(&buffer, "/a\\999"));
}
