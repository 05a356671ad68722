//! Enter process.cwd, inside the container. Runs in bunc-init, stage 2, after the root has changed.
//!
//! The path comes from the config or from `exec --cwd`, the directories from the image. Two things must
//! not happen (CVE-2024-21626): reaching a descriptor of ours through /proc/self/fd, and ending up in a
//! directory that is not below the container's root, from where ".." leads to the host.

const std = @import("std");
const sys = @import("../sys.zig");
const plan = @import("../plan.zig");
const path_calls = @import("path.zig");
const Context = @import("context.zig").Context;

const RESOLVE = sys.RESOLVE.IN_ROOT | sys.RESOLVE.NO_MAGICLINKS;

/// Enters with the rights of the runtime first: root may go where the user may not. If it is denied (a
/// network or FUSE volume that only the user may read), the step `user` tries again as that user.
pub fn working_directory(context: *Context, op: plan.WorkingDirectory) Context.Failed!void {
    std.debug.assert(context.root >= 0);
    context.directory_pending = "";
    if (op.create) try create(context, op.path);
    enter(context, op.path) catch {
        const refused = sys.is(.ACCES) or sys.is(.PERM);
        if (refused and will_change_user(context)) {
            context.directory_pending = op.path;
            return;
        }
        return context.fail("chdir", op.path);
    };
    try verify(context);
}

/// Called by the step `user`, when the identity is the final one.
pub fn retry_as_user(context: *Context) Context.Failed!void {
    const pending = context.directory_pending;
    if (pending.len == 0) return;
    context.directory_pending = "";
    enter(context, pending) catch return context.fail("chdir", pending);
    try verify(context);
}

/// getcwd(2) answers "(unreachable)/…" for a directory that is not below the root of this process.
pub fn verify(context: *const Context) Context.Failed!void {
    var buffer: sys.PathBuffer = undefined;
    const path = sys.getcwd(&buffer) catch {
        // A directory that was removed meanwhile is harmless, but there is no way to tell it from others.
        return context.fail("getcwd", "working directory");
    };
    if (path.len == 0 or path[0] != '/') {
        const outside = "the working directory is outside of the container's root";
        return context.refuse(.PERM, .unsafe_path, "chdir", path, outside);
    }
}

/// If the runtime may not look, `enter` finds out whether anything is missing.
fn create(context: *Context, target: []const u8) Context.Failed!void {
    const existing = path_calls.open(context, target, .follow, 0) catch {
        if (!sys.is(.NOENT)) return;
        sys.close(try path_calls.create(context, target, .directory, .follow));
        return;
    };
    sys.close(existing);
}

fn enter(context: *const Context, path: []const u8) sys.Error!void {
    const directory = try sys.openat2(context.root, path, sys.O.PATH | sys.O.DIRECTORY, RESOLVE);
    defer sys.close(directory);
    try sys.fchdir(directory);
}

/// True while a step `user` that changes the identity is still to come.
fn will_change_user(context: *const Context) bool {
    for (context.plan.steps) |step| switch (step.op) {
        .user => |user| return user.uid != sys.geteuid() or user.gid != sys.getegid(),
        else => {},
    };
    return false;
}
