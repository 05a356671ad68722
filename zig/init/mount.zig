//! The container's mounts. Runs in bunc-init, stage 2. Each is made detached, gets its attributes where
//! nobody sees it, and is then attached to a target that a descriptor names: at no moment can a path be
//! exchanged, or a mount be seen with other flags than requested.

const std = @import("std");
const sys = @import("../sys.zig");
const plan = @import("../plan.zig");
const attributes = @import("attributes.zig");
const copy_up = @import("copy_up.zig");
const filesystem = @import("filesystem.zig");
const holders = @import("holders.zig");
const id_map = @import("id_map.zig");
const masks = @import("masks.zig");
const path = @import("path.zig");
const procfs = @import("procfs.zig");
const sources = @import("sources.zig");
const Context = @import("context.zig").Context;
const Failed = Context.Failed;

/// `index`: the step's, by which stage 1 may have opened its source.
pub fn add(context: *Context, op: plan.Mount, index: usize) Failed!void {
    context.last_parent.forget();
    if (context.holders == null) try holders.find(context);
    switch (op.source) {
        .filesystem => |source| try mount_filesystem(context, op, source, index),
        .bind => |source| try mount_bind(context, op, source, index),
        .remount => |source| try mount_again(context, op, source),
    }
}

pub fn remount(context: *Context, op: plan.Remount) Failed!void {
    const target = path.open(context, op.path, .follow, 0) catch return context.fail("openat2", op.path);
    defer sys.close(target);
    attributes.apply(target, op.attributes, false) catch return context.fail("mount_setattr", op.path);
}

/// By its name in its directory: that works for files too, and needs no /proc that the container may have
/// covered.
pub fn unmount(context: *Context, op: plan.Path) Failed!void {
    const slash = std.mem.lastIndexOfScalar(u8, op.path, '/').?;
    const parent = path.open(context, op.path[0..@max(slash, 1)], .refuse, sys.O.DIRECTORY) catch {
        if (sys.is(.LOOP)) return path.refuse_link(context, op.path);
        return context.fail("openat2", op.path);
    };
    defer sys.close(parent);
    sys.fchdir(parent) catch return context.fail("fchdir", op.path);
    sys.umount_detach(op.path[slash + 1 ..]) catch {
        const detail = if (sys.is(.INVAL))
            "nothing is mounted there, or it came with the user namespace"
        else
            "";
        return context.fail_as(.system, "umount2", op.path, detail);
    };
}

const Target = struct { fd: sys.fd_t, created: bool };

/// `source`: of a bind mount, whose kind a missing target is made of; null: a directory.
fn open_target(context: *Context, op: plan.Mount, source: ?sys.fd_t) Failed!Target {
    const links: path.Links = if (op.ordinary_directory) .refuse else .follow;
    const flags = if (op.ordinary_directory) sys.O.DIRECTORY else 0;
    const fd = path.open(context, op.target, links, flags) catch {
        if (sys.is(.NOENT)) {
            const kind = if (source) |it| try kind_of(context, op, it) else .directory;
            return .{ .fd = try path.create(context, op.target, kind, links), .created = true };
        }
        if (op.ordinary_directory and (sys.is(.LOOP) or sys.is(.NOTDIR))) {
            return context.fail_as(.unsafe_path, "openat2", op.target, "it is not an ordinary directory");
        }
        return context.fail("openat2", op.target);
    };
    if (links == .follow) try refuse_procfs(context, op, fd);
    return .{ .fd = fd, .created = false };
}

