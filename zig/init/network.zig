//! The network namespace of the container: its loopback device, and devices of the host that are moved into
//! it. Runs in bunc-init, stage 2, with CAP_NET_ADMIN in that namespace.

const std = @import("std");
const sys = @import("../sys.zig");
const sync = @import("../sync.zig");
const netlink = @import("../netlink.zig");
const plan = @import("../plan.zig");
const Context = @import("context.zig").Context;

const SIOCGIFFLAGS = 0x8913;
const SIOCSIFFLAGS = 0x8914;
const IFF_UP = 0x1;

/// struct ifreq of netdevice(7), as far as the flags.
const InterfaceRequest = extern struct { name: [16]u8, flags: i16, padding: [22]u8 = @splat(0) };

pub fn loopback_up(context: *Context, _: plan.Empty) Context.Failed!void {
    const socket = sys.unix_socket(sys.SOCK_DGRAM) catch return context.fail("socket", "");
    defer sys.close(socket);
    var request: InterfaceRequest = .{ .name = @splat(0), .flags = 0 };
    @memcpy(request.name[0..2], "lo");
    _ = sys.ioctl(socket, SIOCGIFFLAGS, @intFromPtr(&request)) catch
        return context.fail("ioctl(SIOCGIFFLAGS)", "lo");
    request.flags |= IFF_UP;
    _ = sys.ioctl(socket, SIOCSIFFLAGS, @intFromPtr(&request)) catch
        return context.fail("ioctl(SIOCSIFFLAGS)", "lo");
}

/// The parent, who has the host's rights, moves the device here when it is asked to, and answers with its
/// addresses; what is left to do is this side's.
pub fn network_device(context: *Context, op: plan.NetworkDevice) Context.Failed!void {
    var names: [2 * netlink.name_size_max]u8 = undefined;
    const question = std.fmt.bufPrint(&names, "{s}/{s}", .{ op.name, op.new_name }) catch
        return context.fail_as(.limit, "rtnetlink", op.name, "the device's name is longer than 15 bytes");
    netlink.require_free(op.new_name) catch {
        const detail = if (sys.is(.EXIST))
            "the container's network namespace has a device of that name"
        else
            "";
        return context.fail_as(.system, sys.backend.failed_op, op.new_name, detail);
    };
    try context.tell(.network_device, question, -1);
    var buffer: [sync.size_max]u8 = undefined;
    const answer = try context.receive(&buffer);
    if (answer.kind != .proceed) return context.fail_as(.protocol, "receive", @tagName(answer.kind), "");
    const addresses = netlink.Addresses.from_bytes(answer.payload) orelse
        return context.fail_as(.protocol, "receive", "addresses", "");
    netlink.attach(op.new_name, &addresses) catch return context.fail(sys.backend.failed_op, op.new_name);
}
