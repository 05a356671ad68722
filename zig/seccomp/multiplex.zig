//! System calls that some 32-bit (and two 64-bit) architectures offer through
//! one entry, socketcall(2) or ipc(2), whose first argument says which call is
//! meant: linux/net.h (SYS_SOCKET …) and linux/ipc.h (SEMOP …).
//!
//! Runs in the library (process `bunc`); pure, tables made at compile time.

const std = @import("std");
const syscall_table = @import("syscall_table.zig");
const NameId = syscall_table.NameId;

pub const Call = struct {
    position: u8,

    /// The system call that multiplexes.
    pub fn entry(call: Call) NameId {
        return if (call.position < socket_calls.len) socketcall_id else ipc_id;
    }

    /// The value of its first argument.
    pub fn number(call: Call) u64 {
        return calls[call.position].number;
    }
};

/// Null for a call that is never multiplexed.
pub fn find(id: NameId) ?Call {
    const position = positions[id];
    return if (position == none) null else .{ .position = position };
}

const Named = struct { name: []const u8, number: u8 };

const socket_calls = [_]Named{
    .{ .name = "socket", .number = 1 },
    .{ .name = "bind", .number = 2 },
    .{ .name = "connect", .number = 3 },
    .{ .name = "listen", .number = 4 },
    .{ .name = "accept", .number = 5 },
    .{ .name = "getsockname", .number = 6 },
    .{ .name = "getpeername", .number = 7 },
    .{ .name = "socketpair", .number = 8 },
    .{ .name = "send", .number = 9 },
    .{ .name = "recv", .number = 10 },
    .{ .name = "sendto", .number = 11 },
    .{ .name = "recvfrom", .number = 12 },
    .{ .name = "shutdown", .number = 13 },
    .{ .name = "setsockopt", .number = 14 },
    .{ .name = "getsockopt", .number = 15 },
    .{ .name = "sendmsg", .number = 16 },
    .{ .name = "recvmsg", .number = 17 },
    .{ .name = "accept4", .number = 18 },
    .{ .name = "recvmmsg", .number = 19 },
    .{ .name = "sendmmsg", .number = 20 },
};

const ipc_calls = [_]Named{
    .{ .name = "semop", .number = 1 },
    .{ .name = "semget", .number = 2 },
    .{ .name = "semctl", .number = 3 },
    .{ .name = "semtimedop", .number = 4 },
    .{ .name = "msgsnd", .number = 11 },
    .{ .name = "msgrcv", .number = 12 },
    .{ .name = "msgget", .number = 13 },
    .{ .name = "msgctl", .number = 14 },
    .{ .name = "shmat", .number = 21 },
    .{ .name = "shmdt", .number = 22 },
    .{ .name = "shmget", .number = 23 },
    .{ .name = "shmctl", .number = 24 },
};

const calls = socket_calls ++ ipc_calls;

const socketcall_id = syscall_table.find("socketcall").?;
const ipc_id = syscall_table.find("ipc").?;

const none = std.math.maxInt(u8);

const positions = blk: {
    @setEvalBranchQuota(100_000);
    var table: [syscall_table.name_count]u8 = @splat(none);
    for (calls, 0..) |call, position| table[syscall_table.find(call.name).?] = position;
    break :blk table;
};

test "numbers and entries" {
    const testing = std.testing;
    const socket = find(syscall_table.find("socket").?).?;
    try testing.expectEqual(1, socket.number());
    try testing.expectEqualStrings("socketcall", syscall_table.name(socket.entry()));
    const shmctl = find(syscall_table.find("shmctl").?).?;
    try testing.expectEqual(24, shmctl.number());
    try testing.expectEqualStrings("ipc", syscall_table.name(shmctl.entry()));
    try testing.expectEqual(null, find(syscall_table.find("read").?));
}
