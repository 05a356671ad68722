//! The mounts that hold the paths to be masked or made read-only: /proc and /sys, in most containers. Runs in
//! bunc-init, stage 2.
//!
//! Who may rename in the directory that is the container's root (another container that has it as a volume)
//! can put a link in place of /proc after the file system was mounted there, and the directory with the mount
//! back when the paths below have been taken for missing. So such a path is looked for in the mount itself,
//! by its descriptor, wherever that is by then.

const std = @import("std");
const sys = @import("../sys.zig");
const path = @import("path.zig");
const Context = @import("context.zig").Context;

pub const Holder = struct {
    /// Of its step in the plan.
    index: usize,
    target: []const u8,
    /// Its root, once it is mounted; -1: not yet, or no descriptor of it was there to keep.
    mount: sys.fd_t = -1,
    /// Whether it is what stands at its target: not under something that a hook has mounted.
    on_top: ?bool = null,
};

/// Before the first mount.
pub fn find(context: *Context) Context.Failed!void {
    var found: std.ArrayList(Holder) = .empty;
    for (context.plan.steps) |step| switch (step.op) {
        .masked_path, .readonly_path => |op| {
            const holder = last_above(context, op.path) orelse continue;
            for (found.items) |known| {
                if (known.index == holder.index) break;
            } else found.append(context.allocator, holder) catch return out_of_memory(context, op.path);
        },
        else => {},
    };
    context.holders = found.items;
}

fn out_of_memory(context: *const Context, target: []const u8) Context.Failed {
    return context.fail_as(.limit, "allocate", target, "");
}

/// What is mounted last above a path is what it is in.
fn last_above(context: *const Context, protected: []const u8) ?Holder {
    // Such a path may leave the mount, and is not looked for in it.
    var components = std.mem.tokenizeScalar(u8, protected, '/');
    while (components.next()) |component| if (std.mem.eql(u8, component, "..")) return null;
    var last: ?Holder = null;
    for (context.plan.steps, 0..) |step, index| switch (step.op) {
        .mount => |op| {
            if (op.source == .remount or op.target.len <= 1 or !path.is_below(op.target, protected)) continue;
            last = .{ .index = index, .target = op.target };
        },
        else => {},
    };
    return last;
}

/// Takes over `mount`, which the step `index` has attached.
pub fn keep(context: *Context, index: usize, mount: sys.fd_t) void {
    for (all(context)) |*holder| if (holder.index == index) {
        std.debug.assert(holder.mount < 0);
        holder.mount = mount;
        return;
    };
    sys.close(mount);
}

pub const Found = struct {
    /// An O_PATH descriptor of the path in its mount.
    fd: ?sys.fd_t = null,
    /// Something else may stand at the path, as it leads from the container's root.
    elsewhere: bool = true,
};

pub fn open(context: *Context, protected: []const u8) Context.Failed!Found {
    const wanted = last_above(context, protected) orelse return .{};
    const holder = for (context.holders orelse return .{}) |*known| {
        if (known.index == wanted.index and known.mount >= 0) break known;
    } else return .{};
    const rest = std.mem.trimStart(u8, protected[holder.target.len..], "/");
    const elsewhere = !is_on_top(context, holder);
    const name = if (rest.len == 0) "." else rest;
    const inside = sys.RESOLVE.BENEATH | sys.RESOLVE.NO_MAGICLINKS;
    const fd = sys.openat2(holder.mount, name, sys.O.PATH, inside) catch {
        if (sys.is(.NOENT) or sys.is(.NOTDIR)) return .{ .elsewhere = elsewhere };
        // A link out of the mount, or one of procfs: where it leads is not decided here.
        if (sys.is(.XDEV) or sys.is(.LOOP)) return .{};
        return context.fail("openat2", protected);
    };
    return .{ .fd = fd, .elsewhere = elsewhere };
}

fn is_on_top(context: *const Context, holder: *Holder) bool {
    if (holder.on_top) |known| return known;
    holder.on_top = false;
    const top = path.open(context, holder.target, .follow, 0) catch return false;
    defer sys.close(top);
    const there = sys.fstat(top) catch return false;
    const held = sys.fstat(holder.mount) catch return false;
    holder.on_top = there.mount_id == held.mount_id;
    return holder.on_top.?;
}

/// Something was mounted at `protected`: a mount at or below it is under that now.
pub fn covered(context: *Context, protected: []const u8) void {
    for (all(context)) |*holder| {
        if (path.is_below(protected, holder.target)) holder.on_top = null;
    }
}

pub fn close(context: *Context) void {
    for (all(context)) |*holder| {
        if (holder.mount >= 0) sys.close(holder.mount);
        holder.mount = -1;
    }
}

fn all(context: *const Context) []Holder {
    return context.holders orelse &.{};
}
