//! Capabilities of the process: bounding set, the three sets of capset(2), ambient set. capabilities(7).
//! Runs in bunc-init, stage 2: the bounding set before the user changes (it takes CAP_SETPCAP), the
//! others after it.

const std = @import("std");
const sys = @import("../sys.zig");
const plan = @import("../plan.zig");
const Context = @import("context.zig").Context;

pub const CAP_SYS_ADMIN: u64 = 1 << 21;

/// Drops what the mask does not contain. Bits above the kernel's last capability have no meaning: nobody can
/// have them.
pub fn capability_bounding(context: *Context, op: plan.CapabilitySet) Context.Failed!void {
    var known: usize = 0;
    for (0..64) |index| {
        const present = try in_bounding_set(context, index);
        if (present != null) {
            // A known capability after an unknown one: these answers are not the kernel's.
            if (index != known) return inconsistent(context, index);
            known += 1;
        }
        // Dropping an absent one (a nested runtime) needs no CAP_SETPCAP. The kernel's last capability is
        // asked for twice.
        const in_doubt = present == null and index == known;
        if (op.set.value & bit(index) != 0 or !(present orelse in_doubt)) continue;
        _ = sys.prctl(sys.PR.CAPBSET_DROP, index, 0, 0, 0) catch {
            if (in_doubt and sys.is(.INVAL)) continue;
            var number: [16]u8 = undefined;
            return context.fail("prctl(PR_CAPBSET_DROP)", describe(&number, index));
        };
    }
    if (known == 0) return inconsistent(context, 0);
}

/// Null: the kernel has no such capability (EINVAL, the only error that prctl(2) names for it).
fn in_bounding_set(context: *const Context, index: usize) Context.Failed!?bool {
    const present = sys.prctl(sys.PR.CAPBSET_READ, index, 0, 0, 0) catch {
        if (sys.is(.INVAL)) return null;
        var number: [16]u8 = undefined;
        return context.fail("prctl(PR_CAPBSET_READ)", describe(&number, index));
    };
    return present != 0;
}

fn inconsistent(context: *const Context, index: usize) Context.Failed {
    var number: [16]u8 = undefined;
    const hidden = "a system call filter of the caller's hides capabilities";
    return context.refuse(.INVAL, .system, "prctl(PR_CAPBSET_READ)", describe(&number, index), hidden);
}

/// capset(2) ignores bits that the kernel does not know.
pub fn capabilities(context: *Context, op: plan.Capabilities) Context.Failed!void {
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
            const errno = sys.backend.errno;
            // Past the kernel's last one.
            if (errno == .INVAL and try in_bounding_set(context, index) == null) continue;
            sys.backend.errno = errno;
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
