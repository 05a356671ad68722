//! The streams of a process that we stay with: its standard input, output and error as pipes of our own, or
//! its terminal, and the caller's descriptors 0, 1 and 2 on the other side. Plain data and one poll(2) loop,
//! driven by whoever waits for the process (parent/supervise.zig, hook.zig) or for its descendants
//! (`linger`).

const std = @import("std");
const sys = @import("../sys.zig");
const pump_types = @import("pump.zig");
const End = pump_types.End;
const Pump = pump_types.Pump;

/// Of the one relay that a process has. Touched only where bytes have to be copied.
var buffers: [3]pump_types.Buffer = undefined;

/// Pause before a terminal is tried again while we are in its background.
const background_ms = 500;

pub const Relay = struct {
    input: Pump = .{},
    output: Pump = .{},
    errors: Pump = .{},

    pub const polls_count = 6;

    /// Our ends of the container's pipes; -1: that stream is not ours to carry.
    pub fn open_pipes(self: *Relay, input: sys.fd_t, output: sys.fd_t, errors: sys.fd_t) void {
        self.* = .{};
        if (input >= 0) self.input.open(.callers(0, .read), .{ .fd = input, .ours = true }, &buffers[0]);
        if (output >= 0) self.output.open(.{ .fd = output, .ours = true }, .callers(1, .write), &buffers[1]);
        if (errors >= 0) self.errors.open(.{ .fd = errors, .ours = true }, .callers(2, .write), &buffers[2]);
    }

    /// `master` stays the caller's of this function. Where nobody reads our output, the container's must not
    /// block.
    pub fn open_terminal(self: *Relay, master: sys.fd_t) void {
        self.* = .{};
        const end: End = .{ .fd = master, .kind = .master };
        self.input.open(.callers(0, .read), end, &buffers[0]);
        self.output.when_unread = .drop;
        self.output.open(end, .callers(1, .write), &buffers[1]);
    }

    pub fn is_open(self: *const Relay) bool {
        return self.input.is_open() or self.has_output();
    }

    /// Something may still come from the container.
    pub fn has_output(self: *const Relay) bool {
        return self.output.is_open() or self.errors.is_open();
    }

    pub fn polls(self: *const Relay, out: *[polls_count]sys.PollFd) void {
        out[0..2].* = self.input.polls();
        out[2..4].* = self.output.polls();
        out[4..6].* = self.errors.polls();
    }

    /// For poll(2): -1, no limit.
    pub fn timeout_ms(self: *const Relay) i32 {
        return if (self.input.is_open() and self.input.waits_for == .foreground) background_ms else -1;
    }

    pub fn turn(self: *Relay, polled: *const [polls_count]sys.PollFd) void {
        self.input.turn(polled[0..2]);
        self.output.turn(polled[2..4]);
        self.errors.turn(polled[4..6]);
    }

    pub const Goals = struct { output: u64, errors: u64 };

    /// The process has ended: nothing is read for it any more. → what it has written, for `settle`.
    pub fn process_ended(self: *Relay) Goals {
        self.input.finish();
        return .{ .output = self.output.goal(), .errors = self.errors.goal() };
    }

    /// Passes on what is there. False: a reader of ours is slow, poll and call again.
    pub fn settle(self: *Relay, goals: Goals) bool {
        self.output.settle(goals.output);
        self.errors.settle(goals.errors);
        return !is_stuck(&self.output) and !is_stuck(&self.errors);
    }

    fn is_stuck(pump: *const Pump) bool {
        return pump.is_open() and pump.waits_for == .output;
    }

    /// Until the last descendant of the process has closed its output, or nobody reads it.
    pub fn linger(self: *Relay) sys.Error!void {
        while (self.has_output()) {
            var polled: [polls_count]sys.PollFd = undefined;
            self.polls(&polled);
            _ = try sys.poll(&polled, self.timeout_ms());
            self.turn(&polled);
        }
    }

    pub fn close(self: *Relay) void {
        self.input.finish();
        self.output.finish();
        self.errors.finish();
    }
};

const testing = std.testing;

