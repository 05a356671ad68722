//! Which system calls the kernel has, and a seccomp filter around bunc allows: for `doctor`. Each is called
//! with arguments that no kernel accepts, so that nothing happens. Runs in the bunc process.

const std = @import("std");
const linux = std.os.linux;
const sys = @import("sys.zig");
const Call = @import("call.zig").Call;

pub const ProbeRequest = struct {};

pub const ProbedCall = struct {
    name: []const u8,
    /// ENOSYS: the kernel does not have it. EPERM: a filter, or a missing privilege.
    errno: u16,
};

pub const ProbeReply = struct { calls: []const ProbedCall };

const bad: usize = std.math.maxInt(usize);

/// What bunc and bunc-init make use of and Linux before 5.14, or a container's filter, may not have. The
/// arguments are refused before anything else is looked at: a descriptor of -1, unknown flags, a size of 0.
const table = [_]struct { linux.SYS, [5]usize }{
    .{ .openat2, .{ bad, 0, 0, 0, 0 } },
    .{ .clone3, .{ 0, 0, 0, 0, 0 } },
    .{ .pidfd_open, .{ 0, 0, 0, 0, 0 } },
    .{ .pidfd_send_signal, .{ bad, 0, 0, bad, 0 } },
    .{ .close_range, .{ 1, 0, 0, 0, 0 } },
    .{ .open_tree, .{ bad, 0, bad, 0, 0 } },
    .{ .move_mount, .{ bad, 0, bad, 0, bad } },
    .{ .fsopen, .{ 0, bad, 0, 0, 0 } },
    .{ .fsconfig, .{ bad, 0, 0, 0, 0 } },
    .{ .fsmount, .{ bad, bad, bad, 0, 0 } },
    .{ .mount_setattr, .{ bad, 0, bad, 0, 0 } },
    .{ .memfd_create, .{ 0, bad, 0, 0, 0 } },
    .{ .execveat, .{ bad, 0, 0, 0, bad } },
    .{ .seccomp, .{ bad, 0, 0, 0, 0 } },
    .{ .bpf, .{ bad, 0, 0, 0, 0 } },
    .{ .keyctl, .{ bad, 0, 0, 0, 0 } },
};

pub fn host_probe(call: *Call, _: ProbeRequest) Call.Error!ProbeReply {
    const calls = try call.arena.alloc(ProbedCall, table.len);
    for (table, calls) |row, *probed| {
        const number, const arguments = row;
        const result = sys.backend.call(number, arguments);
        probed.* = .{ .name = @tagName(number), .errno = @intFromEnum(linux.errno(result)) };
    }
    return .{ .calls = calls };
}
