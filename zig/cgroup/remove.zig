//! Removing a container's cgroups with all below them, once they are empty. Runs in the bunc process.

const std = @import("std");
const sys = @import("../sys.zig");
const groups = @import("group.zig");
const subtree = @import("subtree.zig");
const walk = @import("walk.zig").walk;
const freeze = @import("freeze.zig");
const Call = @import("../call.zig").Call;
const Cgroup = groups.Cgroup;

pub const CgroupRemoveRequest = struct {
    groups: []const Cgroup,
    /// How long to wait, in all, for processes that are on their way out.
    timeout_ms: u32,
};
pub const CgroupRemoveReply = struct {
    /// Empty: all are gone.
    remaining: []const CgroupRemaining,
};
pub const CgroupRemaining = struct {
    path: []const u8,
    /// Of rmdir(2).
    errno: u16,
    /// Who is in it.
    pids: []const u32,
};

/// Tries every group, even if another fails.
pub fn cgroup_remove(call: *Call, request: CgroupRemoveRequest) Call.Error!CgroupRemoveReply {
    const deadline_ms = sys.monotonic_ms() + request.timeout_ms;
    var remaining: std.ArrayList(CgroupRemaining) = .empty;
    for (request.groups) |group| {
        // The root of a hierarchy cannot be removed.
        if (group.path.len == 0) continue;
        const mount = try groups.open_mount(call, group.mount);
        defer mount.close();
        if (try remove(call, mount, group, deadline_ms)) continue;
        const errno = sys.errno_number();
        try remaining.append(call.arena, .{
            .path = try group.absolute(call),
            .errno = errno,
            .pids = try subtree.processes(call, mount, group),
        });
    }
    return .{ .remaining = remaining.items };
}

/// False: `sys.backend.errno` says why it is still there.
fn remove(call: *Call, mount: groups.Mount, group: Cgroup, deadline_ms: u64) Call.Error!bool {
    if (remove_directory(mount.fd, group.path)) return true else |_| {}
    const errno = sys.backend.errno;
    // EROFS comes even for a missing directory: ask in another way.
    const directory = groups.open_directory(mount, group.path) catch return groups.is_gone();
    defer sys.close(directory);
    if (errno != .BUSY) {
        sys.backend.errno = errno;
        return false;
    }
    if (mount.version == .v2) {
        freeze.wait_event(directory, "populated", "0", deadline_ms) catch {
            if (groups.is_gone()) return true;
        };
    }
    var delay_ms: u32 = 1;
    while (true) {
        if (try remove_subtree(call, mount, group)) return true;
        const last = sys.backend.errno;
        const now_ms = sys.monotonic_ms();
        if (last != .BUSY or now_ms >= deadline_ms) return false;
        // Even an empty cgroup stays busy for a moment after its last process.
        const wait_ms = @min(delay_ms, deadline_ms - now_ms);
        _ = sys.poll(&.{}, @intCast(wait_ms)) catch {};
        delay_ms = @min(delay_ms * 2, 64);
        sys.backend.errno = last;
    }
}

/// False: `sys.backend.errno` says why something is still there.
fn remove_subtree(call: *Call, mount: groups.Mount, group: Cgroup) Call.Error!bool {
    var remover: Remover = .{};
    try walk(call, mount, group, &remover);
    remove_directory(mount.fd, group.path) catch remover.note();
    sys.backend.errno = remover.errno;
    return remover.errno == .SUCCESS;
}

const Remover = struct {
    /// Of the last one that could not be removed.
    errno: sys.E = .SUCCESS,

    pub fn leave(self: *Remover, parent: sys.fd_t, name: []const u8) Call.Error!void {
        remove_directory(parent, name) catch self.note();
    }

    fn note(self: *Remover) void {
        self.errno = sys.backend.errno;
    }
};

fn remove_directory(parent: sys.fd_t, path: []const u8) sys.Error!void {
    sys.unlinkat(parent, path, sys.AT.REMOVEDIR) catch {
        if (groups.is_gone()) return;
        return error.Sys;
    };
}
