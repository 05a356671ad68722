//! RLIMIT_NOFILE of the program, getrlimit(2). Runs in bunc-init, stage 2, last of all: to make the container it may
//! need more descriptors (a source of a mount each) than the program is to have.

const std = @import("std");
const sys = @import("../sys.zig");
const Context = @import("context.zig").Context;
const Failed = @import("context.zig").Failed;

/// The parent has raised the limit where that was asked for; to lower it takes no privilege.
pub fn limit(context: *Context) Failed!void {
    for (context.plan.limits.rlimits) |rlimit| {
        if (rlimit.resource != @intFromEnum(std.os.linux.rlimit_resource.NOFILE)) continue;
        const subject = context.subject;
        defer context.subject = subject;
        context.subject = rlimit.subject;
        const new: sys.RLimit = .{ .soft = rlimit.soft.value, .hard = rlimit.hard.value };
        sys.prlimit(0, rlimit.resource, &new, null) catch {
            if (!(rlimit.best_effort and sys.is(.PERM))) return context.fail("prlimit", "");
        };
    }
}
