//! Mount attributes of mount_setattr(2) as the plan states them. Runs in bunc-init, stages 1 and 2.

const std = @import("std");
const sys = @import("../sys.zig");
const plan = @import("../plan.zig");
const locked_flags = @import("locked_flags.zig");
const Context = @import("context.zig").Context;
const Failed = Context.Failed;

const attr = sys.mount_attr;

/// What a user namespace may find locked: mount_namespaces(7). NOSYMFOLLOW never is.
const lockable = attr.RDONLY | attr.NOSUID | attr.NODEV | attr.NOEXEC | attr.ATIME_MASK | attr.NODIRATIME;

/// `mount` is a descriptor of a mount's root. With `recursive` the whole tree below it changes, or nothing.
/// The access time is one value, not three flags: to set it, all its bits must be in `clear` (EINVAL
/// otherwise). EPERM: a flag is locked that the user asked to clear.
pub fn apply(mount: sys.fd_t, attributes: plan.MountAttributes, recursive: bool) sys.Error!void {
    if (is_none(attributes)) return;
    const flags = sys.AT.EMPTY_PATH | (if (recursive) sys.AT.RECURSIVE else 0);
    sys.mount_setattr(mount, "", flags, .{
        .set = attributes.set,
        .clear = attributes.clear | attributes.clear_unlocked,
    }) catch {
        if (!sys.is(.PERM) or attributes.clear_unlocked == 0) return error.Sys;
        // Some flag is locked: then all flags that the user has not named stay.
        try sys.mount_setattr(mount, "", flags, .{
            .set = attributes.set,
            .clear = attributes.clear | (attributes.clear_unlocked & ~@as(u32, lockable)),
        });
    };
}

pub fn is_none(attributes: plan.MountAttributes) bool {
    return attributes.set | attributes.clear | attributes.clear_unlocked == 0;
}

/// Both kinds of attributes of `op`. `source`: the path that `mount` is a detached copy of; null: it is what
/// stands at the target.
pub fn apply_both(context: *const Context, mount: sys.fd_t, op: plan.Mount, source: ?[]const u8) Failed!void {
    for ([_]plan.MountAttributes{ op.attributes, op.recursive_attributes }, 0..) |asked, kind| {
        const recursive = kind == 1;
        apply(mount, asked, recursive) catch {
            const errno = sys.backend.errno;
            // What has the flags that are locked.
            const place = if (source) |path| sys.open(path, sys.O.PATH) catch -1 else mount;
            defer if (source != null and place >= 0) sys.close(place);
            sys.backend.errno = errno;
            var buffer: [locked_flags.size_max]u8 = undefined;
            var text: std.Io.Writer = .fixed(&buffer);
            if (place >= 0 and sys.is(.PERM)) locked_flags.describe(place, asked, recursive, &text);
            return context.fail_as(.system, "mount_setattr", op.target, text.buffered());
        };
    }
}
