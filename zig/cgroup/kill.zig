//! A signal to every process of a cgroup, and to no other. Runs in the bunc process.

const std = @import("std");
const sys = @import("../sys.zig");
const groups = @import("group.zig");
const subtree = @import("subtree.zig");
const freeze = @import("freeze.zig");
const Call = @import("../call.zig").Call;
const Cgroup = groups.Cgroup;

pub const CgroupKillRequest = struct {
    /// All the container's cgroups: one on v2; on v1 those of every hierarchy, since a process with rights
    /// in the container may have moved in some of them.
    groups: []const Cgroup,
    /// Of these, the one that can stop the processes while they are counted (v2, or v1 freezer).
    freezer: ?Cgroup,
    signal: u32,
    /// Bound for one round of freezing.
    freeze_timeout_ms: u32,
};
pub const CgroupKillReply = struct {
    /// Whether any of the cgroups is there.
    found: bool,
    /// Processes that were sent the signal; those ended by cgroup.kill are not counted.
    signalled: u32,
};

const sigkill = 9;
/// A process that forks while it is not frozen can outrun one round; one that is killed cannot for long.
const rounds_max = 64;

/// SIGKILL goes through cgroup.kill where there is one. What is left, and every other signal, goes to each
/// process through a pidfd that was opened before the process was seen in the cgroup a second time: a pid
/// that another process got in between is not in the cgroup and gets nothing.
pub fn cgroup_kill(call: *Call, request: CgroupKillRequest) Call.Error!CgroupKillReply {
    var opened: std.ArrayList(Target) = .empty;
    defer for (opened.items) |target| target.group.close();
    for (request.groups) |group| {
        try groups.refuse_root(call, "kill", group);
        const found = try groups.open(call, group) orelse continue;
        try opened.append(call.arena, .{ .name = group, .group = found });
    }
    if (opened.items.len == 0) return .{ .found = false, .signalled = 0 };

    const freezer = if (request.freezer) |group| try groups.open(call, group) else null;
    defer if (freezer) |group| group.close();
    const work: Work = .{ .call = call, .request = request, .targets = opened.items, .freezer = freezer };
    const signalled = if (request.signal == sigkill) try work.kill() else try work.signal();
    return .{ .found = true, .signalled = signalled };
}

const Target = struct { name: Cgroup, group: groups.Opened };

const Work = struct {
    call: *Call,
    request: CgroupKillRequest,
    targets: []const Target,
    freezer: ?groups.Opened,

    /// → how many processes were sent the signal.
    fn kill(self: Work) Call.Error!u32 {
        try self.thaw_below();
        // Nobody escapes cgroup.kill; on a hybrid host somebody may have left the v2 cgroup, but not the
        // others.
        if (try self.kill_v2() and self.targets.len == 1) return 0;
        var signalled: u32 = 0;
        for (0..rounds_max) |_| {
            const count = try self.signal();
            try self.thaw_below();
            signalled += count;
            if (count == 0) break;
            // A killed process needs a moment to end.
            _ = sys.poll(&.{}, 1) catch return self.call.fail("poll", "");
        }
        return signalled;
    }

    fn thaw_below(self: Work) Call.Error!void {
        if (self.freezer) |group| try freeze.thaw_all(self.call, group.mount, self.request.freezer.?);
    }

    fn thaw(self: Work) void {
        if (self.freezer) |group| freeze.set(group.directory, group.mount.version, false, 0) catch {};
    }

    /// True: the processes of the v2 cgroup, and those below it, have been killed as a whole.
    fn kill_v2(self: Work) Call.Error!bool {
        for (self.targets) |target| {
            if (target.group.mount.version != .v2) continue;
            groups.write_value(target.group.directory, "cgroup.kill", "1") catch {
                if (groups.is_gone()) return true;
                // A threaded cgroup has to be killed process by process (cgroups(7)).
                if (sys.is(.OPNOTSUPP)) return false;
                return self.call.fail("write", try target.name.file(self.call, "cgroup.kill"));
            };
            if (self.targets.len > 1) {
                // Processes frozen by v1 do not die until they are thawed.
                self.thaw();
                // Avoids searching all v1 hierarchies for processes that are ending. Being late is not an
                // error.
                const deadline_ms = sys.monotonic_ms() + self.request.freeze_timeout_ms;
                freeze.wait_event(target.group.directory, "populated", "0", deadline_ms) catch {};
            }
            return true;
        }
        return false;
    }

    fn pids(self: Work) Call.Error![]u32 {
        var all: std.ArrayList(u32) = .empty;
        for (self.targets) |target| {
            const some = try subtree.processes(self.call, target.group.mount, target.name);
            try all.appendSlice(self.call.arena, some);
        }
        return subtree.sorted_unique(all.items);
    }

    /// Once: a process may survive other signals than SIGKILL. → to how many processes.
    fn signal(self: Work) Call.Error!u32 {
        if ((try self.pids()).len == 0) return 0;
        // A container that somebody paused stays paused for other signals than SIGKILL.
        var thaws = self.request.signal == sigkill;
        if (self.freezer) |group| {
            const version = group.mount.version;
            const was_frozen = freeze.is_frozen(group.directory, version) catch false;
            // Not being able to freeze only makes a further round more likely.
            freeze.set(group.directory, version, true, self.request.freeze_timeout_ms) catch {};
            thaws = thaws or !was_frozen;
        }
        defer if (thaws) self.thaw();
        const candidates = try self.pids();
        const pidfds = try self.call.arena.alloc(sys.fd_t, candidates.len);
        @memset(pidfds, -1);
        defer for (pidfds) |pidfd| {
            if (pidfd >= 0) sys.close(pidfd);
        };
        for (candidates, pidfds) |pid, *pidfd| pidfd.* = sys.pidfd_open(@intCast(pid)) catch -1;
        const confirmed = try self.pids();
        var count: u32 = 0;
        for (candidates, pidfds) |pid, pidfd| {
            if (pidfd < 0) continue;
            if (std.sort.binarySearch(u32, confirmed, pid, order) == null) continue;
            sys.pidfd_send_signal(pidfd, self.request.signal) catch {
                if (sys.is_no_process()) continue;
                const name = try std.fmt.allocPrint(self.call.arena, "{d}", .{pid});
                return self.call.fail("pidfd_send_signal", name);
            };
            count += 1;
        }
        return count;
    }
};

fn order(wanted: u32, item: u32) std.math.Order {
    return std.math.order(wanted, item);
}
