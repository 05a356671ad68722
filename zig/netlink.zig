//! rtnetlink(7): move a network device of the host into the network namespace of a container, with its name
//! and its addresses. Used in two processes, because each half needs rights that the other lacks:
//!
//!   `detach` in the bunc process, in the host's namespace: take the device down, note its addresses, rename
//!            and move it in one request (no moment in which another device could have its name);
//!   `attach` in bunc-init, stage 2, in the container's namespace: add the addresses again (the kernel drops
//!            them with the move), bring the device up.
//!
//! The list of addresses between them has a fixed binary form: both ends are of the same build.

const std = @import("std");
const sys = @import("sys.zig");
const linux = std.os.linux;

const AF_NETLINK = 16;
const NETLINK_ROUTE = 0;
const SOCK_RAW = 3;

pub const RTM_NEWLINK = 16;
pub const RTM_GETLINK = 18;
const RTM_NEWADDR = 20;
pub const RTM_GETADDR = 22;
pub const NLMSG_ERROR = 2;
pub const NLMSG_DONE = 3;
const NLM_F_REQUEST = 0x1;
const NLM_F_ACK = 0x4;
const NLM_F_DUMP = 0x300;
const NLM_F_CREATE = 0x400;
const NLM_F_EXCL = 0x200;

const IFLA_IFNAME = 3;
const IFLA_NET_NS_PID = 19;
const IFA_ADDRESS = 1;
const IFA_LOCAL = 2;
const IFA_BROADCAST = 4;
const IFA_FLAGS = 8;
const IFA_F_PERMANENT = 0x80;
const IFA_F_NODAD = 0x02;
const IFA_F_NOPREFIXROUTE = 0x200;
const RT_SCOPE_UNIVERSE = 0;
pub const IFF_UP = 0x1;

const Header = extern struct { length: u32, type: u16, flags: u16, sequence: u32, port: u32 = 0 };
const LinkMessage = extern struct {
    family: u8 = 0,
    padding: u8 = 0,
    type: u16 = 0,
    index: i32,
    flags: u32 = 0,
    change: u32 = 0,
};
const AddressMessage =
    extern struct { family: u8, prefix_length: u8, flags: u8 = 0, scope: u8 = 0, index: u32 };
const Attribute = extern struct { length: u16, type: u16 };

/// IFNAMSIZ, with the terminating NUL.
pub const name_size_max = 16;

/// One address of a device, as RTM_NEWADDR wants it.
pub const Address = extern struct {
    family: u8,
    prefix_length: u8,
    /// IFA_LOCAL differs from IFA_ADDRESS on point-to-point devices.
    has_local: bool,
    has_broadcast: bool,
    flags: u32,
    address: [16]u8,
    local: [16]u8,
    broadcast: [16]u8,

    fn size(self: *const Address) usize {
        return if (self.family == linux.AF.INET) 4 else 16;
    }
};

/// So that the list fits one message of sync.zig.
pub const addresses_max = 64;

pub const Addresses = struct {
    items: [addresses_max]Address = undefined,
    count: usize = 0,

    pub fn bytes(self: *const Addresses) []const u8 {
        return std.mem.sliceAsBytes(self.items[0..self.count]);
    }

    /// null: not whole addresses, or too many.
    pub fn from_bytes(encoded: []const u8) ?Addresses {
        if (encoded.len % @sizeOf(Address) != 0) return null;
        const count = encoded.len / @sizeOf(Address);
        if (count > addresses_max) return null;
        var addresses: Addresses = .{ .count = count };
        @memcpy(std.mem.sliceAsBytes(addresses.items[0..count]), encoded);
        return addresses;
    }
};