/// What may be mounted below /proc has been decided by its name. A link in the image must not lead another
/// mount there (CVE-2019-19921).
fn refuse_procfs(context: *Context, op: plan.Mount, target: sys.fd_t) Failed!void {
    if (path.is_below("/proc", op.target)) return;
    const kind = sys.fstatfs_type(target) catch return context.fail("fstatfs", op.target);
    if (kind != sys.fs_magic.proc) return;
    var root_buffer: sys.PathBuffer = undefined;
    var target_buffer: sys.PathBuffer = undefined;
    const root = try procfs.path_of(context, context.root, &root_buffer);
    const resolved = try procfs.path_of(context, target, &target_buffer);
    if (!path.is_below(root, resolved)) return;
    const inside = resolved[if (root.len == 1) 0 else root.len..];
    if (!path.is_below("/proc", inside)) return;
    const inside_proc = "it cannot be mounted because it is inside /proc, where a symbolic link leads";
    return context.refuse(.LOOP, .unsafe_path, "openat2", op.target, inside_proc);
}

fn kind_of(context: *const Context, op: plan.Mount, fd: sys.fd_t) Failed!path.Kind {
    const stat = sys.fstat(fd) catch return context.fail("statx", op.target);
    return if (stat.is_directory()) .directory else .file;
}

fn mount_bind(context: *Context, op: plan.Mount, bind: plan.Bind, index: usize) Failed!void {
    const source = try sources.take(context, bind, op.id_map, index);
    const target = try open_target(context, op, source.mount);
    defer sys.close(target.fd);
    if (!source.ready) try attributes.apply_both(context, source.mount, op, bind.path);
    try attach(context, op, source.mount, target.fd, index);
}

fn mount_filesystem(context: *Context, op: plan.Mount, source: plan.Filesystem, index: usize) Failed!void {
    const target = try open_target(context, op, null);
    defer sys.close(target.fd);
    var mode_buffer: [8]u8 = undefined;
    const mode = try mode_of_target(context, op, target, &mode_buffer);
    // Read-only from the beginning, there would be nothing to copy into.
    const set = if (op.copy_up) 0 else op.attributes.set;
    var report: filesystem.Report = .{};
    const made = filesystem.make(source, set, mode, &report) catch |err| switch (err) {
        error.Unfit => return mount_classic(context, op, target.fd, mode),
        error.Sys => blk: {
            if (sys.is(.PERM) or sys.is(.BUSY)) {
                if (source.fallback_bind) |directory| {
                    break :blk try bind_instead(context, op, directory, target.fd) orelse return;
                }
            }
            return context.fail_as(.system, report.op, op.target, report.detail());
        },
    };
    if (op.copy_up) {
        try copy_up.copy(context, target.fd, made, op.target);
        attributes.apply(made, op.attributes, false) catch return context.fail("mount_setattr", op.target);
    }
    if (op.id_map) |map| try id_map.apply(context, made, map, op.target);
    attributes.apply(made, op.recursive_attributes, true) catch
        return context.fail("mount_setattr", op.target);
    try attach(context, op, made, target.fd, index);
}

/// The mode that a tmpfs takes over from the directory it covers, as an option.
fn mode_of_target(context: *Context, op: plan.Mount, it: Target, buffer: *[8]u8) Failed!?plan.MountOption {
    if (it.created or !op.source.filesystem.mode_of_target) return null;
    const stat = sys.fstat(it.fd) catch return context.fail("statx", op.target);
    const text = std.fmt.bufPrint(buffer, "{o:0>4}", .{stat.mode & 0o7777}) catch unreachable;
    return .{ .key = "mode", .value = text };
}

/// In a user namespace without a cgroup namespace cgroup2 cannot be mounted: the host's directory is bound.
/// Null: that is not to be seen from here either, and the target has been covered instead, so that no
/// writable cgroup shows through from a bind of /sys (CVE-2023-25809).
fn bind_instead(context: *Context, op: plan.Mount, directory: []const u8, target: sys.fd_t) Failed!?sys.fd_t {
    // With everything below, which a user namespace may not leave out.
    const clone = sys.open_tree_clone(sys.AT.FDCWD, directory, true, 0) catch {
        if (!sys.is(.NOENT)) return context.fail("open_tree", directory);
        try masks.cover_directory(context, target, op.target);
        return null;
    };
    try attributes.apply_both(context, clone, op, directory);
    return clone;
}

