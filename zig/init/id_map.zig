//! Id-mapped mounts: mount_setattr(2) with MOUNT_ATTR_IDMAP. The kernel takes the mapping from a user
//! namespace, which a child process holds while its maps are written. Runs in bunc-init, stages 1 and 2.

const std = @import("std");
const sys = @import("../sys.zig");
const plan = @import("../plan.zig");
const procfs = @import("procfs.zig");
const Context = @import("context.zig").Context;
const Failed = Context.Failed;

const CLONE = std.os.linux.CLONE;

/// `mount`: a detached mount. `shown`: what it is called in an error.
pub fn apply(context: *Context, mount: sys.fd_t, map: plan.MountIdMap, shown: []const u8) Failed!void {
    const namespace = try open_namespace(context, map);
    defer sys.close(namespace);
    sys.set_id_map(mount, namespace, map.recursive) catch
        return context.fail_as(.system, sys.set_id_map_call, shown, detail());
}

/// The user namespace that has the mapping.
pub fn open_namespace(context: *Context, map: plan.MountIdMap) Failed!sys.fd_t {
    if (!map.container_userns) return make_namespace(context, map.uid_map, map.gid_map);
    if (context.stage == .init) return procfs.open_magic_link(context, "self/ns", "user");
    // Stage 1 has not joined it yet.
    const joined = context.plan.namespaces.join_process.?;
    var name: [32]u8 = undefined;
    const directory = std.fmt.bufPrint(&name, "{d}/ns", .{joined.pid}) catch unreachable;
    return procfs.open_magic_link(context, directory, "user");
}

/// What is to be said about the errno of sys.set_id_map.
pub fn detail() []const u8 {
    if (!sys.is(.INVAL)) return "";
    return "the file system does not support id-mapped mounts on this kernel, " ++
        "or the mount has a mapping already";
}

fn make_namespace(
    context: *Context,
    uid_map: []const plan.IdMap,
    gid_map: []const plan.IdMap,
) Failed!sys.fd_t {
    var pair: [2]sys.fd_t = undefined;
    sys.socketpair_seqpacket(&pair) catch return context.fail("socketpair", "");
    const sigchld = @intFromEnum(std.os.linux.SIG.CHLD);
    const pid = sys.clone3_fork(&.{ .flags = CLONE.NEWUSER, .exit_signal = sigchld }) catch
        return context.fail("clone3", "user namespace");
    if (pid == 0) hold(pair);
    sys.close(pair[1]);
    defer {
        // The child sees the end of file and ends.
        sys.close(pair[0]);
        sys.reap(pid);
    }
    try write_map(context, pid, "uid_map", uid_map);
    try write_map(context, pid, "gid_map", gid_map);
    var buffer: [32]u8 = undefined;
    const directory = std.fmt.bufPrint(&buffer, "{d}/ns", .{pid}) catch unreachable;
    return procfs.open_magic_link(context, directory, "user");
}

/// The child: stays until the parent closes its end, or has died.
fn hold(pair: [2]sys.fd_t) noreturn {
    sys.close(pair[0]);
    var byte: [1]u8 = undefined;
    _ = sys.read(pair[1], &byte) catch {};
    sys.exit(0);
}

/// user_namespaces(7): the whole map in one write of less than a page, at most 340 lines.
fn write_map(context: *Context, pid: i32, file: []const u8, map: []const plan.IdMap) Failed!void {
    var path_buffer: [32]u8 = undefined;
    const path = std.fmt.bufPrint(&path_buffer, "{d}/{s}", .{ pid, file }) catch unreachable;
    var text: [4096]u8 = undefined;
    var length: usize = 0;
    for (map) |line| {
        const numbers = .{ line.container_id, line.host_id, line.size };
        const printed = std.fmt.bufPrint(text[length..], "{d} {d} {d}\n", numbers) catch
            return context.refuse(.@"2BIG", .limit, "write", file, "the map is longer than a page");
        length += printed.len;
    }
    const fd = try procfs.open_proc(context, path, sys.O.WRONLY);
    defer sys.close(fd);
    _ = sys.write(fd, text[0..length]) catch
        return context.fail_as(.system, "write", file, text[0..@min(length, 512)]);
}