/// Moves device `name` into the network namespace of process `pid` as `new_name`, and says which permanent
/// global addresses it had. ENODEV: no such device. EEXIST: the name is taken there. E2BIG: too many
/// addresses. After an error `sys.backend.failed_op` says which operation failed, here and below.
pub fn detach(name: []const u8, new_name: []const u8, pid: i32, addresses: *Addresses) sys.Error!void {
    sys.backend.failed_op = "socket(NETLINK_ROUTE)";
    const route = try Route.open();
    defer sys.close(route.fd);
    sys.backend.failed_op = "rtnetlink(RTM_GETLINK)";
    const index = try device_index(route, name);
    sys.backend.failed_op = "rtnetlink(RTM_GETADDR)";
    try list_addresses(route, index, addresses);
    // If it is not moved it stays on the host, and usable.
    errdefer {
        const errno = sys.backend.errno;
        set_up(route, index, true) catch {};
        sys.backend.errno = errno;
    }
    sys.backend.failed_op = "rtnetlink(RTM_NEWLINK, down)";
    try set_up(route, index, false);
    sys.backend.failed_op = "rtnetlink(RTM_NEWLINK, namespace)";
    var request: Request = .init(RTM_NEWLINK, NLM_F_ACK);
    request.add(LinkMessage{ .index = index });
    try request.attribute_name(new_name);
    request.attribute(IFLA_NET_NS_PID, std.mem.asBytes(&pid));
    try route.transact(&request);
}

/// In the namespace of the caller: EEXIST if a device has this name. To be asked before `detach`: the kernel
/// moves first and renames then, and a device whose renaming fails stays in a namespace that ends.
pub fn require_free(name: []const u8) sys.Error!void {
    sys.backend.failed_op = "socket(NETLINK_ROUTE)";
    const route = try Route.open();
    defer sys.close(route.fd);
    sys.backend.failed_op = "rtnetlink(RTM_GETLINK)";
    _ = device_index(route, name) catch {
        if (sys.is(.NODEV)) return;
        return error.Sys;
    };
    return sys.fail(.EXIST);
}

/// In the namespace of the caller: gives device `name` these addresses and brings it up.
pub fn attach(name: []const u8, addresses: *const Addresses) sys.Error!void {
    sys.backend.failed_op = "socket(NETLINK_ROUTE)";
    const route = try Route.open();
    defer sys.close(route.fd);
    sys.backend.failed_op = "rtnetlink(RTM_GETLINK)";
    const index = try device_index(route, name);
    sys.backend.failed_op = "rtnetlink(RTM_NEWADDR)";
    for (addresses.items[0..addresses.count]) |*address| {
        var request: Request = .init(RTM_NEWADDR, NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL);
        request.add(
            AddressMessage{
                .family = address.family,
                .prefix_length = address.prefix_length,
                .index = @intCast(index),
            },
        );
        request.attribute(IFA_ADDRESS, address.address[0..address.size()]);
        if (address.has_local) request.attribute(IFA_LOCAL, address.local[0..address.size()]);
        if (address.has_broadcast) request.attribute(IFA_BROADCAST, address.broadcast[0..address.size()]);
        request.attribute(IFA_FLAGS, std.mem.asBytes(&address.flags));
        try route.transact(&request);
    }
    sys.backend.failed_op = "rtnetlink(RTM_NEWLINK, up)";
    try set_up(route, index, true);
}

fn set_up(route: Route, index: i32, up: bool) sys.Error!void {
    var request: Request = .init(RTM_NEWLINK, NLM_F_ACK);
    request.add(LinkMessage{ .index = index, .flags = if (up) IFF_UP else 0, .change = IFF_UP });
    try route.transact(&request);
}

/// if_nametoindex(3).
fn device_index(route: Route, name: []const u8) sys.Error!i32 {
    var request: Request = .init(RTM_GETLINK, 0);
    request.add(LinkMessage{ .index = 0 });
    try request.attribute_name(name);
    try route.send(&request);
    var buffer: ReceiveBuffer = undefined;
    var messages: Messages = .{ .bytes = try route.receive(&buffer) };
    const message = messages.next() orelse return sys.fail(.PROTO);
    try check(message);
    const link = message.payload(LinkMessage) orelse return sys.fail(.PROTO);
    return link.index;
}

fn list_addresses(route: Route, index: i32, addresses: *Addresses) sys.Error!void {
    addresses.count = 0;
    var request: Request = .init(RTM_GETADDR, NLM_F_DUMP);
    request.add(AddressMessage{ .family = 0, .prefix_length = 0, .index = 0 });
    try route.send(&request);
    while (true) {
        var buffer: ReceiveBuffer = undefined;
        var messages: Messages = .{ .bytes = try route.receive(&buffer) };
        while (messages.next()) |message| {
            if (message.header.type == NLMSG_DONE) return;
            try check(message);
            const found = message.payload(AddressMessage) orelse return sys.fail(.PROTO);
            if (found.index != @as(u32, @intCast(index)) or found.scope != RT_SCOPE_UNIVERSE) continue;
            const address = parse_address(found, message.attributes(AddressMessage)) orelse continue;
            if (addresses.count == addresses_max) return sys.fail(.@"2BIG");
            addresses.items[addresses.count] = address;
            addresses.count += 1;
        }
    }
}

