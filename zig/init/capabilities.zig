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
    for (0..64) |index| {
        // EINVAL: past the kernel's last one.
        const present = sys.prctl(sys.PR.CAPBSET_READ, index, 0, 0, 0) catch return;
        // One that is absent already (a nested runtime) needs no CAP_SETPCAP to stay so.
        if (present == 0 or op.set.value & bit(index) != 0) continue;
        var number: [16]u8 = undefined;
        _ = sys.prctl(sys.PR.CAPBSET_DROP, index, 0, 0, 0) catch
            return context.fail("prctl(PR_CAPBSET_DROP)", describe(&number, index));
    }
}

/// capset(2) ignores bits that the kernel does not know.
pub fn capabilities(context: *Context, op: plan.Capabilities) Failed!void {
    const wanted: sys.CapabilitySets = .{
        .effective = op.effective.value,
        .permitted = op.permitted.value,
        .inheritable = op.inheritable.value,
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
    for (0..64) |index| {
        if (op.ambient.value & bit(index) == 0) continue;
        _ = sys.prctl(sys.PR.CAP_AMBIENT, sys.PR.CAP_AMBIENT_RAISE, index, 0, 0) catch {
            if (sys.is(.INVAL)) continue; // Past the kernel's last one.
            var number: [16]u8 = undefined;
            return context.fail("prctl(PR_CAP_AMBIENT_RAISE)", describe(&number, index));
        };
    }
}

fn bit(index: usize) u64 {
    return @as(u64, 1) << @intCast(index);
}

fn describe(buffer: *[16]u8, index: usize) []const u8 {
    return std.fmt.bufPrint(buffer, "capability {d}", .{index}) catch unreachable;
}
