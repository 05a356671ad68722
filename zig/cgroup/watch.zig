//! Waiting for events of a cgroup: OOM kills, the last process leaving. Runs in the bunc process.

const std = @import("std");
const sys = @import("../sys.zig");
const groups = @import("group.zig");
const write = @import("write.zig");
const Call = @import("../call.zig").Call;
const Cgroup = groups.Cgroup;

pub const CgroupWatch = struct {
    mount: []const u8,
    path: []const u8,
    /// v2: a file that notifies (memory.events, cgroup.events). v1: memory.oom_control.
    file: []const u8,
    /// Its text as last seen; empty: not yet. Another text now ends the wait at once, so that nothing is
    /// missed between two calls.
    previous: []const u8,
};

pub const CgroupWatchRequest = struct {
    watches: []const CgroupWatch,
    /// Also return when this process ends; 0: none.
    pid: u32,
    timeout_ms: u32,
};

pub const CgroupWatchReply = struct {
    /// In the order of the request.
    files: []const CgroupWatched,
    process_ended: bool,
};
pub const CgroupWatched = struct {
    text: []const u8,
    /// It differs from `previous`.
    changed: bool,
    /// The kernel gave notice during the wait. On v1 that comes before the text changes.
    notified: bool,
    /// The cgroup has been removed.
    gone: bool,
};

const Watched = struct {
    name: Cgroup,
    opened: ?groups.Opened = null,
    /// Polled: the file itself (v2) or an eventfd (v1); -1: gone.
    fd: sys.fd_t = -1,
    /// The v1 file that the eventfd stands for.
    source: sys.fd_t = -1,
    reply: CgroupWatched = .{ .text = "", .changed = false, .notified = false, .gone = false },

    fn close(self: Watched) void {
        if (self.fd >= 0) sys.close(self.fd);
        if (self.source >= 0) sys.close(self.source);
        if (self.opened) |group| group.close();
    }
};

const watches_max = 8;

/// Returns when a file changes, the process ends or the time is up.
pub fn cgroup_watch(call: *Call, request: CgroupWatchRequest) Call.Error!CgroupWatchReply {
    if (request.watches.len > watches_max) return call.fail_as(.limit, "poll", "", "more than 8 watches");
    const watched = try call.arena.alloc(Watched, request.watches.len);
    var opened: usize = 0;
    defer for (watched[0..opened]) |item| item.close();
    for (request.watches, watched) |wanted, *item| {
        item.* = .{ .name = .{ .mount = wanted.mount, .path = wanted.path } };
        opened += 1;
        try begin(call, wanted, item);
    }
    var ended = false;
    const pidfd: sys.fd_t = if (request.pid == 0) -1 else sys.pidfd_open(@intCast(request.pid)) catch fd: {
        ended = true;
        break :fd -1;
    };
    defer if (pidfd >= 0) sys.close(pidfd);

    var anything = ended;
    for (watched) |item| anything = anything or item.reply.changed or item.reply.gone;
    if (!anything) {
        var polled: [watches_max + 1]sys.PollFd = undefined;
        for (watched, polled[0..watched.len]) |item, *poll_fd| {
            const v2 = item.opened.?.mount.version == .v2;
            poll_fd.* = .{ .fd = item.fd, .events = if (v2) sys.POLL.PRI else sys.POLL.IN, .revents = 0 };
        }
        polled[watched.len] = .{ .fd = pidfd, .events = sys.POLL.IN, .revents = 0 };
        const timeout_ms: i32 = @intCast(@min(request.timeout_ms, std.math.maxInt(i32)));
        _ = sys.poll(polled[0 .. watched.len + 1], timeout_ms) catch return call.fail("poll", "");
        ended = polled[watched.len].revents != 0;
        for (request.watches, watched, polled[0..watched.len]) |wanted, *item, poll_fd| {
            item.reply.notified = poll_fd.revents != 0;
            try read_now(call, wanted, item);
        }
    }
    const files = try call.arena.alloc(CgroupWatched, watched.len);
    for (watched, files) |item, *file| file.* = item.reply;
    return .{ .files = files, .process_ended = ended };
}

fn begin(call: *Call, wanted: CgroupWatch, item: *Watched) Call.Error!void {
    item.opened = try groups.open(call, item.name) orelse {
        item.reply.gone = true;
        return;
    };
    const group = item.opened.?;
    const fd = groups.open_file(group.directory, wanted.file, sys.O.RDONLY) catch
        return fail_file(call, "open", wanted, item);
    if (group.mount.version == .v2) {
        item.fd = fd;
    } else {
        item.source = fd;
        item.fd = sys.eventfd() catch return call.fail("eventfd2", "");
        var buffer: [32]u8 = undefined;
        const line = std.fmt.bufPrint(&buffer, "{d} {d}", .{ item.fd, item.source }) catch unreachable;
        groups.write_value(group.directory, "cgroup.event_control", line) catch
            return fail_file(call, "write", wanted, item);
    }
    // Read after the notification stands: a change from here on is a notification, one before is a
    // difference.
    try read_now(call, wanted, item);
}

/// kernfs compares with what this descriptor has read last, so the read has to go through it.
fn read_now(call: *Call, wanted: CgroupWatch, item: *Watched) Call.Error!void {
    var buffer: [4096]u8 = undefined;
    const fd = if (item.source >= 0) item.source else item.fd;
    const length = sys.pread(fd, &buffer, 0) catch {
        if (groups.is_gone()) {
            item.reply.gone = true;
            return;
        }
        return fail_file(call, "read", wanted, item);
    };
    item.reply.text = try call.arena.dupe(u8, buffer[0..length]);
    item.reply.changed = !std.mem.eql(u8, wanted.previous, item.reply.text);
}

fn fail_file(call: *Call, op: []const u8, wanted: CgroupWatch, item: *Watched) Call.Error!void {
    if (groups.is_gone() and sys.is(.NODEV)) {
        item.reply.gone = true;
        return;
    }
    return call.fail(op, try item.name.file(call, wanted.file));
}
