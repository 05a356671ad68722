//! Who the process is: users and groups, umask, no_new_privs. Runs in bunc-init, stage 2.
//!
//! The order of these steps in a plan (credentials(7), capabilities(7), seccomp(2)):
//!   labels (the files of /proc/self are root's until execve) → no_new_privs → seccomp (only remembered;
//!   it must find CAP_SYS_ADMIN or no_new_privs) → working_directory (with the rights of the runtime) →
//!   capability_bounding → user (keeps the permitted set) → capabilities.
//! A seccomp step after `capabilities` is fine with no_new_privs.

const std = @import("std");
const sys = @import("../sys.zig");
const plan = @import("../plan.zig");
const dumpable = @import("dumpable.zig");
const stdio = @import("stdio.zig");
const working_directory = @import("working_directory.zig");
const Context = @import("context.zig").Context;

pub fn user(context: *Context, op: plan.User) Context.Failed!void {
    stdio.reopen_null(context);
    try stdio.own(context);

    // setresuid from 0 clears the permitted set, which the step `capabilities` must still find.
    _ = sys.prctl(sys.PR.SET_KEEPCAPS, 1, 0, 0, 0) catch return context.fail("prctl(PR_SET_KEEPCAPS)", "");

    var number: [24]u8 = undefined;
    if (!op.keep_groups) sys.setgroups(op.additional_gids) catch return context.fail("setgroups", "");
    sys.setresgid(op.gid) catch
        return context.fail("setresgid", std.fmt.bufPrint(&number, "gid {d}", .{op.gid}) catch unreachable);
    try dumpable.refuse(context);
    sys.setresuid(op.uid) catch
        return context.fail("setresuid", std.fmt.bufPrint(&number, "uid {d}", .{op.uid}) catch unreachable);
    try dumpable.refuse(context);

    try working_directory.retry_as_user(context);
    _ = sys.prctl(sys.PR.SET_KEEPCAPS, 0, 0, 0, 0) catch return context.fail("prctl(PR_SET_KEEPCAPS)", "");
}

/// For the program and the hooks from here on. bunc-init itself keeps 0, so that what it makes has the mode
/// it asks for.
pub fn umask(context: *Context, op: plan.Umask) Context.Failed!void {
    context.umask = op.mask;
}

pub fn no_new_privs(context: *Context, _: plan.Empty) Context.Failed!void {
    _ = sys.prctl(sys.PR.SET_NO_NEW_PRIVS, 1, 0, 0, 0) catch
        return context.fail("prctl(PR_SET_NO_NEW_PRIVS)", "");
}
