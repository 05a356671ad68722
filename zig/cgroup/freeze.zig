//! The freezer: stopping and continuing all processes of a cgroup, and knowing that it happened.
//! Runs in the bunc process.

const std = @import("std");
const sys = @import("../sys.zig");
const groups = @import("group.zig");
const walk = @import("walk.zig").walk;
const Call = @import("../call.zig").Call;
const Cgroup = groups.Cgroup;

pub const CgroupFreezeRequest = struct {
    /// The v2 cgroup, or that of the v1 freezer hierarchy.
    group: Cgroup,
    frozen: bool,
    timeout_ms: u32,
};
pub const CgroupFreezeReply = struct {
    /// False: the cgroup is gone (thawing only; freezing a cgroup that is gone is a Failure).
    found: bool,
};

/// Returns once every process is stopped (or has been continued). When freezing does not end in time, the
/// cgroup is thawed again and the Failure is a timeout: a half-frozen container would hang for good.
pub fn cgroup_freeze(call: *Call, request: CgroupFreezeRequest) Call.Error!CgroupFreezeReply {
    if (request.frozen) try groups.refuse_root(call, "freeze", request.group);
    const opened = try groups.open(call, request.group) orelse {
        if (!request.frozen) return .{ .found = false };
        sys.backend.errno = .NOENT;
        return call.fail("openat2", try request.group.absolute(call));
    };
    defer opened.close();
    set(opened.directory, opened.mount.version, request.frozen, request.timeout_ms) catch {
        if (!request.frozen and groups.is_gone()) return .{ .found = false };
        const file = try request.group.file(
            call,
            if (opened.mount.version == .v1) "freezer.state" else "cgroup.freeze",
        );
        if (sys.is(.TIMEDOUT)) {
            return call.fail_as(.timeout, "freeze", file, "not all processes stopped in time; thawed again");
        }
        return call.fail("write", file);
    };
    return .{ .found = true };
}

/// Of a v1 cgroup and of each below it: who may write the container's cgroups can have frozen a process
/// there, and it does not die of SIGKILL before it is thawed. Those of v2 do.
pub fn thaw_all(call: *Call, mount: groups.Mount, group: Cgroup) Call.Error!void {
    if (mount.version == .v1) try walk(call, mount, group, Thaw{});
}

const Thaw = struct {
    pub fn enter(_: Thaw, directory: sys.fd_t) Call.Error!void {
        // One that is gone, or has no freezer, freezes nobody.
        thaw_v1(directory) catch {};
    }
};

/// ETIMEDOUT when the processes do not stop in time; they are thawed then.
pub fn set(directory: sys.fd_t, version: groups.Version, frozen: bool, timeout_ms: u32) sys.Error!void {
    const deadline_ms = sys.monotonic_ms() + timeout_ms;
    switch (version) {
        .v2 => try set_v2(directory, frozen, deadline_ms),
        .v1 => if (frozen) try freeze_v1(directory, deadline_ms) else try thaw_v1(directory),
        .resctrl => return sys.fail(.OPNOTSUPP),
    }
}

fn set_v2(directory: sys.fd_t, frozen: bool, deadline_ms: u64) sys.Error!void {
    try groups.write_value(directory, "cgroup.freeze", if (frozen) "1" else "0");
    // A thawed cgroup may still be frozen from above; there would be nothing to wait for.
    if (!frozen) return;
    wait_event(directory, "frozen", "1", deadline_ms) catch {
        const errno = sys.backend.errno;
        groups.write_value(directory, "cgroup.freeze", "0") catch {};
        return sys.fail(errno);
    };
}