fn mount_classic(context: *Context, op: plan.Mount, target: sys.fd_t, mode: ?plan.MountOption) Failed!void {
    if (op.copy_up or op.id_map != null) {
        const too_long = "an option is longer than the 255 bytes that this kernel takes for a mount " ++
            "that is copied into or id-mapped";
        return context.refuse(.INVAL, .limit, "fsconfig", op.target, too_long);
    }
    var report: filesystem.Report = .{};
    const source = op.source.filesystem;
    filesystem.mount_classic(source, target, op.attributes.set, mode, &report) catch |err| switch (err) {
        error.Sys => return context.fail_as(.system, report.op, op.target, report.detail()),
        error.TooLong => {
            const too_long = "its options are longer than the 4095 bytes that this kernel takes " ++
                "(an overlay may have any number of layers since Linux 6.8)";
            return context.refuse(.@"2BIG", .limit, "mount", op.target, too_long);
        },
    };
    if (op.propagation.len == 0 and attributes.is_none(op.recursive_attributes)) return;
    const mounted = path.open(context, op.target, .follow, sys.O.DIRECTORY) catch
        return context.fail("openat2", op.target);
    defer sys.close(mounted);
    attributes.apply(mounted, op.recursive_attributes, true) catch
        return context.fail("mount_setattr", op.target);
    try set_propagation(context, op, mounted);
}

fn mount_again(context: *Context, op: plan.Mount, source: plan.Reconfigure) Failed!void {
    const target = path.open(context, op.target, .follow, 0) catch return context.fail("openat2", op.target);
    defer sys.close(target);
    if (source.options.len > 0) {
        var report: filesystem.Report = .{};
        filesystem.reconfigure(target, source.options, &report) catch |err| switch (err) {
            error.Sys => return context.fail_as(.system, report.op, op.target, report.detail()),
            error.Unfit => {
                const too_long = "an option is longer than 255 bytes";
                return context.refuse(.INVAL, .limit, "fsconfig", op.target, too_long);
            },
        };
    }
    try attributes.apply_both(context, target, op, null);
    try set_propagation(context, op, target);
}

/// Takes over `detached`.
fn attach(context: *Context, op: plan.Mount, detached: sys.fd_t, target: sys.fd_t, index: usize) Failed!void {
    sys.move_mount(detached, target) catch return fail_to_attach(context, op, detached, target);
    // Now that it is attached: below a shared mount it has become shared.
    try set_propagation(context, op, detached);
    if (std.mem.trim(u8, op.target, "/").len > 0) {
        holders.keep(context, index, detached);
    } else {
        // Over the root itself: the next steps use the new mount.
        sys.close(context.root);
        context.root = detached;
    }
}

/// move_mount(2) says EINVAL where mount(2) said ENOTDIR, which is what people and clients know.
fn fail_to_attach(context: *const Context, op: plan.Mount, detached: sys.fd_t, target: sys.fd_t) Failed!void {
    const errno = sys.backend.errno;
    if (errno == .INVAL) {
        const from = try kind_of(context, op, detached);
        const to = try kind_of(context, op, target);
        if (from != to) return context.refuse(.NOTDIR, .system, "move_mount", op.target, switch (to) {
            .directory => "the source is a file, the target is a directory",
            .file => "the source is a directory, the target is not",
        });
    }
    sys.backend.errno = errno;
    return context.fail("move_mount", op.target);
}

fn set_propagation(context: *const Context, op: plan.Mount, attached: sys.fd_t) Failed!void {
    for (op.propagation) |propagation| {
        const flags = sys.AT.EMPTY_PATH | (if (propagation.recursive) sys.AT.RECURSIVE else 0);
        sys.mount_setattr(attached, "", flags, .{ .propagation = propagation.flag }) catch
            return context.fail("mount_setattr", op.target);
    }
}
