//! Names of the container: host name and NIS domain name of its UTS namespace. Runs in bunc-init, stage 2.

const sys = @import("../sys.zig");
const plan = @import("../plan.zig");
const Context = @import("context.zig").Context;

/// sethostname(2). The new UTS namespace is the container's, so nothing of the host changes.
pub fn hostname(context: *Context, op: plan.Name) Context.Failed!void {
    sys.sethostname(op.name) catch return context.fail("sethostname", op.name);
}

/// setdomainname(2).
pub fn domainname(context: *Context, op: plan.Name) Context.Failed!void {
    sys.setdomainname(op.name) catch return context.fail("setdomainname", op.name);
}
