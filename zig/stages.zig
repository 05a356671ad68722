//! Which stages bunc-init has for a plan (docs/ARCHITECTURE.md).

const CLONE = @import("std").os.linux.CLONE;
const Plan = @import("plan.zig").Plan;

/// No stage 1: the parent's clone3 makes every namespace. A cgroup namespace is made later, by bunc-init
/// itself, because its root is the cgroup that the process is in by then.
pub fn is_direct(plan: *const Plan) bool {
    const wanted = plan.namespaces;
    return wanted.join.len == 0 and wanted.join_process == null and
        wanted.create & (CLONE.NEWUSER | CLONE.NEWTIME) == 0;
}
