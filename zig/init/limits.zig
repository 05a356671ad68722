//! The program's resource limits, getrlimit(2). Runs in bunc-init, stage 2, last of all: what it does itself
//! (a descriptor for the source of each mount, its stack, its memory) may need more than the program is to
//! have.

const std = @import("std");
const sys = @import("../sys.zig");
const plan = @import("../plan.zig");
const Context = @import("context.zig").Context;

/// Before "ready". The parent has raised what was to be raised; to lower takes no privilege.
pub fn apply(context: *Context) Context.Failed!void {
    return apply_those(context, false);
}

/// When the word to start has come: what it takes to wait for it needs descriptors.
pub fn apply_late(context: *Context) Context.Failed!void {
    return apply_those(context, true);
}

/// Fewer than bunc-init may have open while it waits.
const descriptors_few = 16;

fn is_late(context: *const Context, rlimit: plan.Rlimit) bool {
    // A filter with a listener is in place by then, and need not allow prlimit(2).
    if (context.has_listener) return false;
    return rlimit.resource == @intFromEnum(std.os.linux.rlimit_resource.NOFILE) and
        rlimit.soft.value < descriptors_few;
}

fn apply_those(context: *Context, late: bool) Context.Failed!void {
    const subject = context.subject;
    defer context.subject = subject;
    for (context.plan.limits.rlimits) |rlimit| {
        if (is_late(context, rlimit) != late) continue;
        context.subject = rlimit.subject;
        sys.prlimit(0, rlimit.resource, &rlimit.limit(), null) catch {
            if (!(rlimit.best_effort and sys.is(.PERM))) return context.fail("prlimit", "");
        };
    }
}
