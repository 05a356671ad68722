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
        return calls[call.position][1];
    }
};

/// Null for a call that is never multiplexed.
pub fn find(id: NameId) ?Call {
    const position = positions[id];
    return if (position == none) null else .{ .position = position };
}

const Named = struct { []const u8, u8 };

const socket_calls = [_]Named{
    .{ "socket", 1 },    .{ "bind", 2 },        .{ "connect", 3 },     .{ "listen", 4 },
    .{ "accept", 5 },    .{ "getsockname", 6 }, .{ "getpeername", 7 }, .{ "socketpair", 8 },
    .{ "send", 9 },      .{ "recv", 10 },       .{ "sendto", 11 },     .{ "recvfrom", 12 },
    .{ "shutdown", 13 }, .{ "setsockopt", 14 }, .{ "getsockopt", 15 }, .{ "sendmsg", 16 },
    .{ "recvmsg", 17 },  .{ "accept4", 18 },    .{ "recvmmsg", 19 },   .{ "sendmmsg", 20 },
};

const ipc_calls = [_]Named{
    .{ "semop", 1 },   .{ "semget", 2 },  .{ "semctl", 3 },  .{ "semtimedop", 4 },
    .{ "msgsnd", 11 }, .{ "msgrcv", 12 }, .{ "msgget", 13 }, .{ "msgctl", 14 },
    .{ "shmat", 21 },  .{ "shmdt", 22 },  .{ "shmget", 23 }, .{ "shmctl", 24 },
};

const calls = socket_calls ++ ipc_calls;

const socketcall_id = syscall_table.find("socketcall").?;
const ipc_id = syscall_table.find("ipc").?;

const none = std.math.maxInt(u8);

const positions = blk: {
    @setEvalBranchQuota(100_000);
    var table: [syscall_table.name_count]u8 = @splat(none);
    for (calls, 0..) |call, position| table[syscall_table.find(call[0]).?] = position;
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
