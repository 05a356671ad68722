//! The kernel's log, for what only it has: the system call for which a seccomp filter killed a process, and
//! who was killed for memory in a cgroup that is gone. Runs in the bunc process.

const std = @import("std");
const sys = @import("sys.zig");
const Call = @import("call.zig").Call;

pub const KernelLogRequest = struct {};

pub const KernelLogReply = struct {
    /// The last lines, as dmesg(1) --raw shows them; empty where this process may not read them.
    text: []const u8,
    /// The process ids in it are those of our pid namespace, which is the host's.
    pids_are_ours: bool,
};

/// Much more than a busy kernel writes in a second.
const bytes_max = 128 * 1024;

/// include/linux/proc_ns.h: PROC_PID_INIT_INO.
const initial_pid_namespace = "pid:[4026531836]";

/// syslog(2), which takes CAP_SYSLOG where kernel.dmesg_restrict is set. Nothing is taken out of the log.
pub fn kernel_log(call: *Call, _: KernelLogRequest) Call.Error!KernelLogReply {
    var buffer: [64]u8 = undefined;
    const namespace = sys.readlinkat(sys.AT.FDCWD, "/proc/self/ns/pid", &buffer) catch "";
    const text = try call.arena.alloc(u8, bytes_max);
    const read = sys.syslog_read_all(text) catch "";
    return .{ .text = read, .pids_are_ours = std.mem.eql(u8, namespace, initial_pid_namespace) };
}

test kernel_log {
    var arena: std.heap.ArenaAllocator = .init(std.testing.allocator);
    defer arena.deinit();
    var call: Call = .{ .arena = arena.allocator() };
    const reply = try kernel_log(&call, .{});
    // Without permission nothing is read; otherwise lines with their level.
    if (reply.text.len > 0) try std.testing.expect(std.mem.indexOfScalar(u8, reply.text, '<') != null);
}
