//! Both ends of sd_notify(3): a service in a container, and the service manager on the host.

const std = @import("std");
const linux = std.os.linux;
const json = @import("json.zig");
const actions = @import("actions.zig");
const descriptors = @import("consoles.zig");

/// `notify:PATH=MESSAGE`: sends the message as one datagram; "|" stands for a line break.
pub fn send(argument: [:0]const u8) void {
    const split = std.mem.indexOfScalar(u8, argument, '=') orelse return json.field("errno", "no =");
    const fd = linux.socket(linux.AF.UNIX, linux.SOCK.DGRAM | linux.SOCK.CLOEXEC, 0);
    if (linux.errno(fd) != .SUCCESS) return json.outcome(fd);
    defer _ = linux.close(@intCast(fd));
    const connected = connect(@intCast(fd), argument[0..split]);
    if (linux.errno(connected) != .SUCCESS) return json.outcome(connected);
    var message: [1024]u8 = undefined;
    const text = argument[split + 1 ..];
    for (text, message[0..text.len]) |from, *to| to.* = if (from == '|') '\n' else from;
    json.outcome(linux.write(@intCast(fd), &message, text.len));
}

fn connect(fd: i32, path: []const u8) usize {
    var address: linux.sockaddr.un = .{ .path = @splat(0) };
    @memcpy(address.path[0..path.len], path);
    return linux.connect(fd, &address, @sizeOf(linux.sockaddr.un));
}

/// `receive-notify:PATH`: listens there and prints `listening`, then each datagram as a line, until one is a
/// barrier, whose descriptor it closes by ending. "@NAME": an abstract socket.
pub fn receive(path: [:0]const u8) void {
    const rc = linux.socket(linux.AF.UNIX, linux.SOCK.DGRAM | linux.SOCK.CLOEXEC, 0);
    const listener: i32 = @intCast(rc);
    var address: linux.sockaddr.un = .{ .path = @splat(0) };
    @memcpy(address.path[0..path.len], path);
    const abstract = path[0] == '@';
    if (abstract) address.path[0] = 0;
    const length = 2 + path.len + @as(usize, if (abstract) 0 else 1);
    const bound = linux.bind(listener, @ptrCast(&address), @intCast(length));
    if (linux.errno(bound) != .SUCCESS) return json.outcome(bound);
    json.field("listening", true);
    print_object();
    while (true) {
        const fd = descriptors.receive_descriptor(listener);
        json.field("withDescriptor", fd != null);
        print_object();
        if (fd != null) return;
    }
}

fn print_object() void {
    actions.flush_open_object();
    json.begin_array();
    json.begin_object();
}
