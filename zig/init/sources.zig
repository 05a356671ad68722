//! Sources of bind mounts, opened as detached copies. Runs in bunc-init.
//!
//! Stage 1 opens all of them before it enters a user namespace, where the container's root may not be
//! allowed to search the directories on the way, and may not map ids. Otherwise stage 2 opens each when its turn comes.

const std = @import("std");
const sys = @import("../sys.zig");
const plan = @import("../plan.zig");
const id_map = @import("id_map.zig");
const context_types = @import("context.zig");
const Context = context_types.Context;
const Failed = context_types.Failed;

const MS = std.os.linux.MS;

/// Stage 1: fills `context.sources`. A source that does not open stays -1, and stage 2 tries it and reports:
/// a caller without rights on the host (rootless) has them in its user namespace only. In the mount namespace of
/// a running container the path would name another file, so there it is an error now.
pub fn open_all(context: *Context) Failed!void {
    std.debug.assert(context.stage == .join);
    const steps = context.plan.steps;
    context.sources = context.allocator.alloc(sys.fd_t, steps.len) catch {
        sys.errno = .NOMEM;
        return context.fail_as(.limit, "allocate", "mounts", "too many steps");
    };
    @memset(context.sources, -1);
    const subject = context.subject;
    defer context.subject = subject;
    for (steps, context.sources) |step, *source| {
        context.subject = step.subject;
        switch (step.op) {
            .mount => |op| switch (op.source) {
                .bind => |bind| {
                    const mount = clone(bind) catch {
                        if (context.plan.namespaces.join_pid == 0) continue;
                        return context.fail("open_tree", bind.path);
                    };
                    try detach_from_host(context, mount, bind.path);
                    if (op.id_map) |map| try id_map.apply(context, mount, map, bind.path);
                    source.* = mount;
                },
                else => {},
            },
            .device => |op| if (op.bind) {
                const mount = clone(.{ .path = op.path, .recursive = false }) catch continue;
                try detach_from_host(context, mount, op.path);
                source.* = mount;
            },
            else => {},
        }
    }
    // It shows the host's processes: not for stage 2.
    if (context.procfs >= 0) sys.close(context.procfs);
    context.procfs = -1;
}

/// Still in the host's mount namespace, the copies are peers of the host's mounts: what stage 2 mounts in
/// them would appear on the host. They get what the step root_propagation gives to all others.
fn detach_from_host(context: *const Context, mount: sys.fd_t, shown: []const u8) Failed!void {
    set_propagation(mount, MS.SLAVE) catch return context.fail("mount_setattr", shown);
    for (context.plan.steps) |step| switch (step.op) {
        .root_propagation => |op| {
            if (op.flags == MS.SLAVE) return;
            return set_propagation(mount, op.flags) catch return context.fail("mount_setattr", shown);
        },
        else => {},
    };
}

fn set_propagation(mount: sys.fd_t, flags: u32) sys.Error!void {
    return sys.mount_setattr(mount, "", sys.AT.EMPTY_PATH | sys.AT.RECURSIVE, .{ .propagation = flags });
}

pub const Source = struct {
    /// A detached mount; the caller closes it.
    mount: sys.fd_t,
    /// Stage 1 opened it, and has applied the id map.
    ahead: bool,
};

/// Stage 2: the source of the step `index`.
pub fn take(context: *const Context, bind: plan.Bind, index: usize) Failed!Source {
    if (index < context.sources.len and context.sources[index] >= 0) {
        defer context.sources[index] = -1;
        return .{ .mount = context.sources[index], .ahead = true };
    }
    const mount = clone(bind) catch {
        const detail = if (sys.is(.INVAL) and !bind.recursive) "what is mounted below it must not be left out here: bind it recursively (rbind)" else "";
        return context.fail_as(.system, "open_tree", bind.path, detail);
    };
    return .{ .mount = mount, .ahead = false };
}

fn clone(bind: plan.Bind) sys.Error!sys.fd_t {
    var buffer: sys.PathBuffer = undefined;
    const path = try sys.zero_terminate(&buffer, bind.path);
    return sys.open_tree_clone(sys.AT.FDCWD, path, bind.recursive, 0);
}
