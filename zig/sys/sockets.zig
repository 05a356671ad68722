//! Sockets and the messages that carry descriptors: unix(7), sendmsg(2), recvmsg(2).

const std = @import("std");
const kernel = @import("kernel.zig");
const descriptors = @import("descriptors.zig");
const files = @import("files.zig");
const stat = @import("stat.zig");

const Error = kernel.Error;
const call = kernel.call;
const call_fd = kernel.call_fd;
const fail = kernel.fail;
const fd_t = kernel.fd_t;
const retry = kernel.retry;
const close = descriptors.close;
const memfd_create = descriptors.memfd_create;
const O = files.O;
const fstat = stat.fstat;

const AF_UNIX = 1;
pub const SOCK_STREAM = 1;
pub const SOCK_SEQPACKET = 5;
pub const SOCK_DGRAM = 2;
const SOCK_CLOEXEC: u32 = O.CLOEXEC;

pub fn socketpair_seqpacket(pair: *[2]fd_t) Error!void {
    _ = try call(.socketpair, .{ AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair });
}

/// Close-on-exec.
pub fn socket(family: u32, kind: u32, protocol: u32) Error!fd_t {
    return call_fd(.socket, .{ family, kind | SOCK_CLOEXEC, protocol });
}

pub fn unix_socket(kind: u32) Error!fd_t {
    return socket(AF_UNIX, kind, 0);
}

const SockaddrUn = extern struct { family: u16 = AF_UNIX, path: [108]u8 = @splat(0) };

fn unix_address(path: []const u8) Error!SockaddrUn {
    var address: SockaddrUn = .{};
    if (path.len >= address.path.len) return fail(.NAMETOOLONG);
    @memcpy(address.path[0..path.len], path);
    return address;
}

/// `path` must be shorter than 108 bytes; longer ones go through /proc/self/fd/N of their directory.
pub fn bind_unix(fd: fd_t, path: []const u8) Error!void {
    const address = try unix_address(path);
    _ = try call(.bind, .{ fd, &address, @sizeOf(SockaddrUn) });
}

pub fn connect_unix(fd: fd_t, path: []const u8) Error!void {
    const address = try unix_address(path);
    _ = try retry(.connect, .{ fd, &address, @sizeOf(SockaddrUn) });
}

/// `name` without the NUL byte that an abstract address begins with. unix(7).
pub fn connect_unix_abstract(fd: fd_t, name: []const u8) Error!void {
    var address: SockaddrUn = .{};
    if (name.len >= address.path.len) return fail(.NAMETOOLONG);
    @memcpy(address.path[1 .. 1 + name.len], name);
    const length = @offsetOf(SockaddrUn, "path") + 1 + name.len;
    _ = try retry(.connect, .{ fd, &address, length });
}

pub const MSG = struct {
    pub const DONTWAIT = 0x40;
    pub const NOSIGNAL = 0x4000;
};

pub fn send(fd: fd_t, bytes: []const u8, flags: u32) Error!usize {
    return retry(.sendto, .{ fd, bytes.ptr, bytes.len, flags, 0, 0 });
}

pub fn receive(fd: fd_t, buffer: []u8, flags: u32) Error!usize {
    return retry(.recvfrom, .{ fd, buffer.ptr, buffer.len, flags, 0, 0 });
}

pub fn listen(fd: fd_t, backlog: u32) Error!void {
    _ = try call(.listen, .{ fd, backlog });
}

pub fn accept(fd: fd_t) Error!fd_t {
    return @intCast(try retry(.accept4, .{ fd, 0, 0, SOCK_CLOEXEC }));
}

const IoVec = extern struct { base: usize, len: usize };
const MsgHdr = extern struct {
    name: usize = 0,
    name_len: u32 = 0,
    iov: usize,
    iov_len: usize = 1,
    control: usize = 0,
    control_len: usize = 0,
    flags: u32 = 0,
};
/// cmsghdr plus at most one descriptor (SCM_RIGHTS), padded as CMSG_SPACE does.
const ControlFd = extern struct {
    len: usize = 20,
    level: i32 = 1, // SOL_SOCKET
    type: i32 = 1, // SCM_RIGHTS
    fd: fd_t,
    padding: u32 = 0,
};

/// Sends `bytes` as one message, with a descriptor unless it is negative. Never raises SIGPIPE.
pub fn send_message(fd: fd_t, bytes: []const u8, passed: fd_t) Error!void {
    const iov: IoVec = .{ .base = @intFromPtr(bytes.ptr), .len = bytes.len };
    var control: ControlFd = .{ .fd = passed };
    var header: MsgHdr = .{ .iov = @intFromPtr(&iov) };
    if (passed >= 0) {
        header.control = @intFromPtr(&control);
        header.control_len = @sizeOf(ControlFd);
    }
    const msg_nosignal = 0x4000;
    _ = try retry(.sendmsg, .{ fd, &header, msg_nosignal });
}

