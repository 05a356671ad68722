//! The other end of `--console-socket`, run on the host: takes the pty master that the runtime sends.

const std = @import("std");
const linux = std.os.linux;
const json = @import("json.zig");
const actions = @import("actions.zig");

/// `receive-console:PATH`: listens there and prints `listening`; after a runtime has connected prints the
/// message's text and what the descriptor is, then copies standard input to the terminal and the terminal to
/// standard output until the terminal is hung up.
pub fn receive(path: [:0]const u8) void {
    const listener = linux.socket(linux.AF.UNIX, linux.SOCK.STREAM | linux.SOCK.CLOEXEC, 0);
    var address: linux.sockaddr.un = .{ .path = @splat(0) };
    @memcpy(address.path[0..path.len], path);
    const bound = linux.bind(@intCast(listener), @ptrCast(&address), @intCast(2 + path.len + 1));
    if (linux.errno(bound) != .SUCCESS) return json.outcome(bound);
    _ = linux.listen(@intCast(listener), 1);
    json.field("listening", true);
    print_object();

    const connection = linux.accept4(@intCast(listener), null, null, linux.SOCK.CLOEXEC);
    if (linux.errno(connection) != .SUCCESS) return json.outcome(connection);
    const master = receive_descriptor(@intCast(connection)) orelse return;
    _ = linux.close(@intCast(connection));
    describe(master);
    print_object();
    relay(master);
}

fn print_object() void {
    actions.flush_open_object();
    json.begin_array();
    json.begin_object();
}

/// Receives one message, reports its text, and gives the descriptor that came with it.
pub fn receive_descriptor(connection: i32) ?i32 {
    const Control = extern struct { length: usize, level: i32, type: i32, fd: i32, padding: i32 };
    var control: Control = std.mem.zeroes(Control);
    var text: [4096]u8 = undefined;
    var part: [1]std.posix.iovec = .{.{ .base = &text, .len = text.len }};
    var message: linux.msghdr = .{
        .name = null,
        .namelen = 0,
        .iov = &part,
        .iovlen = 1,
        .control = &control,
        .controllen = @sizeOf(Control),
        .flags = 0,
    };
    const length = linux.recvmsg(connection, &message, 0x40000000);
    json.outcome(length);
    if (linux.errno(length) != .SUCCESS) return null;
    json.field("text", text[0..length]);
    const scm_rights = 1;
    if (control.level != linux.SOL.SOCKET or control.type != scm_rights) return null;
    return control.fd;
}

fn describe(master: i32) void {
    var path: [32]u8 = undefined;
    const link = std.fmt.bufPrintZ(&path, "/proc/self/fd/{d}", .{master}) catch unreachable;
    var target: [256]u8 = undefined;
    const length = linux.readlinkat(linux.AT.FDCWD, link, &target, target.len);
    if (linux.errno(length) == .SUCCESS) json.field("target", target[0..length]);
    var size: [4]u16 = @splat(0);
    const rc = linux.ioctl(master, linux.T.IOCGWINSZ, @intFromPtr(&size));
    json.field("isTerminal", linux.errno(rc) == .SUCCESS);
    json.field("rows", size[0]);
    json.field("columns", size[1]);
}

fn relay(master: i32) void {
    const Poll = extern struct { fd: i32, events: i16, revents: i16 };
    const poll_in = 1;
    var polls = [_]Poll{
        .{ .fd = 0, .events = poll_in, .revents = 0 },
        .{ .fd = master, .events = poll_in, .revents = 0 },
    };
    var buffer: [4096]u8 = undefined;
    while (true) {
        _ = linux.syscall5(.ppoll, @intFromPtr(&polls), polls.len, 0, 0, 8);
        if (polls[1].revents != 0) {
            const length = linux.read(master, &buffer, buffer.len);
            // EIO: the last holder of the other end is gone.
            if (linux.errno(length) != .SUCCESS or length == 0) return;
            _ = linux.write(1, &buffer, length);
        }
        if (polls[0].revents != 0) {
            const length = linux.read(0, &buffer, buffer.len);
            if (linux.errno(length) != .SUCCESS or length == 0) {
                polls[0].fd = -1;
            } else {
                _ = linux.write(master, &buffer, length);
            }
        }
    }
}
