//! Which process a pid belongs to now: proc_pid_stat(5). After a process has ended, its pid is reused; its
//! start time is not. Used in the bunc process and in bunc-init while it sees the host's /proc.

const std = @import("std");
const sys = @import("sys.zig");

/// Field 22 of /proc/pid/stat, in clock ticks since boot. ENOENT, ESRCH: no such process.
pub fn start_time(pid: i32) sys.Error!u64 {
    return (try read(pid)).start_time;
}

pub const ProcessStat = struct {
    /// "R", "S", "Z" …
    state: u8,
    /// Field 4; 0: it is in no pid namespace of ours.
    parent: i32,
    /// Clock ticks since boot: with the pid it names the process for good.
    start_time: u64,
    /// It has a program (field 23, vsize). One that ends gives its memory back before it closes its files.
    has_memory: bool,
};

pub fn read(pid: i32) sys.Error!ProcessStat {
    var path: [32]u8 = undefined;
    const file = std.fmt.bufPrint(&path, "/proc/{d}/stat", .{pid}) catch unreachable;
    const fd = try sys.open(file, sys.O.RDONLY);
    defer sys.close(fd);
    var buffer: [1024]u8 = undefined;
    // The kernel gives the line in one piece.
    return parse(buffer[0..try sys.read(fd, &buffer)]) orelse sys.fail(.INVAL);
}

/// The command name (field 2) may hold spaces and parentheses: the last ")" ends it.
fn parse(text: []const u8) ?ProcessStat {
    const name_end = std.mem.lastIndexOfScalar(u8, text, ')') orelse return null;
    var fields = std.mem.tokenizeScalar(u8, text[name_end + 1 ..], ' ');
    const state = fields.next() orelse return null;
    const parent = std.fmt.parseInt(i32, fields.next() orelse return null, 10) catch return null;
    var number: u32 = 5;
    while (fields.next()) |field| : (number += 1) {
        if (number == 22) {
            const ticks = std.fmt.parseInt(u64, field, 10) catch return null;
            const size = fields.next() orelse return null;
            return .{
                .state = state[0],
                .parent = parent,
                .start_time = ticks,
                .has_memory = !std.mem.eql(u8, size, "0"),
            };
        }
    }
    return null;
}

test "the command name cannot forge fields of stat" {
    const text = "42 (a) R 1 (b) Z) S 7 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 4711 4096 20";
    const stat = parse(text).?;
    try std.testing.expectEqual('S', stat.state);
    try std.testing.expectEqual(@as(i32, 7), stat.parent);
    try std.testing.expectEqual(@as(u64, 4711), stat.start_time);
    try std.testing.expect(stat.has_memory);
    try std.testing.expect(parse("42 (a R 1") == null);
    try std.testing.expect(parse("") == null);
}