/// null: not set by hand (a lease or an autoconfigured address has no meaning elsewhere).
fn parse_address(found: AddressMessage, bytes: []const u8) ?Address {
    var address: Address = std.mem.zeroes(Address);
    address.family = found.family;
    address.prefix_length = found.prefix_length;
    if (found.family != linux.AF.INET and found.family != linux.AF.INET6) return null;
    const size = address.size();
    var flags: u32 = found.flags;
    var attributes: Attributes = .{ .bytes = bytes };
    while (attributes.next()) |attribute| switch (attribute.type) {
        IFA_ADDRESS => if (attribute.value.len == size) @memcpy(address.address[0..size], attribute.value),
        IFA_LOCAL => if (attribute.value.len == size) {
            address.has_local = true;
            @memcpy(address.local[0..size], attribute.value);
        },
        IFA_BROADCAST => if (attribute.value.len == size) {
            address.has_broadcast = true;
            @memcpy(address.broadcast[0..size], attribute.value);
        },
        IFA_FLAGS => if (attribute.value.len == 4) {
            flags = std.mem.readInt(u32, attribute.value[0..4], native);
        },
        else => {},
    };
    if (flags & IFA_F_PERMANENT == 0) return null;
    // What the kernel decides anew (tentative, dadfailed …) is not carried over.
    address.flags = flags & (IFA_F_NODAD | IFA_F_NOPREFIXROUTE);
    return address;
}

const native = @import("builtin").cpu.arch.endian();

const ReceiveBuffer = [32 * 1024]u8;

const Route = struct {
    fd: sys.fd_t,

    fn open() sys.Error!Route {
        return .{ .fd = try sys.socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE) };
    }

    /// Sends a request that is answered by an acknowledgement only.
    fn transact(self: Route, request: *Request) sys.Error!void {
        try self.send(request);
        var buffer: ReceiveBuffer = undefined;
        var messages: Messages = .{ .bytes = try self.receive(&buffer) };
        const answer = messages.next() orelse return sys.fail(.PROTO);
        if (answer.header.type != NLMSG_ERROR) return sys.fail(.PROTO);
        try check(answer);
    }

    /// An unconnected netlink socket sends to the kernel.
    fn send(self: Route, request: *Request) sys.Error!void {
        try sys.send_message(self.fd, request.finish(), -1);
    }

    fn receive(self: Route, buffer: *ReceiveBuffer) sys.Error![]const u8 {
        return (try sys.receive_message(self.fd, buffer)).bytes;
    }
};

/// An NLMSG_ERROR is the errno of the request, 0 for success.
fn check(message: Message) sys.Error!void {
    if (message.header.type != NLMSG_ERROR) return;
    const code = message.payload(i32) orelse return sys.fail(.PROTO);
    if (code != 0) return sys.fail(@enumFromInt(@as(u16, @intCast(-code))));
}

const Request = struct {
    /// The largest is RTM_NEWADDR with three IPv6 addresses: under 128 bytes.
    buffer: [256]u8 align(4) = @splat(0),
    length: usize = @sizeOf(Header),

    fn init(message_type: u16, flags: u16) Request {
        var request: Request = .{};
        const header: Header =
            .{ .length = 0, .type = message_type, .flags = flags | NLM_F_REQUEST, .sequence = 1 };
        @memcpy(request.buffer[0..@sizeOf(Header)], std.mem.asBytes(&header));
        return request;
    }

    fn add(self: *Request, value: anytype) void {
        self.append(std.mem.asBytes(&value));
    }

    fn attribute(self: *Request, kind: u16, value: []const u8) void {
        const header: Attribute = .{ .length = @intCast(@sizeOf(Attribute) + value.len), .type = kind };
        self.append(std.mem.asBytes(&header));
        self.append(value);
    }

    fn attribute_name(self: *Request, name: []const u8) sys.Error!void {
        if (name.len == 0 or name.len >= name_size_max) return sys.fail(.INVAL);
        var terminated: [name_size_max]u8 = @splat(0);
        @memcpy(terminated[0..name.len], name);
        self.attribute(IFLA_IFNAME, terminated[0 .. name.len + 1]);
    }

    fn append(self: *Request, bytes: []const u8) void {
        @memcpy(self.buffer[self.length..][0..bytes.len], bytes);
        self.length = std.mem.alignForward(usize, self.length + bytes.len, 4);
    }

    fn finish(self: *Request) []const u8 {
        const length: u32 = @intCast(self.length);
        @memcpy(self.buffer[0..4], std.mem.asBytes(&length));
        return self.buffer[0..self.length];
    }
};

