//! Sources of bind mounts, as detached copies. Runs in bunc-init.
//!
//! Stage 2 opens each when its turn comes, in the container's mount namespace: what an earlier mount put
//! there is seen, and in a user namespace the flags of the host's mounts are locked (mount_namespaces(7)).
//! What the container's root may not reach or map, the parent opens for it there (parent/sources.zig).
//!
//! In a container that runs already the host's files are not to be seen. There stage 1 opens all of them
//! before it joins, and gives them their attributes: it can still say what they were refused for.

const std = @import("std");
const sys = @import("../sys.zig");
const sync = @import("../sync.zig");
const plan = @import("../plan.zig");
const attributes = @import("attributes.zig");
const id_map = @import("id_map.zig");
const procfs = @import("procfs.zig");
const search_permission = @import("search_permission.zig");
const dumpable = @import("dumpable.zig");
const Context = @import("context.zig").Context;
const Failed = Context.Failed;

const MS = std.os.linux.MS;
const CLONE = std.os.linux.CLONE;

/// Stage 1 of a process that joins a container: fills `context.sources`. `pidfd`: the container's init;
/// `is_foreign`: its user namespace is not ours.
pub fn open_all(context: *Context, pidfd: sys.fd_t, is_foreign: bool) Failed!void {
    std.debug.assert(context.stage == .join);
    if (is_foreign) try enter_locked_copy(context, pidfd);
    context.sources = try allocate(context);
    const subject = context.subject;
    defer context.subject = subject;
    for (context.plan.steps, context.sources) |step, *source| {
        const op = bind_of(step.op) orelse continue;
        const bind = op.source.bind;
        context.subject = step.subject;
        const mount = clone(bind) catch return context.fail("open_tree", bind.path);
        try detach_from_host(context, mount, bind.path);
        if (op.id_map) |map| try id_map.apply(context, mount, map, bind.path);
        try attributes.apply_both(context, mount, op, bind.path);
        source.* = mount;
    }
    // It shows the host's processes, so stage 2 must not have it.
    procfs.close(context);
}

/// Stage 1: the user namespaces of mappings that stage 2 has no right to write, because their ids are the
/// host's.
pub fn make_id_maps(context: *Context) Failed!void {
    for (context.plan.steps, 0..) |step, index| {
        const op = bind_of(step.op) orelse continue;
        const map = op.id_map orelse continue;
        if (map.container_userns) continue;
        if (context.id_maps.len == 0) context.id_maps = try allocate(context);
        context.subject = step.subject;
        context.id_maps[index] = try id_map.open_namespace(context, map);
    }
    procfs.close(context);
}

pub fn has_binds(all: *const plan.Plan) bool {
    for (all.steps) |step| if (bind_of(step.op) != null) return true;
    return false;
}

fn bind_of(op: plan.Op) ?plan.Mount {
    return switch (op) {
        .mount => |mount| if (mount.source == .bind) mount else null,
        else => null,
    };
}

/// A descriptor for each step; -1: none.
fn allocate(context: *Context) Failed![]sys.fd_t {
    const list = context.allocator.alloc(sys.fd_t, context.plan.steps.len) catch
        return context.refuse(.NOMEM, .limit, "allocate", "mounts", "too many steps");
    @memset(list, -1);
    return list;
}

/// Into a mount namespace like ours that belongs to the container's user namespace, in which the kernel has
/// locked the mounts. Only a process in the user namespace can make it; the sources are opened there with our
/// own rights.
fn enter_locked_copy(context: *Context, pidfd: sys.fd_t) Failed!void {
    var pair: [2]sys.fd_t = undefined;
    sys.socketpair_seqpacket(&pair) catch return context.fail("socketpair", "");
    const sigchld = @intFromEnum(std.os.linux.SIG.CHLD);
    const pid = sys.clone3_fork(&.{ .flags = 0, .exit_signal = sigchld }) catch
        return context.fail("clone3", "a copy of the mounts");
    if (pid == 0) {
        send_locked_copy(context, pidfd, pair[1]) catch sys.exit(1);
        sys.exit(0);
    }
    sys.close(pair[1]);
    defer sys.close(pair[0]);
    var buffer: [1]u8 = undefined;
    const received = sys.receive_message(pair[0], &buffer) catch
        return context.fail("recvmsg", "a copy of the mounts");
    sys.reap(pid);
    // It has reported why.
    if (received.fd < 0) return error.Failed;
    defer sys.close(received.fd);
    sys.setns(received.fd, CLONE.NEWNS) catch return context.fail("setns", "a copy of the mounts");
}

