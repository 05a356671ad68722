//! Mount attributes of mount_setattr(2) as the plan states them. Runs in bunc-init, stages 1 and 2.

const sys = @import("../sys.zig");
const plan = @import("../plan.zig");

/// `mount` is a descriptor of a mount's root. With `recursive` the whole tree below it changes, or nothing.
pub fn apply(mount: sys.fd_t, attributes: plan.MountAttributes, recursive: bool) sys.Error!void {
    if (is_none(attributes)) return;
    const flags = sys.AT.EMPTY_PATH | (if (recursive) sys.AT.RECURSIVE else 0);
    sys.mount_setattr(mount, "", flags, kernel_form(attributes, attributes.clear | attributes.clear_unlocked)) catch {
        if (!sys.is(.PERM) or attributes.clear_unlocked == 0) return error.Sys;
        // Some flag is locked by the user namespace that the mount comes from: then all of those stay that
        // were not named by the user, as mount(8) does.
        try sys.mount_setattr(mount, "", flags, kernel_form(attributes, attributes.clear));
    };
}

pub fn is_none(attributes: plan.MountAttributes) bool {
    return attributes.set | attributes.clear | attributes.clear_unlocked == 0;
}

/// The access time is one value, not three flags: to set it the kernel wants all its bits cleared first.
fn kernel_form(attributes: plan.MountAttributes, clear: u32) sys.MountAttr {
    const atime = sys.mount_attr.ATIME_MASK;
    const all = if ((attributes.set | clear) & atime != 0) clear | atime else clear;
    return .{ .set = attributes.set, .clear = all };
}

test "setting an access time clears the whole of it" {
    const std = @import("std");
    const attr = sys.mount_attr;
    const cases = [_]struct { plan.MountAttributes, u64 }{
        .{ .{ .set = attr.NOATIME, .clear = 0, .clear_unlocked = 0 }, attr.ATIME_MASK },
        .{ .{ .set = 0, .clear = attr.NOATIME, .clear_unlocked = 0 }, attr.ATIME_MASK },
        .{ .{ .set = attr.RDONLY, .clear = attr.NODEV, .clear_unlocked = 0 }, attr.NODEV },
        .{ .{ .set = attr.NODIRATIME, .clear = 0, .clear_unlocked = 0 }, 0 },
    };
    for (cases) |case| {
        const form = kernel_form(case[0], case[0].clear);
        try std.testing.expectEqual(@as(u64, case[0].set), form.set);
        try std.testing.expectEqual(case[1], form.clear);
    }
}
