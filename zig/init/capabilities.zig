//! Capabilities of the process: bounding set, the three sets of capset(2), ambient set. capabilities(7).
//! Runs in bunc-init, stage 2: the bounding set before the user changes (it takes CAP_SETPCAP), the
//! others after it.

const std = @import("std");
const sys = @import("../sys.zig");
const plan = @import("../plan.zig");
const context_types = @import("context.zig");
const Context = context_types.Context;
const Failed = context_types.Failed;

pub const CAP_SYS_ADMIN: u64 = 1 << 21;

/// Drops what the mask does not hold. Bits above the running kernel's last capability mean nothing to
/// it: what it does not know, nobody can have.
pub fn capability_bounding(context: *Context, op: plan.CapabilitySet) Failed!void {
    const known = known_capabilities();
    var number: [16]u8 = undefined;
    for (0..64) |index| {
        const bit = @as(u64, 1) << @intCast(index);
        if (known & bit == 0 or op.set.value & bit != 0) continue;
        // Already absent (a nested runtime): dropping again would want CAP_SETPCAP all the same.
        const present = sys.prctl(sys.PR.CAPBSET_READ, index, 0, 0, 0) catch 0;
        if (present == 0) continue;
        _ = sys.prctl(sys.PR.CAPBSET_DROP, index, 0, 0, 0) catch
            return context.fail("prctl(PR_CAPBSET_DROP)", describe(&number, index));
    }
}

pub fn capabilities(context: *Context, op: plan.Capabilities) Failed!void {
    const known = known_capabilities();
    const wanted: sys.CapabilitySets = .{
        .effective = op.effective.value & known,
        .permitted = op.permitted.value & known,
        .inheritable = op.inheritable.value & known,
    };
    var now = wanted;
    if (context.filter) |filter| if (filter.needs_privilege) {
        // The filter is installed later, and that takes this capability.
        now.effective |= CAP_SYS_ADMIN;
        now.permitted |= CAP_SYS_ADMIN;
        if (!std.meta.eql(now, wanted)) context.capabilities_after_filter = wanted;
    };
    sys.capset(now) catch return context.fail("capset", "");

    // Left over from the caller (a rootless user's own ambient set) or from an earlier step: start from none.
    _ = sys.prctl(sys.PR.CAP_AMBIENT, sys.PR.CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) catch
        return context.fail("prctl(PR_CAP_AMBIENT_CLEAR_ALL)", "");
    var number: [16]u8 = undefined;
    for (0..64) |index| {
        if (op.ambient.value & known & @as(u64, 1) << @intCast(index) == 0) continue;
        _ = sys.prctl(sys.PR.CAP_AMBIENT, sys.PR.CAP_AMBIENT_RAISE, index, 0, 0) catch
            return context.fail("prctl(PR_CAP_AMBIENT_RAISE)", describe(&number, index));
    }
}

/// The set of all capabilities that the running kernel knows, without /proc (kernel/cap_last_cap).
fn known_capabilities() u64 {
    var set: u64 = 0;
    for (0..64) |index| {
        _ = sys.prctl(sys.PR.CAPBSET_READ, index, 0, 0, 0) catch break;
        set |= @as(u64, 1) << @intCast(index);
    }
    return set;
}

fn describe(buffer: *[16]u8, index: usize) []const u8 {
    return std.fmt.bufPrint(buffer, "capability {d}", .{index}) catch unreachable;
}

test "the kernel's known capabilities are a run of low bits" {
    const known = known_capabilities();
    try std.testing.expect(known & 1 == 1); // CAP_CHOWN
    // CAP_CHECKPOINT_RESTORE (40) came with 5.9, before the oldest supported kernel.
    try std.testing.expect(known & (1 << 40) != 0);
    try std.testing.expect(known +% 1 & known == 0);
}
