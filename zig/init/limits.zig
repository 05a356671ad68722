//! The program's resource limits, getrlimit(2). Runs in bunc-init, stage 2, last of all: what it does itself
//! (a descriptor for the source of each mount, its stack, its memory) may need more than the program is to
//! have.

const sys = @import("../sys.zig");
const Context = @import("context.zig").Context;
const Failed = @import("context.zig").Failed;

/// The parent has raised what was to be raised; to lower takes no privilege.
pub fn apply(context: *Context) Failed!void {
    const subject = context.subject;
    defer context.subject = subject;
    for (context.plan.limits.rlimits) |rlimit| {
        context.subject = rlimit.subject;
        sys.prlimit(0, rlimit.resource, &rlimit.limit(), null) catch {
            if (!(rlimit.best_effort and sys.is(.PERM))) return context.fail("prlimit", "");
        };
    }
}
