//! The conversation between libbunc (parent) and bunc-init, over one SOCK_SEQPACKET pair.
//!
//! Each message is one packet: a `Kind` byte, then its payload. A descriptor may travel with it.
//!
//!   parent (libbunc)                      join (stage 1)                     init (stage 2)
//!     │  clone3, execveat of bunc-init        │                                    │
//!     ├──────────────────────────────────────▶│ v1 cgroups, join namespaces,       │
//!     │                                       │ new user namespace                 │
//!     │◀───────────────────────────── map_ids ┤                                    │
//!     │  write uid_map, gid_map               │                                    │
//!     ├─ proceed ────────────────────────────▶│ new namespaces, clone3(CLONE_PARENT)│
//!     │◀────────────────────── child (pid) ───┤───────────────────────────────────▶│
//!     │  (stage 1 ends)                                                            │
//!     │  rlimits, oom_score_adj                                                    │
//!     ├─ proceed ─────────────────────────────────────────────────────────────────▶│ steps …
//!     │◀──────────────────────────────────────────────────── network_device (each) ┤
//!     │  moves the device                                                          │
//!     ├─ proceed (its addresses) ─────────────────────────────────────────────────▶│ steps …
//!     │◀──────────────────────── mount_namespace (+fd, once), source (+fd) (each) ─┤
//!     │  opens the source of a bind                                                │
//!     ├─ source (+fd) or source_refused ──────────────────────────────────────────▶│ steps …
//!     │◀───────────────────────────────────────────────────────── hooks (if any) ──┤
//!     │  prestart and createRuntime hooks                                          │
//!     ├─ proceed ─────────────────────────────────────────────────────────────────▶│ steps …
//!     │◀──────────────────────────────── console (+fd), seccomp_listener (+fd) ────┤
//!     ├─ proceed (after a seccomp_listener: its agent has it) ────────────────────▶│
//!     │◀──────────────────────────────────────────────────────────────── ready ────┤
//!     ├─ proceed (Start.parent; Start.socket: on a connection to the start socket)▶│ startContainer hooks
//!     │◀──────────────────────────────────────────────────────────── executing ────┤
//!     │◀──────────────────────────────── end of file: execve closed the channel ───┤
//!
//! Where no namespace is joined and no user or time namespace is new there is no stage 1: the parent's clone3
//! makes the namespaces and the new process is stage 2 at once. At any point either side may find the channel
//! closed: bunc-init then exits, the parent reaps it and says how it ended. End of file after `executing` is
//! success, also when the program has ended by then. In place of any message bunc-init may send `failure`, a
//! Failure in wire form, after which it exits with status 1. Under --debug it tells with `trace` what it has
//! done; the `proceed` of a `start --debug` has one byte, which asks for that.

const std = @import("std");
const sys = @import("sys.zig");
const wire = @import("wire.zig");
const failure = @import("failure.zig");
const Failure = failure.Failure;

pub const Kind = enum(u8) {
    proceed,
    map_ids,
    child,
    hooks,
    console,
    seccomp_listener,
    ready,
    executing,
    /// "name/new name": the parent moves the device and answers `proceed` with its addresses (netlink.zig).
    network_device,
    /// Its descriptor is the mount namespace of bunc-init, for the requests that follow.
    mount_namespace,
    /// From bunc-init: a SourceRequest, with the user namespace of its id map if it has one. From the parent:
    /// the mount.
    source,
    /// A SourceRefusal.
    source_refused,
    failure,
    /// A TraceRecord in wire form, at any time; no answer.
    trace,
};

/// A bind source that the parent is to open, in the mount namespace of bunc-init.
pub const SourceRequest = struct { recursive: bool, map_recursive: bool, path: []const u8 };

/// The call that failed, and why.
pub const SourceRefusal = struct { errno: u16, op: []const u8 };

/// In wire form. Null: it is too long for a message.
pub fn encode(record: anytype, buffer: *[size_max - 1]u8) ?[]const u8 {
    var fixed: std.heap.FixedBufferAllocator = .init(buffer);
    var bytes = std.ArrayList(u8).initCapacity(fixed.allocator(), buffer.len) catch unreachable;
    wire.encode(@TypeOf(record), record, &bytes, fixed.allocator()) catch return null;
    return bytes.items;
}

/// The texts point into `payload`. Null: it is malformed.
pub fn decode(comptime Record: type, payload: []const u8) ?Record {
    var decoder: wire.Decoder = .{ .bytes = payload, .allocator = std.mem.Allocator.failing };
    return decoder.decode(Record) catch null;
}

pub const size_max = failure.size_max;

pub const Message = struct {
    kind: Kind,
    payload: []const u8,
    /// Descriptor that came along; -1: none.
    fd: sys.fd_t,
};

pub const ReceiveError = error{ Sys, Closed, Malformed };