const Message = struct {
    header: Header,
    body: []const u8,

    fn payload(self: Message, comptime T: type) ?T {
        if (self.body.len < @sizeOf(T)) return null;
        return std.mem.bytesToValue(T, self.body[0..@sizeOf(T)]);
    }

    fn attributes(self: Message, comptime T: type) []const u8 {
        return self.body[@min(@sizeOf(T), self.body.len)..];
    }
};

/// The messages of one packet; stops at the first that is not whole.
const Messages = struct {
    bytes: []const u8,

    fn next(self: *Messages) ?Message {
        if (self.bytes.len < @sizeOf(Header)) return null;
        const header = std.mem.bytesToValue(Header, self.bytes[0..@sizeOf(Header)]);
        if (header.length < @sizeOf(Header) or header.length > self.bytes.len) return null;
        const body = self.bytes[@sizeOf(Header)..header.length];
        self.bytes = self.bytes[@min(std.mem.alignForward(usize, header.length, 4), self.bytes.len)..];
        return .{ .header = header, .body = body };
    }
};

const Attributes = struct {
    bytes: []const u8,

    fn next(self: *Attributes) ?struct { type: u16, value: []const u8 } {
        if (self.bytes.len < @sizeOf(Attribute)) return null;
        const header = std.mem.bytesToValue(Attribute, self.bytes[0..@sizeOf(Attribute)]);
        if (header.length < @sizeOf(Attribute) or header.length > self.bytes.len) return null;
        const value = self.bytes[@sizeOf(Attribute)..header.length];
        self.bytes = self.bytes[@min(std.mem.alignForward(usize, header.length, 4), self.bytes.len)..];
        return .{ .type = header.type, .value = value };
    }
};

test "the list of addresses survives its binary form and fits a message" {
    var addresses: Addresses = .{ .count = 2 };
    for (addresses.items[0..2], 0..) |*item, index| {
        item.* = std.mem.zeroes(Address);
        item.family = linux.AF.INET6;
        item.address[15] = @intCast(index + 1);
    }
    const copy = Addresses.from_bytes(addresses.bytes()).?;
    try std.testing.expectEqual(2, copy.count);
    try std.testing.expectEqual(2, copy.items[1].address[15]);
    try std.testing.expectEqual(0, Addresses.from_bytes("").?.count);
    try std.testing.expectEqual(null, Addresses.from_bytes("x"));
    const too_many: [(addresses_max + 1) * @sizeOf(Address)]u8 = @splat(0);
    try std.testing.expectEqual(null, Addresses.from_bytes(&too_many));
    try std.testing.expect(addresses_max * @sizeOf(Address) < @import("sync.zig").size_max);
}

test "broken packets end, they do not overrun" {
    const header: Header = .{ .length = 16, .type = NLMSG_DONE, .flags = 0, .sequence = 0 };
    var packet: [24]u8 = @splat(0);
    @memcpy(packet[0..16], std.mem.asBytes(&header));
    const cases = [_]struct { length: u32, cut: usize, messages: usize }{
        .{ .length = 16, .cut = 24, .messages = 1 },
        .{ .length = 16, .cut = 15, .messages = 0 },
        .{ .length = 8, .cut = 24, .messages = 0 },
        .{ .length = 25, .cut = 24, .messages = 0 },
        .{ .length = 23, .cut = 24, .messages = 1 },
    };
    for (cases) |case| {
        @memcpy(packet[0..4], std.mem.asBytes(&case.length));
        var messages: Messages = .{ .bytes = packet[0..case.cut] };
        var count: usize = 0;
        while (messages.next()) |_| count += 1;
        try std.testing.expectEqual(case.messages, count);
    }
}
