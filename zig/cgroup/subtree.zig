//! The processes of a cgroup and of those below it. Runs in the bunc process.

const std = @import("std");
const sys = @import("../sys.zig");
const groups = @import("group.zig");
const walk = @import("walk.zig").walk;
const Call = @import("../call.zig").Call;
const Cgroup = groups.Cgroup;

/// Appends the pids of one cgroup (not of those below it); none if it is gone.
fn append_pids(call: *Call, group: Cgroup, directory: sys.fd_t, pids: *std.ArrayList(u32)) Call.Error!void {
    // cgroup.procs of a threaded cgroup cannot be read: its threads are listed instead (cgroups(7)).
    var file: []const u8 = "cgroup.procs";
    var list = groups.read_whole(directory, file, std.math.maxInt(usize), call.arena);
    if (list == error.Sys and sys.is(.OPNOTSUPP)) {
        file = "cgroup.threads";
        list = groups.read_whole(directory, file, std.math.maxInt(usize), call.arena);
    }
    const text = list catch |err| switch (err) {
        error.OutOfMemory => return error.OutOfMemory,
        error.Sys => return if (groups.is_gone()) {} else call.fail("read", try group.file(call, file)),
    };
    var lines = std.mem.tokenizeScalar(u8, text, '\n');
    while (lines.next()) |line| {
        const pid = std.fmt.parseInt(u32, line, 10) catch continue;
        // 0 is a process outside of our pid namespace: nothing that a signal could be sent to.
        if (pid != 0) try pids.append(call.arena, pid);
    }
}

/// Every process of the cgroup and of those below it; one that moved meanwhile may be listed twice.
pub fn processes(call: *Call, mount: groups.Mount, group: Cgroup) Call.Error![]const u32 {
    var pids: std.ArrayList(u32) = .empty;
    try walk(call, mount, group, Collector{ .call = call, .group = group, .pids = &pids });
    return pids.items;
}

const Collector = struct {
    call: *Call,
    group: Cgroup,
    pids: *std.ArrayList(u32),

    pub fn enter(self: Collector, directory: sys.fd_t) Call.Error!void {
        try append_pids(self.call, self.group, directory, self.pids);
    }
};

pub const CgroupProcessesRequest = struct {
    /// One is enough on v2; of several v1 hierarchies the pids are united.
    groups: []const Cgroup,
};
pub const CgroupProcessesReply = struct {
    /// Ascending, without duplicates, as seen from the caller's pid namespace.
    pids: []const u32,
};

/// Pids in the cgroups and all below them. A cgroup that is not there has none.
pub fn cgroup_processes(call: *Call, request: CgroupProcessesRequest) Call.Error!CgroupProcessesReply {
    var all: std.ArrayList(u32) = .empty;
    for (request.groups) |group| {
        const mount = try groups.open_mount(call, group.mount);
        defer mount.close();
        try all.appendSlice(call.arena, try processes(call, mount, group));
    }
    return .{ .pids = sorted_unique(all.items) };
}

pub fn sorted_unique(pids: []u32) []u32 {
    std.mem.sort(u32, pids, {}, std.sort.asc(u32));
    var length: usize = 0;
    for (pids) |pid| {
        if (length > 0 and pids[length - 1] == pid) continue;
        pids[length] = pid;
        length += 1;
    }
    return pids[0..length];
}

test sorted_unique {
    var pids = [_]u32{ 7, 3, 7, 1, 3 };
    try std.testing.expectEqualSlices(u32, &.{ 1, 3, 7 }, sorted_unique(&pids));
    try std.testing.expectEqual(@as(usize, 0), sorted_unique(pids[0..0]).len);
}
