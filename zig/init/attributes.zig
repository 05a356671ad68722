//! Mount attributes of mount_setattr(2) as the plan states them. Runs in bunc-init, stages 1 and 2.

const sys = @import("../sys.zig");
const plan = @import("../plan.zig");

/// `mount` is a descriptor of a mount's root. With `recursive` the whole tree below it changes, or nothing.
/// The access time is one value, not three flags: whoever sets it has all its bits in `clear` (EINVAL otherwise).
pub fn apply(mount: sys.fd_t, attributes: plan.MountAttributes, recursive: bool) sys.Error!void {
    if (is_none(attributes)) return;
    const flags = sys.AT.EMPTY_PATH | (if (recursive) sys.AT.RECURSIVE else 0);
    sys.mount_setattr(mount, "", flags, .{
        .set = attributes.set,
        .clear = attributes.clear | attributes.clear_unlocked,
    }) catch {
        if (!sys.is(.PERM) or attributes.clear_unlocked == 0) return error.Sys;
        // Some flag is locked by the user namespace that the mount comes from: then all of those stay that
        // were not named by the user, as mount(8) does.
        try sys.mount_setattr(mount, "", flags, .{ .set = attributes.set, .clear = attributes.clear });
    };
}

pub fn is_none(attributes: plan.MountAttributes) bool {
    return attributes.set | attributes.clear | attributes.clear_unlocked == 0;
}
