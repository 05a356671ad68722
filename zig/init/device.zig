//! Device nodes and symbolic links of the container, most of them in /dev. Runs in bunc-init, stage 2,
//! whose umask is 0. mknod(2), symlink(2).

const sys = @import("../sys.zig");
const plan = @import("../plan.zig");
const path = @import("path.zig");
const sources = @import("sources.zig");
const Context = @import("context.zig").Context;

/// A file that exists already is kept, as with runc. `index`: the step's.
pub fn device(context: *Context, op: plan.Device, index: usize) Context.Failed!void {
    const parent = try path.open_parent(context, op.path);
    if (op.bind) return bind_node(context, op, parent, index);
    const number = sys.makedev(op.major, op.minor) orelse
        return context.refuse(.INVAL, .limit, "mknodat", op.path, "the device number is out of range");
    sys.mknodat(parent.directory, parent.name, file_type(op.kind) | op.mode, number) catch {
        if (sys.is(.EXIST)) return;
        // Without CAP_MKNOD, for instance inside another container.
        if (sys.is(.PERM)) return bind_node(context, op, parent, index);
        return context.fail("mknodat", op.path);
    };
    sys.fchownat(parent.directory, parent.name, op.uid, op.gid, sys.AT.SYMLINK_NOFOLLOW) catch
        return context.fail("fchownat", op.path);
}

fn bind_node(context: *Context, op: plan.Device, parent: path.Parent, index: usize) Context.Failed!void {
    const source = try sources.take(context, .{ .path = op.path, .recursive = false }, null, index);
    defer sys.close(source.mount);
    var existed = false;
    // mknod and not open: an existing device must not be opened.
    sys.mknodat(parent.directory, parent.name, sys.S.IFREG, 0) catch {
        if (!sys.is(.EXIST)) return context.fail("mknodat", op.path);
        existed = true;
    };
    const target = sys.openat(parent.directory, parent.name, sys.O.PATH | sys.O.NOFOLLOW) catch
        return context.fail("openat", op.path);
    defer sys.close(target);
    if (existed) {
        const stat = sys.fstat(target) catch return context.fail("statx", op.path);
        const link = "a symbolic link stands where the device is to be";
        if (stat.is_symlink()) return context.refuse(.LOOP, .unsafe_path, "openat", op.path, link);
    }
    sys.move_mount(source.mount, target) catch return context.fail("move_mount", op.path);
}

fn file_type(kind: plan.DeviceKind) u32 {
    return switch (kind) {
        .character => sys.S.IFCHR,
        .block => sys.S.IFBLK,
        .fifo => sys.S.IFIFO,
    };
}

pub fn symlink(context: *Context, op: plan.Symlink) Context.Failed!void {
    const parent = try path.open_parent(context, op.path);
    // Another process may put a file there again and again: the attempts are bounded.
    for (0..8) |_| {
        sys.symlinkat(op.target, parent.directory, parent.name) catch {
            if (!sys.is(.EXIST)) return context.fail("symlinkat", op.path);
            if (!op.replace) return;
            remove(parent) catch return context.fail("unlinkat", op.path);
            continue;
        };
        return;
    }
    return context.fail("symlinkat", op.path);
}

fn remove(parent: path.Parent) sys.Error!void {
    sys.unlinkat(parent.directory, parent.name, 0) catch {
        if (sys.is(.NOENT)) return;
        if (!sys.is(.ISDIR)) return error.Sys;
        return sys.unlinkat(parent.directory, parent.name, sys.AT.REMOVEDIR);
    };
}
