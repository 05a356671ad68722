//! Who may look into bunc-init until it is the user's program: nobody of the container (CVE-2016-9962). Runs
//! in bunc-init.
//!
//! The kernel sets "dumpable" to fs.suid_dumpable, which may be 1, whenever a process changes its uid or gid,
//! or enters a user namespace that is not its own (commit_creds). PR_SET_DUMPABLE(2const)

const sys = @import("../sys.zig");
const Context = @import("context.zig").Context;

/// After each such change.
pub fn refuse(context: *Context) Context.Failed!void {
    _ = sys.prctl(sys.PR.SET_DUMPABLE, 0, 0, 0, 0) catch return context.fail("prctl(PR_SET_DUMPABLE)", "");
}