fn send_locked_copy(context: *Context, pidfd: sys.fd_t, to: sys.fd_t) Failed!void {
    sys.setns(pidfd, CLONE.NEWUSER) catch return context.fail("setns", "the container's user namespace");
    try dumpable.refuse(context);
    sys.unshare(CLONE.NEWNS) catch return context.fail("unshare", "mount");
    const namespace = try procfs.open_magic_link(context, "self/ns", "mnt");
    sys.send_message(to, "n", namespace) catch return context.fail("sendmsg", "a copy of the mounts");
}

/// The copies are peers of the host's mounts: what stage 2 mounts in them would appear on the host.
fn detach_from_host(context: *const Context, mount: sys.fd_t, shown: []const u8) Failed!void {
    const flags = sys.AT.EMPTY_PATH | sys.AT.RECURSIVE;
    sys.mount_setattr(mount, "", flags, .{ .propagation = MS.SLAVE }) catch
        return context.fail("mount_setattr", shown);
}

pub const Source = struct {
    /// A detached mount; the caller closes it. Its ids are mapped.
    mount: sys.fd_t,
    /// Stage 1 has opened it: it has its attributes.
    ready: bool,
};

/// Stage 2: the source of the step `index`.
pub fn take(context: *Context, bind: plan.Bind, map: ?plan.MountIdMap, index: usize) Failed!Source {
    if (index < context.sources.len and context.sources[index] >= 0) {
        defer context.sources[index] = -1;
        return .{ .mount = context.sources[index], .ready = true };
    }
    const asks = context.plan.parent_opens_sources;
    if (asks and map != null) return .{ .mount = try ask_parent(context, bind, map, index), .ready = false };
    const mount = clone(bind) catch {
        if (asks and sys.is(.ACCES)) {
            return .{ .mount = try ask_parent(context, bind, map, index), .ready = false };
        }
        return fail_to_open(context, bind);
    };
    if (map) |it| try id_map.apply(context, mount, it, bind.path);
    return .{ .mount = mount, .ready = false };
}

fn fail_to_open(context: *Context, bind: plan.Bind) Failed {
    if (sys.is(.INVAL) and !bind.recursive) {
        const whole = "what is mounted below it must not be left out here: bind it recursively (rbind)";
        return context.fail_as(.system, "open_tree", bind.path, whole);
    }
    var buffer: [search_permission.size_max]u8 = undefined;
    var text: std.Io.Writer = .fixed(&buffer);
    if (sys.is(.ACCES)) search_permission.describe(context.plan, bind.path, &text);
    return context.fail_as(.system, "open_tree", bind.path, text.buffered());
}

fn clone(bind: plan.Bind) sys.Error!sys.fd_t {
    return sys.open_tree_clone(sys.AT.FDCWD, bind.path, bind.recursive, 0);
}

fn ask_parent(context: *Context, bind: plan.Bind, map: ?plan.MountIdMap, index: usize) Failed!sys.fd_t {
    if (!context.parent_has_mount_namespace) {
        const namespace = try procfs.open_magic_link(context, "self/ns", "mnt");
        defer sys.close(namespace);
        try context.tell(.mount_namespace, "", namespace);
        context.parent_has_mount_namespace = true;
    }
    var ids: sys.fd_t = -1;
    if (map) |it| {
        ids = if (it.container_userns) try id_map.open_namespace(context, it) else context.id_maps[index];
    }
    defer if (ids >= 0) sys.close(ids);
    const map_recursive = if (map) |it| it.recursive else false;
    const request: sync.SourceRequest =
        .{ .recursive = bind.recursive, .map_recursive = map_recursive, .path = bind.path };
    var payload_buffer: [sync.size_max - 1]u8 = undefined;
    const payload = sync.encode(request, &payload_buffer) orelse
        return context.refuse(.NAMETOOLONG, .system, "open_tree", bind.path, "");
    try context.tell(.source, payload, ids);
    var buffer: [sync.size_max]u8 = undefined;
    const answer = try context.receive(&buffer);
    switch (answer.kind) {
        .source => return answer.fd,
        .source_refused => {
            const refusal = sync.decode(sync.SourceRefusal, answer.payload) orelse
                return context.fail_as(.protocol, "receive", @tagName(answer.kind), "");
            sys.backend.errno = @enumFromInt(refusal.errno);
            if (std.mem.eql(u8, refusal.op, "open_tree")) return fail_to_open(context, bind);
            const detail = if (std.mem.eql(u8, refusal.op, sys.set_id_map_call)) id_map.detail() else "";
            return context.fail_as(.system, refusal.op, bind.path, detail);
        },
        else => return context.fail_as(.protocol, "receive", @tagName(answer.kind), ""),
    }
}
