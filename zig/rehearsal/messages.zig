//! The peers of the bunc process in a rehearsal: bunc-init (peer.zig), CRIU, and the kernel's rtnetlink.

const std = @import("std");
const sys = @import("../sys.zig");
const sync = @import("../sync.zig");
const netlink = @import("../netlink.zig");
const host_types = @import("host.zig");
const children = @import("children.zig");
const criu = @import("criu.zig");
const passing = @import("passing.zig");
const Host = host_types.Host;

/// recvmsg(2) on the channel: the length, 0 at its end.
pub fn receive(host: *Host, from: *const host_types.Descriptor, address: usize) usize {
    const header: *passing.Header = @ptrFromInt(address);
    const room = passing.packet_of(address);
    if (from.kind == .route) return answer_route(host, room);
    header.control_len = 0;
    if (in_flight_on(host, from.channel)) |sent| {
        passing.pass(host, header, sent.passes);
        @memcpy(room[0..sent.packet.len], sent.packet);
        return sent.packet.len;
    }
    if (host.criu_at(from.channel)) |session| return criu.receive(host, session, header, room);
    const peer = if (host.peer) |*it| it else host.get_stuck("recvmsg: nobody has the other end");
    while (true) {
        const process = host.children.find(peer.pid) orelse return 0;
        if (process.state != .running) return 0;
        switch (peer.turn()) {
            .tell => |message| {
                host.next_turn();
                peer.told = message;
                return deliver(host, header, room, message.kind, message.payload, message.passes);
            },
            .wait, .wait_mapped => |_, tag| {
                if (peer.heard == 0) host.get_stuck("recvmsg: bunc-init waits too");
                peer.heard -= 1;
                if (tag == .wait_mapped and !is_mapped(host, peer.pid)) {
                    host.get_stuck("bunc-init goes on without its id maps");
                }
                host.next_turn();
            },
            .become_child => {
                host.next_turn();
                const made = host.children.make();
                made.own_user_namespace = process.own_user_namespace;
                made.has_program = true;
                made.cgroups = process.cgroups.clone(host.arena) catch @panic("no memory");
                children.Children.end(process, 0);
                peer.pid = made.pid;
                return deliver(host, header, room, .child, &std.mem.toBytes(made.pid), "");
            },
            .execute => {
                host.next_turn();
                return 0;
            },
            .end => {
                host.next_turn();
                children.Children.end(process, 0);
                return 0;
            },
            .get_stuck => |why| host.get_stuck(why),
            .wait_for_start => {
                if (from.kind != .connection) host.get_stuck("recvmsg: bunc-init waits for start");
                host.next_turn();
            },
        }
    }
}

fn in_flight_on(host: *Host, channel: u32) ?host_types.InFlight {
    for (host.in_flight.items, 0..) |each, index| {
        if (each.channel == channel) return host.in_flight.orderedRemove(index);
    }
    return null;
}

fn is_mapped(host: *Host, pid: i32) bool {
    const peer = host.peer.?;
    inline for (.{ "uid_map", "gid_map" }) |name| {
        const wanted = @field(peer.plan.namespaces, name).len > 0;
        if (wanted and host.tree.find(host.print("/proc/{d}/" ++ name, .{pid})) == null) return false;
    }
    return true;
}

fn deliver(
    host: *Host,
    header: *passing.Header,
    room: []u8,
    kind: sync.Kind,
    payload: []const u8,
    passes: []const u8,
) usize {
    room[0] = @intFromEnum(kind);
    @memcpy(room[1..][0..payload.len], payload);
    if (passes.len > 0) passing.pass(host, header, host_types.Descriptor{ .kind = .passed, .path = passes });
    return 1 + payload.len;
}

pub fn ask_route(host: *Host, packet: []const u8) void {
    host.route = std.mem.readInt(u16, packet[4..6], .little);
    if (host.route != netlink.RTM_NEWLINK) return;
    // struct ifinfomsg: the flags, and which of them change. If none do, the device is moved.
    const flags = std.mem.readInt(u32, packet[24..28], .little);
    const change = std.mem.readInt(u32, packet[28..32], .little);
    host.device_is_up = change & netlink.IFF_UP == 0 or flags & netlink.IFF_UP != 0;
}

/// The device exists, and has no addresses.
fn answer_route(host: *Host, room: []u8) usize {
    @memset(room[0..32], 0);
    const kind: u16 = switch (host.route) {
        netlink.RTM_GETLINK => netlink.RTM_NEWLINK,
        netlink.RTM_GETADDR => netlink.NLMSG_DONE,
        else => netlink.NLMSG_ERROR,
    };
    std.mem.writeInt(u32, room[0..4], 32, .little);
    std.mem.writeInt(u16, room[4..6], kind, .little);
    // Index of the device, in struct ifinfomsg.
    if (kind == netlink.RTM_NEWLINK) std.mem.writeInt(i32, room[20..24], 2, .little);
    return 32;
}
