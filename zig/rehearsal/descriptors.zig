//! Descriptor calls that both kernels of a rehearsal answer alike. `kernel` has the table `descriptors`, the
//! last entry of which stands for any descriptor that is not open, and `stray`, the call that used one.

const sys = @import("../sys.zig");
const words = @import("words.zig");
const linux = @import("std").os.linux;

fn DescriptorOf(Kernel: type) type {
    return @typeInfo(@FieldType(Kernel, "descriptors")).array.child;
}

pub fn of(kernel: anytype, fd: i32) ?*const DescriptorOf(@TypeOf(kernel.*)) {
    if (fd < 0 or fd >= kernel.descriptors.len) return null;
    return &kernel.descriptors[@intCast(fd)];
}

pub fn open(kernel: anytype, minimum: usize, new: DescriptorOf(@TypeOf(kernel.*))) usize {
    for (kernel.descriptors[minimum..], minimum..) |*slot, number| {
        if (slot.kind != .closed) continue;
        slot.* = new;
        return number;
    }
    @panic("the rehearsal has too few descriptors");
}

pub fn at(kernel: anytype, number: linux.SYS, word: usize) *DescriptorOf(@TypeOf(kernel.*)) {
    const fd = words.signed(word);
    if (fd >= 0 and fd < kernel.descriptors.len) {
        const found = &kernel.descriptors[@intCast(fd)];
        if (found.kind != .closed) return found;
    }
    kernel.stray = kernel.stray orelse number;
    return &kernel.descriptors[kernel.descriptors.len - 1];
}

/// close_range(2)
pub fn close_range(kernel: anytype, first: usize, last: usize) usize {
    const count = kernel.descriptors.len;
    for (kernel.descriptors[@min(first, count)..@min(last +| 1, count)]) |*each| each.* = .{};
    return 0;
}

/// dup3(2)
pub fn duplicate(kernel: anytype, number: linux.SYS, a: [6]usize) usize {
    var copy = kernel.at(number, a[0]).*;
    copy.cloexec = a[2] & sys.O.CLOEXEC != 0;
    kernel.descriptors[a[1]] = copy;
    return a[1];
}

/// pipe2(2)
pub fn pipe(kernel: anytype, address: usize) usize {
    const pair: *[2]i32 = @ptrFromInt(address);
    for (pair) |*fd| fd.* = @intCast(kernel.open(3, .{ .kind = .pipe }));
    return 0;
}

/// fcntl(2)
pub fn control(kernel: anytype, number: linux.SYS, a: [6]usize) usize {
    const fd = kernel.at(number, a[0]);
    switch (a[1]) {
        linux.F.DUPFD_CLOEXEC => {
            var copy = fd.*;
            copy.cloexec = true;
            return kernel.open(a[2], copy);
        },
        linux.F.SETFD => fd.cloexec = a[2] & linux.FD_CLOEXEC != 0,
        else => {},
    }
    return 0;
}
