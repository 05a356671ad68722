//! The peers of bunc-init in a rehearsal: its parent, `start`, the kernel's rtnetlink.

const std = @import("std");
const sys = @import("../sys.zig");
const sync = @import("../sync.zig");
const failure = @import("../failure.zig");
const netlink = @import("../netlink.zig");
const willing = @import("willing.zig");
const passing = @import("passing.zig");

pub const Talk = struct {
    last: ?sync.Kind = null,
    /// In the order in which they came.
    kinds: [64]sync.Kind = undefined,
    count: usize = 0,
    /// The record that bunc-init sent.
    failure: ?failure.Failure = null,
    record: [sync.size_max]u8 = undefined,
    after_failure: bool = false,
    /// Where packets are stored; null if they are not.
    arena: ?std.mem.Allocator = null,
    packets: std.ArrayList([]const u8) = .empty,
    asked_links: u32 = 0,
    route: u16 = 0,

    pub fn has(self: *const Talk, kind: sync.Kind) bool {
        return std.mem.indexOfScalar(sync.Kind, self.kinds[0..self.count], kind) != null;
    }

    pub fn told(self: *Talk, packet: []const u8) void {
        const kind = std.enums.fromInt(sync.Kind, packet[0]) orelse @panic("not a message of sync.zig");
        if (self.arena) |arena| self.packets.append(
            arena,
            arena.dupe(u8, packet) catch @panic("no memory"),
        ) catch @panic("no memory");
        if (kind == .trace) return;
        if (self.failure != null) self.after_failure = true;
        self.last = kind;
        if (self.count < self.kinds.len) {
            self.kinds[self.count] = kind;
            self.count += 1;
        }
        if (kind != .failure) return;
        @memcpy(self.record[0 .. packet.len - 1], packet[1..]);
        const payload = self.record[0 .. packet.len - 1];
        self.failure = sync.decode(failure.Failure, payload) orelse @panic("not a failure");
    }

    pub fn send(self: *Talk, to: *const willing.Descriptor, address: usize) usize {
        const packet = passing.packet_of(address);
        switch (to.kind) {
            .channel, .connection => self.told(packet),
            .route => self.route = std.mem.readInt(u16, packet[4..6], .little),
            else => {},
        }
        return packet.len;
    }

    pub fn receive(
        self: *Talk,
        kernel: *willing.Willing,
        from: *const willing.Descriptor,
        address: usize,
    ) usize {
        const room = passing.packet_of(address);
        const header: *passing.Header = @ptrFromInt(address);
        switch (from.kind) {
            .route => return self.answer_route(room),
            .pair => {
                passing.pass(kernel, header, willing.Descriptor{ .kind = .file, .path = "namespace" });
                room[0] = 'n';
                return 1;
            },
            else => {},
        }
        // A connection from `start` without --debug.
        room[0] = @intFromEnum(sync.Kind.proceed);
        header.control_len = 0;
        switch (self.last orelse return 1) {
            .source => {
                room[0] = @intFromEnum(sync.Kind.source);
                passing.pass(kernel, header, willing.Descriptor{ .kind = .mount, .path = "source" });
            },
            .network_device => {
                var address_list: netlink.Addresses = .{ .count = 1 };
                address_list.items[0] = std.mem.zeroes(netlink.Address);
                address_list.items[0].family = std.os.linux.AF.INET;
                const list = address_list.bytes();
                @memcpy(room[1..][0..list.len], list);
                self.last = null;
                return 1 + list.len;
            },
            else => {},
        }
        return 1;
    }

    /// Before the device is moved, no other has its name.
    fn answer_route(self: *Talk, room: []u8) usize {
        const is_question = self.route == netlink.RTM_GETLINK;
        if (is_question) self.asked_links += 1;
        const is_missing = is_question and self.asked_links % 2 == 1;
        @memset(room[0..32], 0);
        const payload: i32 = if (is_missing) -@as(i32, @intFromEnum(sys.E.NODEV)) else 0;
        const kind: u16 = if (is_question and !is_missing) netlink.RTM_NEWLINK else netlink.NLMSG_ERROR;
        std.mem.writeInt(u32, room[0..4], 32, .little);
        std.mem.writeInt(u16, room[4..6], kind, .little);
        if (kind == netlink.NLMSG_ERROR) {
            std.mem.writeInt(i32, room[16..20], payload, .little);
        } else {
            // Index of the device, in struct ifinfomsg.
            std.mem.writeInt(i32, room[20..24], 2, .little);
        }
        return 32;
    }
};