pub const Received = struct { bytes: []u8, fd: fd_t };

/// One message and the descriptor that came with it (-1: none), close-on-exec. Empty bytes: the peer is gone.
/// EMFILE: a descriptor came for which there was no room, or more than one; none is kept.
pub fn receive_message(fd: fd_t, buffer: []u8) Error!Received {
    const iov: IoVec = .{ .base = @intFromPtr(buffer.ptr), .len = buffer.len };
    var control: ControlFd = .{ .len = 0, .fd = -1 };
    var header: MsgHdr = .{
        .iov = @intFromPtr(&iov),
        .control = @intFromPtr(&control),
        // CMSG_LEN: in the padding that CMSG_SPACE counts the kernel would put a second descriptor.
        .control_len = @offsetOf(ControlFd, "padding"),
    };
    const msg_cmsg_cloexec = 0x40000000;
    const length = try retry(.recvmsg, .{ fd, &header, msg_cmsg_cloexec });
    const has_fd = header.control_len >= 20 and control.len == 20 and control.type == 1;
    const msg_ctrunc = 8;
    if (header.flags & msg_ctrunc != 0) {
        if (has_fd) close(control.fd);
        return fail(.MFILE);
    }
    return .{ .bytes = buffer[0..length], .fd = if (has_fd) control.fd else -1 };
}

test "a descriptor crosses a seqpacket pair" {
    var pair: [2]fd_t = undefined;
    try socketpair_seqpacket(&pair);
    defer close(pair[0]);
    defer close(pair[1]);
    const memfd = try memfd_create("test");
    defer close(memfd);
    try send_message(pair[0], "hello", memfd);
    var buffer: [16]u8 = undefined;
    const received = try receive_message(pair[1], &buffer);
    try std.testing.expectEqualStrings("hello", received.bytes);
    try std.testing.expect(received.fd >= 0);
    try std.testing.expectEqual((try fstat(memfd)).inode, (try fstat(received.fd)).inode);
    close(received.fd);
    try send_message(pair[0], "bare", -1);
    try std.testing.expectEqual(@as(fd_t, -1), (try receive_message(pair[1], &buffer)).fd);
}

test "a descriptor for which there is no room is missed" {
    const credentials = @import("credentials.zig");
    const number_of_files = @intFromEnum(std.os.linux.rlimit_resource.NOFILE);
    var pair: [2]fd_t = undefined;
    try socketpair_seqpacket(&pair);
    defer close(pair[0]);
    defer close(pair[1]);
    try send_message(pair[0], "hello", pair[0]);
    const first_free = try descriptors.dup_at_least(pair[0], 0);
    close(first_free);
    var before: credentials.RLimit = undefined;
    try credentials.prlimit(0, number_of_files, null, &before);
    try credentials.prlimit(
        0,
        number_of_files,
        &.{ .soft = @intCast(first_free), .hard = before.hard },
        null,
    );
    var buffer: [16]u8 = undefined;
    const received = receive_message(pair[1], &buffer);
    try credentials.prlimit(0, number_of_files, &before, null);
    try std.testing.expectError(error.Sys, received);
    try std.testing.expect(kernel.is(.MFILE));
}

test "of two descriptors none is kept" {
    const Two = extern struct { len: usize = 24, level: i32 = 1, type: i32 = 1, fds: [2]fd_t };
    var pair: [2]fd_t = undefined;
    try socketpair_seqpacket(&pair);
    defer close(pair[0]);
    defer close(pair[1]);
    const iov: IoVec = .{ .base = @intFromPtr("two"), .len = 3 };
    const control: Two = .{ .fds = pair };
    const header: MsgHdr = .{
        .iov = @intFromPtr(&iov),
        .control = @intFromPtr(&control),
        .control_len = @sizeOf(Two),
    };
    _ = try retry(.sendmsg, .{ pair[0], &header, 0 });
    const first_free = try descriptors.dup_at_least(pair[0], 0);
    close(first_free);
    var buffer: [16]u8 = undefined;
    try std.testing.expectError(error.Sys, receive_message(pair[1], &buffer));
    try std.testing.expect(kernel.is(.MFILE));
    const next_free = try descriptors.dup_at_least(pair[0], 0);
    close(next_free);
    try std.testing.expectEqual(first_free, next_free);
}