pub fn send(channel: sys.fd_t, kind: Kind, payload: []const u8, fd: sys.fd_t) sys.Error!void {
    std.debug.assert(payload.len < size_max);
    var packet: [size_max]u8 = undefined;
    packet[0] = @intFromEnum(kind);
    @memcpy(packet[1..][0..payload.len], payload);
    sys.send_message(channel, packet[0 .. 1 + payload.len], fd) catch {
        // The user's seccomp filter may refuse sendmsg when bunc-init has last words to say; write(2) makes
        // the same packet, and hardly a profile goes without it.
        if (fd >= 0 or sys.is(.PIPE) or sys.is(.CONNRESET)) return error.Sys;
        const written = try sys.write(channel, packet[0 .. 1 + payload.len]);
        std.debug.assert(written == 1 + payload.len);
    };
}

pub fn receive(channel: sys.fd_t, buffer: *[size_max]u8) ReceiveError!Message {
    const received = sys.receive_message(channel, buffer) catch |err| {
        // The peer died with our unread message in its queue: the same as its end of file.
        if (sys.is(.CONNRESET)) return error.Closed;
        return err;
    };
    if (received.bytes.len == 0) return error.Closed;
    const kind = std.enums.fromInt(Kind, received.bytes[0]) orelse return error.Malformed;
    return .{ .kind = kind, .payload = received.bytes[1..], .fd = received.fd };
}

/// Sends `record`, its texts cut so that the packet fits (the subject and the target last).
pub fn send_failure(channel: sys.fd_t, record: Failure) sys.Error!void {
    var cut = record;
    // The fixed part and five lengths take less than 64 bytes.
    const budget = size_max - 64;
    cut.op = cut.op[0..@min(cut.op.len, 64)];
    cut.subject = cut.subject[0..@min(cut.subject.len, 512)];
    cut.target = cut.target[0..@min(cut.target.len, 1536)];
    cut.detail = cut.detail[0..@min(cut.detail.len, budget - cut.op.len - cut.subject.len - cut.target.len)];
    var buffer: [size_max - 1]u8 = undefined;
    try send(channel, .failure, encode(cut, &buffer).?, -1);
}

test "a failure crosses whole, and an over-long one is cut to fit" {
    var pair: [2]sys.fd_t = undefined;
    try sys.socketpair_seqpacket(&pair);
    defer sys.close(pair[0]);
    defer sys.close(pair[1]);
    const long: [8192]u8 = @splat('x');
    const records = [_]Failure{
        .{
            .code = .system,
            .stage = .init,
            .op = "move_mount",
            .errno = 13,
            .subject = "mounts[3]",
            .target = "/proc",
            .detail = "",
        },
        .{
            .code = .system,
            .stage = .join,
            .op = &long,
            .errno = 1,
            .subject = &long,
            .target = &long,
            .detail = &long,
        },
    };
    for (records, 0..) |record, index| {
        try send_failure(pair[0], record);
        var buffer: [size_max]u8 = undefined;
        const message = try receive(pair[1], &buffer);
        try std.testing.expectEqual(Kind.failure, message.kind);
        const copy = decode(Failure, message.payload).?;
        if (index == 0) try std.testing.expectEqualDeep(record, copy);
        try std.testing.expectEqual(record.errno, copy.errno);
        try std.testing.expect(std.mem.startsWith(u8, record.detail, copy.detail));
    }
}

test "a request for a source and a refusal cross whole" {
    var buffer: [size_max - 1]u8 = undefined;
    const request: SourceRequest = .{ .recursive = true, .map_recursive = false, .path = "/srv/data" };
    try std.testing.expectEqualDeep(request, decode(SourceRequest, encode(request, &buffer).?).?);
    const long: [size_max]u8 = @splat('x');
    const too_long: SourceRequest = .{ .recursive = false, .map_recursive = false, .path = &long };
    try std.testing.expectEqual(null, encode(too_long, &buffer));
    const refusal: SourceRefusal = .{ .errno = 13, .op = "open_tree" };
    try std.testing.expectEqualDeep(refusal, decode(SourceRefusal, encode(refusal, &buffer).?).?);
    try std.testing.expectEqual(null, decode(SourceRequest, "x"));
    try std.testing.expectEqual(null, decode(SourceRefusal, "x"));
}

test "end of file is Closed, rubbish is Malformed" {
    var pair: [2]sys.fd_t = undefined;
    try sys.socketpair_seqpacket(&pair);
    var buffer: [size_max]u8 = undefined;
    try sys.send_message(pair[0], "\xee", -1);
    try std.testing.expectError(error.Malformed, receive(pair[1], &buffer));
    sys.close(pair[0]);
    try std.testing.expectError(error.Closed, receive(pair[1], &buffer));
    sys.close(pair[1]);
}
