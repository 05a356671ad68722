//! What libbunc sets on bunc-init from outside, because bunc-init may lack the rights: the OOM score and
//! rlimits. getrlimit(2), proc_pid_oom_score_adj(5). Runs in the bunc process.

const std = @import("std");
const sys = @import("../sys.zig");
const plan = @import("../plan.zig");
const process = @import("process.zig");
const Call = @import("../call.zig").Call;

pub fn apply(call: *Call, limits: plan.Limits, pid: i32) Call.Error!void {
    if (limits.oom_score_adj) |adjustment| {
        sys.backend.about("process.oomScoreAdj");
        var path: [64]u8 = undefined;
        const file = std.fmt.bufPrint(&path, "/proc/{d}/oom_score_adj", .{pid}) catch unreachable;
        var text: [16]u8 = undefined;
        const value = std.fmt.bufPrint(&text, "{d}", .{adjustment.value}) catch unreachable;
        process.write_file(file, value) catch {
            const refused = sys.is(.ACCES) or sys.is(.PERM);
            if (!(refused and adjustment.best_effort)) {
                return call.fail_on("process.oomScoreAdj", "write", file);
            }
        };
    }
    for (limits.rlimits) |rlimit| {
        sys.backend.about(rlimit.subject);
        // bunc-init lowers them when it needs them no longer (init/limits.zig).
        const new = process.raised(pid, rlimit.resource, rlimit.limit());
        sys.prlimit(pid, rlimit.resource, &new, null) catch {
            if (!(rlimit.best_effort and sys.is(.PERM))) return call.fail_on(rlimit.subject, "prlimit", "");
        };
    }
    sys.backend.about("");
}

/// RLIMIT_STACK, which the kernel takes when it begins to exec (clone.zig), raised as above; null: not
/// changed.
pub fn stack(limits: plan.Limits) ?sys.RLimit {
    const resource = @intFromEnum(std.os.linux.rlimit_resource.STACK);
    for (limits.rlimits) |rlimit| {
        if (rlimit.resource == resource) return process.raised(0, resource, rlimit.limit());
    }
    return null;
}