/// A pump between two pipes of the test's: what is written to `in` arrives at `out`.
const Rig = struct {
    pump: Pump = .{},
    in: sys.fd_t,
    out: sys.fd_t,
    memory: pump_types.Buffer = undefined,

    fn start(self: *Rig) !void {
        var from: [2]sys.fd_t = undefined;
        var to: [2]sys.fd_t = undefined;
        try sys.waiting_pipe(&from);
        try sys.pipe(&to);
        self.* = .{ .in = from[1], .out = to[0] };
        self.pump.open(.{ .fd = from[0], .ours = true }, .{ .fd = to[1], .ours = true }, &self.memory);
    }

    fn end(self: *Rig) void {
        self.pump.finish();
        for ([_]sys.fd_t{ self.in, self.out }) |fd| if (fd >= 0) sys.close(fd);
    }

    fn turn(self: *Rig) !void {
        var polled = self.pump.polls();
        _ = try sys.poll(&polled, 0);
        self.pump.turn(&polled);
    }
};

test "a pump waits for its input, then for its output, and ends with its input" {
    for ([_]bool{ false, true }) |copies| {
        var rig: Rig = undefined;
        try rig.start();
        defer rig.end();
        if (copies) rig.pump.way = .copy;
        try rig.turn();
        try testing.expectEqual(.input, rig.pump.waits_for);

        // More than its reader's pipe holds.
        const size = 96 * 1024;
        var written: usize = 0;
        const chunk: [4096]u8 = @splat('x');
        _ = try sys.fcntl(rig.in, std.os.linux.F.SETFL, sys.O.NONBLOCK);
        _ = try sys.fcntl(rig.pump.to.fd, std.os.linux.F.SETFL, sys.O.NONBLOCK);
        while (written < size) {
            written += sys.write(rig.in, &chunk) catch 0;
            try rig.turn();
        }
        for (0..32) |_| try rig.turn();
        try testing.expectEqual(.output, rig.pump.waits_for);

        sys.close(rig.in);
        rig.in = -1;
        var read: usize = 0;
        var buffer: [8192]u8 = undefined;
        for (0..256) |_| {
            read += sys.read(rig.out, &buffer) catch 0;
            try rig.turn();
        }
        try testing.expectEqual(written, read);
        try testing.expect(!rig.pump.is_open());
    }
}

test "a pump ends when nobody reads it, before there is anything to write" {
    var rig: Rig = undefined;
    try rig.start();
    defer rig.end();
    sys.close(rig.out);
    rig.out = -1;
    try rig.turn();
    try testing.expect(!rig.pump.is_open());
}

test "a pump that drops goes on reading" {
    var rig: Rig = undefined;
    try rig.start();
    defer rig.end();
    rig.pump.when_unread = .drop;
    rig.pump.way = .copy;
    sys.close(rig.out);
    rig.out = -1;
    try rig.turn();
    _ = try sys.write(rig.in, "lost");
    try rig.turn();
    try testing.expect(rig.pump.is_open());
    try testing.expectEqual(@as(u64, 4), rig.pump.taken);
    try testing.expectEqual(.input, rig.pump.waits_for);
}

test "settling moves what was there, and not what a descendant goes on to write" {
    var rig: Rig = undefined;
    try rig.start();
    defer rig.end();
    _ = try sys.write(rig.in, "first");
    const goal = rig.pump.goal();
    rig.pump.settle(goal);
    _ = try sys.write(rig.in, "second");
    rig.pump.settle(goal);
    try testing.expect(rig.pump.is_open());
    var buffer: [16]u8 = undefined;
    try testing.expectEqualStrings("first", buffer[0..try sys.read(rig.out, &buffer)]);
    // Without a writer left it is the rest.
    sys.close(rig.in);
    rig.in = -1;
    rig.pump.settle(goal);
    try testing.expect(!rig.pump.is_open());
    try testing.expectEqualStrings("second", buffer[0..try sys.read(rig.out, &buffer)]);
}

test "a file that is appended to is copied to; its own flags stay" {
    var rig: Rig = undefined;
    try rig.start();
    defer rig.end();
    const file = try sys.memfd_create("log");
    _ = try sys.write(file, "old ");
    _ = try sys.fcntl(file, std.os.linux.F.SETFL, sys.O.APPEND);
    const flags = try sys.fcntl(file, std.os.linux.F.GETFL, 0);
    sys.close(rig.pump.to.fd);
    rig.pump.to = .{ .fd = file, .kind = .file };
    _ = try sys.write(rig.in, "new");
    try rig.turn();
    try testing.expectEqual(.copy, rig.pump.way);
    try testing.expectEqual(flags, try sys.fcntl(file, std.os.linux.F.GETFL, 0));
    var buffer: [16]u8 = undefined;
    try testing.expectEqualStrings("old new", buffer[0..try sys.pread(file, &buffer, 0)]);
    sys.close(file);
}
