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
    if (request.signal == sigkill) try thaw_below(call, freezer, request);
    if (request.signal == sigkill and try kill_v2(call, opened.items, freezer, request.freeze_timeout_ms)) {
        // Nobody escapes cgroup.kill; on a hybrid host somebody may have left the v2 cgroup, but not the
        // others.
        if (opened.items.len == 1) return .{ .found = true, .signalled = 0 };
    }
    var signalled: u32 = 0;
    var round: u32 = 0;
    while (round < rounds_max) : (round += 1) {
        const count = try signal_once(call, opened.items, freezer, request);
        if (request.signal == sigkill) try thaw_below(call, freezer, request);
        signalled += count;
        // Other signals are sent once: a process may survive them.
        if (count == 0 or request.signal != sigkill) break;
        // A killed process needs a moment to end.
        _ = sys.poll(&.{}, 1) catch return call.fail("poll", "");
    }
    return .{ .found = true, .signalled = signalled };
}

fn thaw_below(call: *Call, freezer: ?groups.Opened, request: CgroupKillRequest) Call.Error!void {
    if (freezer) |group| try freeze.thaw_all(call, group.mount, request.freezer.?);
}

/// True: the processes of the v2 cgroup, and those below it, have been killed as a whole.
fn kill_v2(call: *Call, targets: []const Target, freezer: ?groups.Opened, timeout_ms: u32) Call.Error!bool {
    for (targets) |target| {
        if (target.group.mount.version != .v2) continue;
        groups.write_value(target.group.directory, "cgroup.kill", "1") catch {
            if (groups.is_gone()) return true;
            // A threaded cgroup has to be killed process by process (cgroups(7)).
            if (sys.is(.OPNOTSUPP)) return false;
            return call.fail("write", try target.name.file(call, "cgroup.kill"));
        };
        if (targets.len > 1) {
            // Processes frozen by v1 do not die until they are thawed.
            if (freezer) |group| freeze.set(group.directory, group.mount.version, false, 0) catch {};
            // Avoids searching all v1 hierarchies for processes that are ending. Being late is not an error.
            freeze.wait_event(
                target.group.directory,
                "populated",
                "0",
                sys.monotonic_ms() + timeout_ms,
            ) catch {};
        }
        return true;
    }
    return false;
}

const Target = struct { name: Cgroup, group: groups.Opened };

fn pids_of(call: *Call, targets: []const Target) Call.Error![]u32 {
    var pids: std.ArrayList(u32) = .empty;
    for (targets) |target| try pids.appendSlice(
        call.arena,
        try subtree.processes(call, target.group.mount, target.name),
    );
    return subtree.sorted_unique(pids.items);
}

fn signal_once(
    call: *Call,
    targets: []const Target,
    freezer: ?groups.Opened,
    request: CgroupKillRequest,
) Call.Error!u32 {
    if ((try pids_of(call, targets)).len == 0) return 0;
    // A container that somebody paused stays paused for other signals than SIGKILL.
    var thaw = request.signal == sigkill;
    if (freezer) |group| {
        const was_frozen = freeze.is_frozen(group.directory, group.mount.version) catch false;
        // Not being able to freeze only makes a further round more likely.
        freeze.set(group.directory, group.mount.version, true, request.freeze_timeout_ms) catch {};
        thaw = thaw or !was_frozen;
    }
    defer if (freezer) |group| {
        if (thaw) freeze.set(group.directory, group.mount.version, false, 0) catch {};
    };
    const candidates = try pids_of(call, targets);
    const pidfds = try call.arena.alloc(sys.fd_t, candidates.len);
    @memset(pidfds, -1);
    defer for (pidfds) |pidfd| {
        if (pidfd >= 0) sys.close(pidfd);
    };
    for (candidates, pidfds) |pid, *pidfd| pidfd.* = sys.pidfd_open(@intCast(pid)) catch -1;
    const confirmed = try pids_of(call, targets);
    var count: u32 = 0;
    for (candidates, pidfds) |pid, pidfd| {
        if (pidfd < 0) continue;
        if (std.sort.binarySearch(u32, confirmed, pid, order) == null) continue;
        sys.pidfd_send_signal(pidfd, request.signal) catch {
            if (sys.is_no_process()) continue;
            return call.fail_as(
                .system,
                "pidfd_send_signal",
                try std.fmt.allocPrint(call.arena, "{d}", .{pid}),
                "",
            );
        };
        count += 1;
    }
    return count;
}

fn order(wanted: u32, item: u32) std.math.Order {
    return std.math.order(wanted, item);
}
