//! Standard input, output and error of the container's process. A process that we stay with gets our pipes,
//! and bytes are carried between them and the caller's streams: so nothing of the caller's has to change its
//! owner, and what the process opens under /dev/stdout is a pipe that belongs to it. One that we leave gets
//! the caller's streams themselves; pipes among them are given to its user, which affects nobody else: only
//! its holders can open an anonymous pipe again. Runs in the bunc process.

const std = @import("std");
const sys = @import("../sys.zig");
const plan = @import("../plan.zig");
const Relay = @import("../relay/relay.zig").Relay;
const Call = @import("../call.zig").Call;
const SIG = std.os.linux.SIG;

const none: [3]sys.fd_t = @splat(-1);

/// The ends of our pipes, by stream. The container's are ours too until it has them; -1: none.
var ours = none;
var theirs = none;
/// Of the process that we stay with. Carries something once `carry` was called.
pub var relay: Relay = .{};

pub const MakeStreamsRequest = struct { streams: plan.Streams };
pub const MakeStreamsReply = struct {
    /// "pipe:[5]", as /proc/pid/fd has it, for each stream that is a pipe of ours; "" for the others.
    names: []const []const u8,
};

/// For a process that `spawn` does not make.
pub fn make_streams(call: *Call, request: MakeStreamsRequest) Call.Error!MakeStreamsReply {
    return .{ .names = try make(call, request.streams) };
}

/// Makes the pipes, before the container's process is made; anew before another attempt at that. → as
/// MakeStreamsReply.names.
pub fn make(call: *Call, streams: plan.Streams) Call.Error![]const []const u8 {
    close();
    errdefer close();
    if (streams.stdin == .relayed) {
        const pair = try make_pipe(call);
        theirs[0] = pair[0];
        ours[0] = pair[1];
    }
    for ([_]plan.Stream{ streams.stdout, streams.stderr }, 1..) |stream, index| {
        if (stream != .relayed) continue;
        const pair = try make_pipe(call);
        ours[index] = pair[0];
        theirs[index] = pair[1];
    }
    if (streams.stderr == .with_stdout) theirs[2] = theirs[1];
    const names = try call.arena.alloc([]const u8, theirs.len);
    for (theirs, names) |fd, *name| name.* = if (fd < 0) "" else try name_of(call, fd);
    return names;
}

fn make_pipe(call: *Call) Call.Error![2]sys.fd_t {
    var pair: [2]sys.fd_t = undefined;
    sys.waiting_pipe(&pair) catch return call.fail("pipe2", "");
    return pair;
}

fn name_of(call: *Call, fd: sys.fd_t) Call.Error![]const u8 {
    const stat = sys.fstat(fd) catch return call.fail("fstat", "pipe");
    return std.fmt.allocPrint(call.arena, "pipe:[{d}]", .{stat.inode});
}

/// In the child that becomes the container's process: nothing but system calls.
pub fn take_in_child() sys.Error!void {
    for (theirs, 0..) |fd, index| if (fd >= 0) try sys.dup3(fd, @intCast(index), 0);
}

/// The process waits, in the user namespace of `pid` (0: ours) by now.
pub fn hand_over(stdio: plan.Stdio, pid: i32) void {
    give(stdio.streams, stdio.owner_uid, pid);
    carry();
}

/// The process has its ends, and ours alone keep the pipes open for us. Begins to carry.
fn carry() void {
    if (std.mem.eql(sys.fd_t, &theirs, &none)) return;
    close_theirs();
    relay.open_pipes(ours[0], ours[1], ours[2]);
    // They are the relay's now.
    ours = none;
}

pub const GiveStreamsRequest = struct {
    streams: plan.Streams,
    /// Of the user namespace of the process.
    owner_uid: u32,
    pid: i32,
};
pub const GiveStreamsReply = struct {};

/// For a process that did not get its streams from `spawn`. Begins to carry.
pub fn give_streams(_: *Call, request: GiveStreamsRequest) Call.Error!GiveStreamsReply {
    give(request.streams, request.owner_uid, request.pid);
    carry();
    return .{};
}

/// Output of a process that could not be started: of bunc-init, or of a hook.
pub fn end() void {
    carry();
    if (!relay.is_open()) return;
    const mask = hold_terminal_signals();
    defer release_signals(mask);
    _ = relay.settle(relay.process_ended());
    relay.close();
}

