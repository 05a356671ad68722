//! A willing kernel's answers to calls of bunc-init about its own process: memory and credentials.

const std = @import("std");
const sys = @import("../sys.zig");
const words = @import("words.zig");
const Willing = @import("willing.zig").Willing;
const linux = std.os.linux;

const failed = words.failed;
pub const capability_last = 40;
const map_shared = 1;

pub fn map(kernel: *Willing, number: linux.SYS, a: [6]usize) usize {
    if (words.signed(a[4]) >= 0) {
        _ = kernel.at(number, a[4]);
        return @intFromPtr(kernel.encoded.ptr);
    }
    if (kernel.pages.len == 0) {
        // Untouched pages cost nothing.
        return @intFromPtr((std.heap.page_allocator.alloc(u8, a[1]) catch return failed(.NOMEM)).ptr);
    }
    const start = kernel.pages_used;
    if (a[3] & map_shared != 0) kernel.shared_page = @intFromPtr(kernel.pages.ptr) + start;
    kernel.pages_used = std.mem.alignForward(usize, start + a[1], std.heap.page_size_min);
    if (kernel.pages_used > kernel.pages.len) @panic("the rehearsal has too few pages");
    return @intFromPtr(kernel.pages.ptr) + start;
}

pub fn control(kernel: *Willing, a: [6]usize) usize {
    const get_no_new_privs = 39;
    switch (a[0]) {
        sys.PR.CAPBSET_READ, sys.PR.CAPBSET_DROP => {
            if (a[1] > capability_last) return failed(.INVAL);
            const bit = @as(u64, 1) << @intCast(a[1]);
            if (a[0] == sys.PR.CAPBSET_READ) return @intFromBool(kernel.bounding & bit != 0);
            kernel.bounding &= ~bit;
        },
        sys.PR.SET_NO_NEW_PRIVS => kernel.no_new_privs = true,
        get_no_new_privs => return @intFromBool(kernel.no_new_privs),
        sys.PR.CAP_AMBIENT => {
            if (a[1] == sys.PR.CAP_AMBIENT_RAISE and a[2] > capability_last) return failed(.INVAL);
        },
        else => {},
    }
    return 0;
}

/// The process that the child waits for has installed its filter in the meantime: init/seccomp.zig.
pub fn filter_parent(kernel: *Willing) usize {
    @as(*i32, @ptrFromInt(kernel.shared_page)).* = @intCast(kernel.open(3, .{ .kind = .filter }));
    return 0;
}

/// A session keyring with all permissions for its owner.
pub fn keyctl(a: [6]usize) usize {
    if (a[0] != sys.KEYCTL.DESCRIBE) return 5;
    const description = "keyring;0;0;3f130000;_ses\x00";
    @memcpy(words.bytes(a[2], a[3])[0..description.len], description);
    return description.len;
}