/// Waits until the line `key` of cgroup.events is `value`. ETIMEDOUT past the deadline.
pub fn wait_event(directory: sys.fd_t, key: []const u8, value: []const u8, deadline_ms: u64) sys.Error!void {
    const fd = try groups.open_file(directory, "cgroup.events", sys.O.RDONLY);
    defer sys.close(fd);
    while (true) {
        var buffer: [512]u8 = undefined;
        const text = buffer[0..try sys.pread(fd, &buffer, 0)];
        const now = groups.keyed_value(text, key) orelse return sys.fail(.INVAL);
        if (std.mem.eql(u8, now, value)) return;
        const now_ms = sys.monotonic_ms();
        if (now_ms >= deadline_ms) return sys.fail(.TIMEDOUT);
        var polled = [1]sys.PollFd{.{ .fd = fd, .events = sys.POLL.PRI, .revents = 0 }};
        const wait_ms: i32 = @intCast(@min(deadline_ms - now_ms, std.math.maxInt(i32)));
        _ = try sys.poll(&polled, wait_ms);
    }
}

/// v1 stays in FREEZING while new processes keep appearing; writing FROZEN again, and now and then letting
/// them run for a moment, is what gets it through (kernel documentation, freezer-subsystem).
fn freeze_v1(directory: sys.fd_t, deadline_ms: u64) sys.Error!void {
    freeze_v1_until(directory, deadline_ms) catch {
        const errno = sys.backend.errno;
        thaw_v1(directory) catch {};
        return sys.fail(errno);
    };
}

fn freeze_v1_until(directory: sys.fd_t, deadline_ms: u64) sys.Error!void {
    var attempt: u32 = 1;
    while (true) : (attempt += 1) {
        try groups.write_value(directory, "freezer.state", "FROZEN");
        if (attempt % 25 == 0) try pause(1);
        var buffer: [32]u8 = undefined;
        const state = try groups.read_short(directory, "freezer.state", &buffer);
        if (std.mem.eql(u8, state, "FROZEN")) return;
        if (sys.monotonic_ms() >= deadline_ms) return sys.fail(.TIMEDOUT);
        if (attempt % 50 == 0) {
            try thaw_v1(directory);
            try pause(10);
        }
    }
}

fn thaw_v1(directory: sys.fd_t) sys.Error!void {
    try groups.write_value(directory, "freezer.state", "THAWED");
}

fn pause(duration_ms: i32) sys.Error!void {
    _ = try sys.poll(&.{}, duration_ms);
}

pub const CgroupFrozenRequest = struct {
    /// Of the v2 hierarchy, or that of the v1 freezer.
    groups: []const Cgroup,
};
pub const CgroupFrozenReply = struct {
    /// In the order of the request. False also where the cgroup is gone.
    frozen: []const bool,
};

/// Whether each of these itself was asked to freeze (not one above it).
pub fn cgroup_frozen(call: *Call, request: CgroupFrozenRequest) Call.Error!CgroupFrozenReply {
    const frozen = try call.arena.alloc(bool, request.groups.len);
    var mount: ?groups.Mount = null;
    defer if (mount) |opened| opened.close();
    for (frozen, request.groups, 0..) |*is, group, index| {
        // Most are below one mount.
        if (index == 0 or !std.mem.eql(u8, group.mount, request.groups[index - 1].mount)) {
            if (mount) |opened| opened.close();
            mount = null;
            mount = try groups.open_mount(call, group.mount);
        }
        const file = state_file(mount.?.version) orelse {
            is.* = false;
            continue;
        };
        const path = try std.fs.path.join(call.arena, &.{ group.path, file });
        is.* = is_one(mount.?.fd, path) catch return call.fail("read", try group.file(call, file));
    }
    return .{ .frozen = frozen };
}

/// Whether the cgroup itself was asked to freeze (not one above it). False on a v1 hierarchy without freezer.
pub fn is_frozen(directory: sys.fd_t, version: groups.Version) sys.Error!bool {
    return is_one(directory, state_file(version) orelse return false);
}

fn state_file(version: groups.Version) ?[]const u8 {
    return switch (version) {
        .v1 => "freezer.self_freezing",
        .v2 => "cgroup.freeze",
        .resctrl => null,
    };
}

/// `path`: of a file in `directory`, or in a cgroup below it.
fn is_one(directory: sys.fd_t, path: []const u8) sys.Error!bool {
    var buffer: [16]u8 = undefined;
    const text = groups.read_short(directory, path, &buffer) catch {
        if (groups.is_gone()) return false;
        return error.Sys;
    };
    return std.mem.eql(u8, text, "1");
}
