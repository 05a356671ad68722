//! Whether a cgroup is free for a new container: it has no processes, and is not frozen. Runs in the bunc
//! process.

const std = @import("std");
const sys = @import("../sys.zig");
const groups = @import("group.zig");
const subtree = @import("subtree.zig");
const freeze = @import("freeze.zig");
const Call = @import("../call.zig").Call;
const Cgroup = groups.Cgroup;

pub const CgroupInUseRequest = struct { groups: []const Cgroup };
pub const CgroupInUseReply = struct {
    /// The first of the cgroups that has processes, itself or below.
    occupied: ?CgroupOccupied,
    /// Path of the first cgroup that somebody asked to freeze: one of the request's, or one above it. A
    /// process that enters is stopped, and could not even report it.
    frozen: ?[]const u8,
};
pub const CgroupOccupied = struct { path: []const u8, processes: u32 };

/// Changes nothing. The cgroups need not be there.
pub fn cgroup_in_use(call: *Call, request: CgroupInUseRequest) Call.Error!CgroupInUseReply {
    var found: CgroupInUseReply = .{ .occupied = null, .frozen = null };
    for (request.groups) |group| {
        const mount = try groups.open_mount(call, group.mount);
        defer mount.close();
        try look(call, mount, group, &found);
    }
    return found;
}

/// Adds new findings to `found`.
pub fn look(call: *Call, mount: groups.Mount, group: Cgroup, found: *CgroupInUseReply) Call.Error!void {
    if (found.occupied == null) found.occupied = try occupied(call, mount, group);
    if (found.frozen == null) found.frozen = try frozen(call, mount, group);
}

fn occupied(call: *Call, mount: groups.Mount, group: Cgroup) Call.Error!?CgroupOccupied {
    const directory = groups.open_directory(mount, group.path) catch {
        if (has_no_answer()) return null;
        return call.fail("openat2", try group.absolute(call));
    };
    sys.close(directory);
    const pids = try subtree.processes(call, mount, group);
    if (pids.len == 0) return null;
    return .{ .path = try group.absolute(call), .processes = @intCast(pids.len) };
}

fn frozen(call: *Call, mount: groups.Mount, group: Cgroup) Call.Error!?[]const u8 {
    var next = group;
    // The root of a hierarchy cannot be frozen.
    while (next.path.len > 0) : (next = next.parent()) {
        const directory = groups.open_directory(mount, next.path) catch {
            if (has_no_answer()) continue;
            return call.fail("openat2", try next.absolute(call));
        };
        defer sys.close(directory);
        const is_frozen = freeze.is_frozen(directory, mount.version) catch {
            if (has_no_answer()) continue;
            return call.fail("read", try next.absolute(call));
        };
        if (is_frozen) return try next.absolute(call);
    }
    return null;
}

/// It is not there, or is not the caller's to look at: making the cgroup reports what is wrong with that.
fn has_no_answer() bool {
    return groups.is_gone() or groups.is_permission();
}
