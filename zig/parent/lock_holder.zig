//! The process that holds the lock of a container's directory, and its end. Runs in the bunc process.

const std = @import("std");
const sys = @import("../sys.zig");
const files = @import("../files.zig");
const process_tree = @import("../process_tree.zig");
const Call = @import("../call.zig").Call;

pub const EndLockHolderReply = struct {
    /// False: nobody holds the lock, or nobody whom we can see.
    ended: bool,
};

/// SIGKILL for the process that holds the lock of a directory (`lock_directory`), and for its descendants: a
/// hook, CRIU. Not for ourselves, who may be one of them.
pub fn end_lock_holder(call: *Call, request: files.PathRequest) Call.Error!EndLockHolderReply {
    const directory = sys.statx(sys.AT.FDCWD, request.path, 0) catch {
        if (sys.is(.NOENT)) return .{ .ended = false };
        return call.fail("stat", request.path);
    };
    var holders = try Holders.read(call, directory.inode);
    while (holders.next()) |pid| {
        const pidfd = sys.pidfd_open(pid) catch {
            if (sys.is_no_process()) continue;
            return call.fail("pidfd_open", request.path);
        };
        defer sys.close(pidfd);
        // The pidfd is taken first, and the lock looked at after: the pid was not reused.
        var now = try Holders.read(call, directory.inode);
        if (!now.have(pid) or !has_open(call, pid, directory)) continue;
        process_tree.kill(call.arena, pid, pidfd);
        return .{ .ended = true };
    }
    return .{ .ended = false };
}

/// proc_locks(5): the processes that hold a flock(2) of a file with this inode number.
const Holders = struct {
    lines: std.mem.TokenIterator(u8, .scalar),
    inode: u64,

    fn read(call: *Call, inode: u64) Call.Error!Holders {
        const file = try files.read_host_file(call, .{ .path = "/proc/locks" });
        return .{ .lines = std.mem.tokenizeScalar(u8, file.text, '\n'), .inode = inode };
    }

    fn next(self: *Holders) ?i32 {
        while (self.lines.next()) |line| {
            if (holder(line, self.inode)) |pid| return pid;
        }
        return null;
    }

    fn have(self: *Holders, wanted: i32) bool {
        while (self.next()) |pid| {
            if (pid == wanted) return true;
        }
        return false;
    }
};

/// "1: FLOCK  ADVISORY  WRITE 4711 00:1a:42 0 EOF". One that waits has "->" before its kind. The device is
/// not compared: btrfs names another one here than stat(2).
fn holder(line: []const u8, inode: u64) ?i32 {
    var words = std.mem.tokenizeScalar(u8, line, ' ');
    _ = words.next() orelse return null;
    if (!std.mem.eql(u8, words.next() orelse return null, "FLOCK")) return null;
    _ = words.next() orelse return null;
    _ = words.next() orelse return null;
    const pid = std.fmt.parseInt(i32, words.next() orelse return null, 10) catch return null;
    const file = words.next() orelse return null;
    const last = std.mem.lastIndexOfScalar(u8, file, ':') orelse return null;
    const found = std.fmt.parseInt(u64, file[last + 1 ..], 10) catch return null;
    // 0 and -1: of another pid namespace, or of nobody.
    return if (found == inode and pid > 0) pid else null;
}

/// Whether one of its descriptors is that directory: the number alone may be a file's of another file system.
fn has_open(call: *Call, pid: i32, directory: sys.Stat) bool {
    const path = std.fmt.allocPrint(call.arena, "/proc/{d}/fd", .{pid}) catch return false;
    const descriptors = sys.open(path, sys.O.RDONLY | sys.O.DIRECTORY) catch return false;
    defer sys.close(descriptors);
    var buffer: [4096]u8 = undefined;
    while (true) {
        const bytes = sys.getdents(descriptors, &buffer) catch return false;
        if (bytes.len == 0) return false;
        var entries: sys.DirectoryEntries = .{ .bytes = bytes };
        while (entries.next()) |entry| {
            const open = sys.statx(descriptors, entry.name, 0) catch continue;
            if (open.is_file(directory)) return true;
        }
    }
}

test holder {
    const Case = struct { []const u8, ?i32 };
    for ([_]Case{
        .{ "1: FLOCK  ADVISORY  WRITE 4711 00:1a:42 0 EOF", 4711 },
        .{ "12: FLOCK  ADVISORY  WRITE 4711 fe:00:42 0 EOF", 4711 },
        .{ "1: FLOCK  ADVISORY  WRITE 4711 00:1a:43 0 EOF", null },
        .{ "1: -> FLOCK  ADVISORY  WRITE 4711 00:1a:42 0 EOF", null },
        .{ "1: POSIX  ADVISORY  WRITE 4711 00:1a:42 0 EOF", null },
        .{ "1: FLOCK  ADVISORY  WRITE 0 00:1a:42 0 EOF", null },
        .{ "1: OFDLCK ADVISORY  WRITE -1 00:1a:42 0 EOF", null },
        .{ "1: FLOCK", null },
        .{ "", null },
    }) |case| try std.testing.expectEqual(case[1], holder(case[0], 42));
}
