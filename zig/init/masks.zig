//! Paths that the container may not write (linux.readonlyPaths) or not see (linux.maskedPaths).
//! Runs in bunc-init, stage 2, inside the container. A path that is not there needs no protection.
//!
//! What covers a masked file is the host's null device, taken before the root changes and verified: the
//! container's /dev/null may be a link or another device, and binding that over a file of procfs would
//! hand the host to the image (CVE-2025-31133).

const std = @import("std");
const sys = @import("../sys.zig");
const plan = @import("../plan.zig");
const holders = @import("holders.zig");
const path = @import("path.zig");
const Context = @import("context.zig").Context;

const MS_PRIVATE = std.os.linux.MS.PRIVATE;

/// One mount for all covers of its kind: the first use attaches it, every later one a copy of it. (A copy
/// of a mount that is attached nowhere is refused before Linux 6.15.)
const Cover = struct {
    mount: sys.fd_t = -1,
    attached: bool = false,

    fn put_over(self: *Cover, target: sys.fd_t) sys.Error!void {
        std.debug.assert(self.mount >= 0);
        if (!self.attached) {
            try sys.move_mount(self.mount, target);
            self.attached = true;
            return;
        }
        const copy = try sys.open_tree_clone(self.mount, "", false, sys.AT.EMPTY_PATH);
        defer sys.close(copy);
        try sys.move_mount(copy, target);
    }
};

pub const Covers = struct {
    null_device: Cover = .{},
    empty_directory: Cover = .{},

    /// After everything is covered: a process that waits for `start` keeps only what it needs.
    pub fn close(self: *Covers) void {
        for ([_]*Cover{ &self.null_device, &self.empty_directory }) |cover| {
            if (cover.mount >= 0) sys.close(cover.mount);
            cover.* = .{};
        }
    }
};

/// Before the root changes: takes the host's null device if some path is to be masked.
pub fn prepare(context: *Context) Context.Failed!void {
    if (context.plan.has(.masked_path)) context.covers.null_device.mount = try copy_null_device(context);
}

fn copy_null_device(context: *const Context) Context.Failed!sys.fd_t {
    const null_path = "/dev/null";
    const mount = sys.open_tree_clone(sys.AT.FDCWD, null_path, false, 0) catch
        return context.fail("open_tree", null_path);
    const stat = sys.fstat(mount) catch return context.fail("statx", null_path);
    if (stat.mode & sys.S.IFMT != sys.S.IFCHR or stat.rdev_major != 1 or stat.rdev_minor != 3) {
        const wrong = "it is not the null device (character device 1:3)";
        return context.refuse(.NODEV, .unsafe_path, "statx", null_path, wrong);
    }
    const set = sys.mount_attr.NOSUID | sys.mount_attr.NOEXEC;
    sys.mount_setattr(mount, "", sys.AT.EMPTY_PATH, .{ .set = set, .propagation = MS_PRIVATE }) catch
        return context.fail("mount_setattr", null_path);
    return mount;
}

/// Mounts an empty, read-only directory over `target`. `shown`: its path, for the error.
pub fn cover_directory(context: *Context, target: sys.fd_t, shown: []const u8) Context.Failed!void {
    const cover = &context.covers.empty_directory;
    if (cover.mount < 0) cover.mount = make_empty() catch return context.fail("fsmount", shown);
    cover.put_over(target) catch return context.fail("move_mount", shown);
}

fn make_empty() sys.Error!sys.fd_t {
    const fs = try sys.fsopen("tmpfs");
    defer sys.close(fs);
    try sys.fsconfig_string(fs, "source", "tmpfs");
    try sys.fsconfig_string(fs, "nr_blocks", "1");
    try sys.fsconfig_string(fs, "nr_inodes", "1");
    try sys.fsconfig_flag(fs, "ro");
    try sys.fsconfig_create(fs);
    return sys.fsmount(fs, sys.mount_attr.RDONLY);
}

pub fn masked_path(context: *Context, op: plan.Path) Context.Failed!void {
    try protect(context, op.path, mask);
}

pub fn readonly_path(context: *Context, op: plan.Path) Context.Failed!void {
    try protect(context, op.path, make_readonly);
}

const Protection = fn (context: *Context, target: sys.fd_t, shown: []const u8) Context.Failed!void;

/// In the mount that holds it, and at the path if that may be something else (holders.zig).
fn protect(context: *Context, shown: []const u8, comptime protection: Protection) Context.Failed!void {
    const found = try holders.open(context, shown);
    if (found.fd) |target| {
        defer sys.close(target);
        try protection(context, target, shown);
        holders.covered(context, shown);
    }
    if (!found.elsewhere) return;
    const target = path.open(context, shown, .follow, 0) catch {
        if (is_missing()) return;
        return context.fail("openat2", shown);
    };
    defer sys.close(target);
    try protection(context, target, shown);
    holders.covered(context, shown);
}

fn mask(context: *Context, target: sys.fd_t, shown: []const u8) Context.Failed!void {
    const stat = sys.fstat(target) catch return context.fail("statx", shown);
    if (stat.is_directory()) return cover_directory(context, target, shown);
    context.covers.null_device.put_over(target) catch return context.fail("move_mount", shown);
}

fn make_readonly(context: *Context, target: sys.fd_t, shown: []const u8) Context.Failed!void {
    // With all that is mounted below; the flags that it has already stay.
    const copy = sys.open_tree_clone(target, "", true, sys.AT.EMPTY_PATH) catch
        return context.fail("open_tree", shown);
    defer sys.close(copy);
    sys.mount_setattr(copy, "", sys.AT.EMPTY_PATH, .{ .set = sys.mount_attr.RDONLY }) catch
        return context.fail("mount_setattr", shown);
    sys.move_mount(copy, target) catch return context.fail("move_mount", shown);
}

/// If a component is a file, not a directory, there is nothing to protect either.
fn is_missing() bool {
    return sys.is(.NOENT) or sys.is(.NOTDIR);
}
