//! Messages that carry a descriptor, in the memory layout of sendmsg(2) and recvmsg(2) (sys/sockets.zig).

const words = @import("words.zig");

const IoVec = extern struct { base: usize, len: usize };
pub const Header = extern struct {
    name: usize,
    name_len: u32,
    iov: usize,
    iov_len: usize,
    control: usize,
    control_len: usize,
    flags: u32,
};
const Control = extern struct { len: usize, level: i32, type: i32, fd: i32, padding: u32 };

const scm_rights_size = 20;
const msg_ctrunc = 8;

pub fn packet_of(address: usize) []u8 {
    const header: *const Header = @ptrFromInt(address);
    const vector: *const IoVec = @ptrFromInt(header.iov);
    return words.bytes(vector.base, vector.len);
}

/// The descriptor that is sent with a message.
pub fn descriptor_of(address: usize) i32 {
    const header: *const Header = @ptrFromInt(address);
    return @as(*const Control, @ptrFromInt(header.control)).fd;
}

/// Adds this descriptor to a received message.
pub fn pass(kernel: anytype, header: *Header, what: anytype) void {
    const control: *Control = @ptrFromInt(header.control);
    const fd: i32 = @intCast(kernel.open(3, what));
    control.* = .{ .len = scm_rights_size, .level = 1, .type = 1, .fd = fd, .padding = 0 };
    header.control_len = @sizeOf(Control);
}

/// Drops the received descriptor because there is no room for it, and sets MSG_CTRUNC: unix(7). False if
/// there was none.
pub fn lose(kernel: anytype, address: usize) bool {
    const header: *Header = @ptrFromInt(address);
    if (header.control_len == 0) return false;
    const control: *Control = @ptrFromInt(header.control);
    if (control.len != scm_rights_size) return false;
    kernel.descriptors[@intCast(control.fd)] = .{};
    control.* = .{ .len = 0, .level = 0, .type = 0, .fd = -1, .padding = 0 };
    header.control_len = 0;
    header.flags |= msg_ctrunc;
    return true;
}