/// A terminal's answer to a background program that reads or writes it is a signal; blocked, it is an error
/// or none, and we go on; our handlers would have the call made again and again. → for `release_signals`.
pub fn hold_terminal_signals() sys.SignalSet {
    var before: sys.SignalSet = 0;
    const both = sys.signal_bit(@intFromEnum(SIG.TTIN)) | sys.signal_bit(@intFromEnum(SIG.TTOU));
    sys.sigprocmask(sys.SIG.BLOCK, both, &before);
    return before;
}

pub fn release_signals(mask: sys.SignalSet) void {
    sys.sigprocmask(sys.SIG.SETMASK, mask, null);
}

fn close_theirs() void {
    for (theirs, 0..) |fd, index| {
        const shared = index == 2 and fd == theirs[1];
        if (fd >= 0 and !shared) sys.close(fd);
    }
    theirs = none;
}

fn close() void {
    close_theirs();
    for (ours) |fd| if (fd >= 0) sys.close(fd);
    ours = none;
}

/// Gives the pipes to user `owner_uid` of the user namespace of process `pid`; 0: of ours. What we may not
/// change is tried by bunc-init, which is root there (init/stdio.zig).
pub fn give(streams: plan.Streams, owner_uid: u32, pid: i32) void {
    var owner: ?u32 = null;
    for ([_]plan.Stream{ streams.stdin, streams.stdout, streams.stderr }, 0..) |stream, index| {
        const fd: sys.fd_t = switch (stream) {
            .kept, .with_stdout => continue,
            .given => @intCast(index),
            .relayed => if (theirs[index] >= 0) theirs[index] else continue,
        };
        const stat = sys.fstat(fd) catch continue;
        if (stat.mode & sys.S.IFMT != sys.S.IFIFO) continue;
        owner = owner orelse (host_id(owner_uid, pid) orelse return);
        if (stat.uid == owner.? or (stream == .given and !is_anonymous(fd))) continue;
        // EPERM: not root's process.
        sys.fchownat(fd, "", owner.?, null, sys.AT.EMPTY_PATH) catch {};
    }
}

/// A FIFO with a name has an owner in its file system, whom the caller chose.
fn is_anonymous(fd: sys.fd_t) bool {
    return (sys.fstatfs_type(fd) catch return false) == sys.fs_magic.pipefs;
}

/// What user `id` of the user namespace of process `pid` is in ours; null: nobody.
fn host_id(id: u32, pid: i32) ?u32 {
    if (pid == 0 or is_in_our_user_namespace(pid)) return id;
    var path: [32]u8 = undefined;
    const name = std.fmt.bufPrint(&path, "/proc/{d}/uid_map", .{pid}) catch unreachable;
    const fd = sys.open(name, sys.O.RDONLY) catch return null;
    defer sys.close(fd);
    // user_namespaces(7): at most 340 lines of three numbers.
    var buffer: [340 * 33]u8 = undefined;
    return map_id(sys.read_to_end(fd, &buffer) catch return null, id);
}

/// Its map would be in terms of the namespace around ours.
fn is_in_our_user_namespace(pid: i32) bool {
    var path: [32]u8 = undefined;
    const name = std.fmt.bufPrint(&path, "/proc/{d}/ns/user", .{pid}) catch unreachable;
    const its = sys.statx(sys.AT.FDCWD, name, 0) catch return false;
    const own = sys.statx(sys.AT.FDCWD, "/proc/self/ns/user", 0) catch return false;
    return its.inode == own.inode;
}

fn map_id(map: []const u8, id: u32) ?u32 {
    var lines = std.mem.tokenizeScalar(u8, map, '\n');
    while (lines.next()) |line| {
        var numbers = std.mem.tokenizeScalar(u8, line, ' ');
        var fields: [3]u32 = undefined;
        for (&fields) |*field| field.* = std.fmt.parseInt(u32, numbers.next() orelse return null, 10) catch
            return null;
        const inside, const outside, const count = fields;
        if (id >= inside and id - inside < count) return std.math.add(u32, outside, id - inside) catch null;
    }
    return null;
}

test "ids of a user namespace" {
    const map = "         0     100000      65536\n     65536          7          1\n";
    const Case = struct { u32, ?u32 };
    const cases = [_]Case{ .{ 0, 100000 }, .{ 65535, 165535 }, .{ 65536, 7 }, .{ 65537, null } };
    for (cases) |case| try std.testing.expectEqual(case[1], map_id(map, case[0]));
    try std.testing.expectEqual(@as(?u32, 4294967294), map_id("0 0 4294967295\n", 4294967294));
    try std.testing.expectEqual(@as(?u32, null), map_id("", 0));
    try std.testing.expectEqual(@as(?u32, null), map_id("0 4294967295 2\n", 1));
}
