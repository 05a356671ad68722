//! A procfs of our own: a detached mount that no path leads to, so that nothing in the image, no volume
//! and no other process can cover a file of it (CVE-2019-16884, CVE-2025-52881). Runs in bunc-init, both
//! stages; everything that reads or writes /proc on the container's behalf goes through it.

const std = @import("std");
const sys = @import("../sys.zig");
const Context = @import("context.zig").Context;

/// inode number of the root directory of every procfs, and of nothing else in one. PROC_ROOT_INO.
const root_inode = 1;

/// Opens `path`, relative to the root of procfs ("thread-self/attr/exec"). No other mount is crossed and no
/// magic link is followed.
pub fn open_proc(context: *Context, path: []const u8, flags: u32) Context.Failed!sys.fd_t {
    const root = try root_of(context);
    const resolve = sys.RESOLVE.BENEATH | sys.RESOLVE.NO_XDEV | sys.RESOLVE.NO_MAGICLINKS;
    return sys.openat2(root, path, flags, resolve) catch return fail(context, "openat2", path);
}

/// Opens what the magic link `name` in `directory` of procfs stands for ("self/ns", "user").
pub fn open_magic_link(context: *Context, directory: []const u8, name: []const u8) Context.Failed!sys.fd_t {
    const parent = try open_proc(context, directory, sys.O.PATH | sys.O.DIRECTORY);
    defer sys.close(parent);
    return sys.openat(parent, name, sys.O.RDONLY) catch return fail(context, "openat", name);
}

/// The path of what `fd` refers to, as the kernel shows it (d_path): from the root of this process.
pub fn path_of(context: *Context, fd: sys.fd_t, buffer: *sys.PathBuffer) Context.Failed![]const u8 {
    const directory = try open_proc(context, "thread-self/fd", sys.O.PATH | sys.O.DIRECTORY);
    defer sys.close(directory);
    var name_buffer: [16]u8 = undefined;
    const name = std.fmt.bufPrint(&name_buffer, "{d}", .{fd}) catch unreachable;
    return sys.readlinkat(directory, name, buffer) catch return fail(context, "readlinkat", "thread-self/fd");
}

/// Errors name the file as people know it, below /proc.
fn fail(context: *const Context, op: []const u8, path: []const u8) Context.Failed {
    var buffer: [sys.path_max]u8 = undefined;
    const shown = std.fmt.bufPrint(&buffer, "/proc/{s}", .{path}) catch path;
    // Only of a copy of the host's, see `copy`.
    const detail = if (sys.is(.XDEV))
        "it is covered by another mount, and the kernel refuses a new proc file system here"
    else
        "";
    return context.fail_as(.system, op, shown, detail);
}

/// Before the root changes, while the host's /proc can still be copied where the kernel refuses a new one.
pub fn prepare(context: *Context) Context.Failed!void {
    const plan = context.plan;
    if (plan.has(.sysctl) or plan.has(.apparmor_exec) or plan.has(.selinux_exec)) _ = try root_of(context);
}

/// It shows what masks cover in the container's: a process that may look into bunc-init must not find it.
pub fn close(context: *Context) void {
    if (context.procfs >= 0) sys.close(context.procfs);
    context.procfs = -1;
}

fn root_of(context: *Context) Context.Failed!sys.fd_t {
    if (context.procfs < 0) {
        // A user namespace may be refused a procfs of its own (EPERM) where /proc is partly covered, as in a
        // container, or where the pid namespace belongs to another user namespace: mount_namespaces(7).
        context.procfs = make() catch try copy(context);
    }
    return context.procfs;
}

fn make() sys.Error!sys.fd_t {
    const fs = try sys.fsopen("proc");
    defer sys.close(fs);
    try sys.fsconfig_create(fs);
    return sys.fsmount(fs, sys.mount_attr.NOSUID | sys.mount_attr.NODEV | sys.mount_attr.NOEXEC);
}

/// With all that is mounted in it, because a user namespace may not take that away: what is covered is
/// not reachable then (RESOLVE_NO_XDEV), and an error.
fn copy(context: *const Context) Context.Failed!sys.fd_t {
    const path = "/proc";
    const clone = sys.open_tree_clone(sys.AT.FDCWD, path, true, 0) catch
        return context.fail("open_tree", path);
    const kind = sys.fstatfs_type(clone) catch return context.fail("fstatfs", path);
    const stat = sys.fstat(clone) catch return context.fail("statx", path);
    if (kind != sys.fs_magic.proc or stat.inode != root_inode) {
        const wrong = "it is not a proc file system, and the kernel refuses to make a new one here";
        return context.refuse(.NODEV, .unsafe_path, "fstatfs", path, wrong);
    }
    return clone;
}
