//! The root file system of the container: bound on itself, then made "/". Runs in bunc-init, stage 2.
//! pivot_root(2), mount_namespaces(7).

const std = @import("std");
const sys = @import("../sys.zig");
const plan = @import("../plan.zig");
const host_mounts = @import("host_mounts.zig");
const masks = @import("masks.zig");
const procfs = @import("procfs.zig");
const search_permission = @import("search_permission.zig");
const Context = @import("context.zig").Context;

const MS = std.os.linux.MS;
const O = sys.O;
const AT = sys.AT;

pub fn root_propagation(context: *Context, op: plan.RootPropagation) Context.Failed!void {
    const recursive = if (op.recursive) AT.RECURSIVE else 0;
    sys.mount_setattr(AT.FDCWD, "/", recursive, .{ .propagation = op.flags }) catch
        return context.fail("mount_setattr", "/");
}

pub fn final_propagation(context: *Context, op: plan.RootPropagation) Context.Failed!void {
    const recursive = if (op.recursive) AT.RECURSIVE else 0;
    sys.mount_setattr(context.root, "", AT.EMPTY_PATH | recursive, .{ .propagation = op.flags }) catch
        return context.fail("mount_setattr", "/");
}

/// Opens the root and, with `bind`, binds it on itself with all that is mounted below it.
pub fn bind_root(context: *Context, op: plan.BindRoot) Context.Failed!void {
    std.debug.assert(context.root < 0);
    const directory = sys.open(op.path, O.PATH | O.DIRECTORY) catch {
        var buffer: [search_permission.size_max]u8 = undefined;
        var text: std.Io.Writer = .fixed(&buffer);
        if (sys.is(.ACCES)) search_permission.describe(context.plan, op.path, &text);
        return context.fail_as(.system, "open", op.path, text.buffered());
    };
    if (!op.bind) {
        context.root = directory;
        return;
    }
    if (parent_propagation(context)) |flag| try set_parent_propagation(context, directory, flag, op.path);
    const mount = sys.open_tree_clone(directory, "", true, AT.EMPTY_PATH) catch
        return context.fail("open_tree", op.path);
    // The container does not see what the host mounts below the bundle afterwards. (Mounts that are there now
    // follow the host's; so do binds of other directories.)
    sys.mount_setattr(mount, "", AT.EMPTY_PATH, .{ .propagation = MS.PRIVATE }) catch
        return context.fail("mount_setattr", op.path);
    sys.move_mount(mount, directory) catch return context.fail("move_mount", op.path);
    sys.close(directory);
    context.root = mount;
}

/// What the mount that holds the root has to become. Null: after a recursive root_propagation no mount is
/// shared, unless sharing is what it was for.
fn parent_propagation(context: *const Context) ?u32 {
    for (context.plan.steps) |step| switch (step.op) {
        .root_propagation => |op| {
            if (op.flags != MS.SHARED and op.recursive) return null;
            return if (op.flags == MS.SLAVE) MS.SLAVE else MS.PRIVATE;
        },
        .bind_root => return MS.PRIVATE,
        else => {},
    };
    return MS.PRIVATE;
}

/// pivot_root(2) refuses a new root below a shared mount, and the bind would appear on the host.
fn set_parent_propagation(
    context: *const Context,
    directory: sys.fd_t,
    flag: u32,
    shown: []const u8,
) Context.Failed!void {
    // Upwards, to the directory that is the root of the mount. PATH_MAX allows no deeper path.
    var current = directory;
    defer if (current != directory) sys.close(current);
    for (0..sys.path_max / 2) |_| {
        if (sys.mount_setattr(current, "", AT.EMPTY_PATH, .{ .propagation = flag })) return else |_| {
            if (!sys.is(.INVAL)) return context.fail("mount_setattr", shown);
        }
        const parent = sys.openat(current, "..", O.PATH | O.DIRECTORY) catch
            return context.fail("openat", shown);
        if (current != directory) sys.close(current);
        current = parent;
    }
    return context.fail("mount_setattr", shown);
}

pub fn pivot_root(context: *Context, _: plan.Empty) Context.Failed!void {
    try prepare(context);
    const host = sys.open("/", O.PATH | O.DIRECTORY) catch return context.fail("open", "/");
    defer sys.close(host);
    sys.fchdir(context.root) catch return context.fail("fchdir", "root");
    // With "." for both no directory is needed to put the old root in: it ends up on top of the new one,
    // and we keep standing in the new one.
    sys.pivot_root(".", ".") catch return context.fail("pivot_root", "root");
    // Nothing that is unmounted here may be unmounted on the host. Slave and not private: a private copy
    // would hold on to what the host unmounts in between.
    sys.mount_setattr(host, "", AT.EMPTY_PATH | AT.RECURSIVE, .{ .propagation = MS.SLAVE }) catch
        return context.fail("mount_setattr", "the host's root");
    sys.umount_detach(".") catch return context.fail("umount2", "the host's root");
}

/// `--no-pivot`, for roots that cannot be pivoted from (initramfs).
pub fn move_root(context: *Context, _: plan.Empty) Context.Failed!void {
    try prepare(context);
    try host_mounts.hide(context);
    sys.fchdir(context.root) catch return context.fail("fchdir", "root");
    sys.mount(".", "/", null, MS.MOVE, null) catch return context.fail("mount(MS_MOVE)", "root");
    try enter(context);
}

pub fn change_root(context: *Context, _: plan.Empty) Context.Failed!void {
    try prepare(context);
    sys.fchdir(context.root) catch return context.fail("fchdir", "root");
    try enter(context);
}

/// The last chance to take things that only the host's root has.
fn prepare(context: *Context) Context.Failed!void {
    std.debug.assert(context.root >= 0);
    // Hooks may have mounted something over it.
    context.last_parent.forget();
    try masks.prepare(context);
    try procfs.prepare(context);
}

fn enter(context: *const Context) Context.Failed!void {
    sys.chroot(".") catch return context.fail("chroot", "root");
    sys.chdir("/") catch return context.fail("chdir", "/");
}
