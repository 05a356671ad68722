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
pub const SourceRequest = struct {
    recursive: bool,
    map_recursive: bool,
    path: []const u8,

    /// Null: the path is too long for a message.
    pub fn encode(self: SourceRequest, buffer: *[size_max]u8) ?[]const u8 {
        const length = 2 + self.path.len;
        if (length >= size_max) return null;
        buffer[0] = @intFromBool(self.recursive);
        buffer[1] = @intFromBool(self.map_recursive);
        @memcpy(buffer[2..length], self.path);
        return buffer[0..length];
    }

    pub fn decode(payload: []const u8) ?SourceRequest {
        if (payload.len < 2) return null;
        return .{ .recursive = payload[0] != 0, .map_recursive = payload[1] != 0, .path = payload[2..] };
    }
};

/// The call that failed, and why.
pub const SourceRefusal = struct {
    errno: sys.E,
    op: []const u8,

    pub fn encode(self: SourceRefusal, buffer: *[size_max]u8) []const u8 {
        std.mem.writeInt(u16, buffer[0..2], @intFromEnum(self.errno), .little);
        @memcpy(buffer[2..][0..self.op.len], self.op);
        return buffer[0 .. 2 + self.op.len];
    }

    pub fn decode(payload: []const u8) ?SourceRefusal {
        if (payload.len < 2) return null;
        return .{ .errno = @enumFromInt(std.mem.readInt(u16, payload[0..2], .little)), .op = payload[2..] };
    }
};

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
    var memory: [2 * size_max]u8 = undefined;
    var fixed: std.heap.FixedBufferAllocator = .init(&memory);
    var bytes = std.ArrayList(u8).initCapacity(fixed.allocator(), size_max) catch unreachable;
    wire.encode(Failure, cut, &bytes, fixed.allocator()) catch unreachable;
    try send(channel, .failure, bytes.items, -1);
}

/// The texts point into `payload`.
pub fn decode_failure(payload: []const u8) error{Malformed}!Failure {
    var decoder: wire.Decoder = .{ .bytes = payload, .allocator = std.mem.Allocator.failing };
    return decoder.decode(Failure) catch error.Malformed;
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
        const copy = try decode_failure(message.payload);
        if (index == 0) try std.testing.expectEqualDeep(record, copy);
        try std.testing.expectEqual(record.errno, copy.errno);
        try std.testing.expect(std.mem.startsWith(u8, record.detail, copy.detail));
    }
}

test "a request for a source and a refusal cross whole" {
    var buffer: [size_max]u8 = undefined;
    const request: SourceRequest = .{ .recursive = true, .map_recursive = false, .path = "/srv/data" };
    try std.testing.expectEqualDeep(request, SourceRequest.decode(request.encode(&buffer).?).?);
    const long: [size_max]u8 = @splat('x');
    try std.testing.expectEqual(
        null,
        (SourceRequest{ .recursive = false, .map_recursive = false, .path = &long }).encode(&buffer),
    );
    const refusal: SourceRefusal = .{ .errno = .ACCES, .op = "open_tree" };
    try std.testing.expectEqualDeep(refusal, SourceRefusal.decode(refusal.encode(&buffer)).?);
    try std.testing.expectEqual(null, SourceRequest.decode("x"));
    try std.testing.expectEqual(null, SourceRefusal.decode("x"));
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
