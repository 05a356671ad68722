//! A session keyring of the container's own, so that it does not possess its caller's keys.
//! session-keyring(7). Runs in bunc-init, stage 2.

const std = @import("std");
const sys = @import("../sys.zig");
const plan = @import("../plan.zig");
const procfs = @import("procfs.zig");
const Context = @import("context.zig").Context;

/// Permission bits of a key: keyctl_setperm(3).
const KEY_OTH_SEARCH = 0x00000008;
const KEY_USR_SEARCH = 0x00080000;

pub fn session_keyring(context: *Context, op: plan.SessionKeyring) Context.Failed!void {
    if (op.label.len > 0) try write_label(context, op.label);

    var buffer: sys.PathBuffer = undefined;
    const name = sys.zero_terminate(&buffer, op.name) catch return context.fail("keyctl", op.name);
    const keyring = sys.keyctl(sys.KEYCTL.JOIN_SESSION_KEYRING, @intFromPtr(name.ptr), 0, 0) catch {
        // No keyrings in this kernel (or hidden by an outer container's filter): nothing to protect.
        if (sys.is(.NOSYS)) return;
        return context.fail("keyctl(KEYCTL_JOIN_SESSION_KEYRING)", op.name);
    };
    // `exec` joins the keyring that the container's init has set up.
    if (context.plan.process.start != .immediately) try allow_search(context, keyring, op.name);

    // Other keys that the process makes get its own label.
    if (op.label.len > 0) try write_label(context, "");
}

/// Joining by name from another process of the container (exec) wants the search permission: the user's,
/// or everybody's where a user namespace makes the owner somebody else.
fn allow_search(context: *Context, keyring: usize, name: []const u8) Context.Failed!void {
    var description: [512]u8 = undefined;
    const length = sys.keyctl(sys.KEYCTL.DESCRIBE, keyring, @intFromPtr(&description), description.len) catch
        return context.fail("keyctl(KEYCTL_DESCRIBE)", name);
    const text = description[0..@min(length, description.len)];
    const permissions = parse_permissions(text) orelse
        return context.fail_as(.system, "keyctl(KEYCTL_DESCRIBE)", name, text);
    const wanted: u32 =
        permissions | if (in_user_namespace(context)) @as(u32, KEY_OTH_SEARCH) else KEY_USR_SEARCH;
    _ = sys.keyctl(sys.KEYCTL.SETPERM, keyring, wanted, 0) catch
        return context.fail("keyctl(KEYCTL_SETPERM)", name);
}

fn in_user_namespace(context: *const Context) bool {
    const newuser = std.os.linux.CLONE.NEWUSER;
    if (context.plan.namespaces.create & newuser != 0) return true;
    for (context.plan.namespaces.join) |join| if (join.type == newuser) return true;
    return false;
}

fn write_label(context: *Context, label: []const u8) Context.Failed!void {
    const file = try procfs.open_proc(context, "thread-self/attr/keycreate", sys.O.WRONLY);
    defer sys.close(file);
    // A newline means "none".
    sys.write_all(file, if (label.len == 0) "\n" else label) catch
        return context.fail("write keycreate", label);
}

/// "type;uid;gid;perm;description", perm in hexadecimal: keyctl_describe(3).
fn parse_permissions(description: []const u8) ?u32 {
    var fields = std.mem.splitScalar(u8, description, ';');
    for (0..3) |_| _ = fields.next() orelse return null;
    return std.fmt.parseInt(u32, fields.next() orelse return null, 16) catch null;
}

test "permissions of a key description" {
    const cases = [_]struct { []const u8, ?u32 }{
        .{ "keyring;0;0;3f130000;_ses.c1\x00", 0x3f130000 },
        .{ "keyring;1000;1000;3f010008;a;b", 0x3f010008 },
        .{ "keyring;0;0", null },
        .{ "keyring;0;0;;x", null },
        .{ "", null },
    };
    for (cases) |case| try std.testing.expectEqual(case[1], parse_permissions(case[0]));
}
