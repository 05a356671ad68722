//! Kills a process with all its descendants. Used in the bunc process, whose /proc shows the pids that it
//! knows; in that of a container nothing is believed.

const std = @import("std");
const sys = @import("sys.zig");
const process_stat = @import("process_stat.zig");
const whole_file = @import("whole_file.zig");
const linux = std.os.linux;

const Member = struct { pid: i32, pidfd: sys.fd_t };

/// SIGKILL for a process and its descendants, without ourselves. They are stopped first, from the top down:
/// then none of them starts another, or reaps one and so gives its pid away, while they are looked for. A
/// `root` that is a child of ours is the caller's to reap.
pub fn kill(arena: std.mem.Allocator, root: i32, root_pidfd: sys.fd_t) void {
    var members: std.ArrayList(Member) = .empty;
    defer for (members.items, 0..) |member, index| {
        // ESRCH: it has ended by itself.
        sys.pidfd_send_signal(member.pidfd, signal_kill) catch {};
        if (index > 0) sys.close(member.pidfd);
    };
    members.append(arena, .{ .pid = root, .pidfd = root_pidfd }) catch {
        sys.pidfd_send_signal(root_pidfd, signal_kill) catch {};
        return;
    };
    if (!proc_is_ours()) return;
    var index: usize = 0;
    while (index < members.items.len) : (index += 1) {
        const member = members.items[index];
        stop(member);
        // Processes that are not found (no room, a kernel without these files) live on, as orphans.
        add_children(arena, member.pid, &members) catch {};
    }
}

const signal_kill = @intFromEnum(linux.SIG.KILL);

/// In another pid namespace, or a mount namespace with somebody else's /proc, the numbers are of other
/// processes.
fn proc_is_ours() bool {
    var buffer: [16]u8 = undefined;
    const name = sys.readlinkat(sys.AT.FDCWD, "/proc/self", &buffer) catch return false;
    const pid = std.fmt.parseInt(i32, name, 10) catch return false;
    return pid == sys.getpid();
}

fn stop(member: Member) void {
    sys.pidfd_send_signal(member.pidfd, @intFromEnum(linux.SIG.STOP)) catch return;
    // It stops on its way out of the kernel, which is soon, unless it waits there for a disk.
    for (0..50) |_| {
        const stat = process_stat.read(member.pid) catch return;
        if (stat.state != 'R' and stat.state != 'S' and stat.state != 'D') return;
        _ = sys.poll(&.{}, 1) catch return;
    }
}

fn add_children(arena: std.mem.Allocator, pid: i32, members: *std.ArrayList(Member)) !void {
    var path: [64]u8 = undefined;
    const tasks = try sys.open(
        try std.fmt.bufPrint(&path, "/proc/{d}/task", .{pid}),
        sys.O.RDONLY | sys.O.DIRECTORY,
    );
    defer sys.close(tasks);
    var buffer: [4096]u8 = undefined;
    while (true) {
        const bytes = try sys.getdents(tasks, &buffer);
        if (bytes.len == 0) return;
        var entries: sys.DirectoryEntries = .{ .bytes = bytes };
        while (entries.next()) |task| {
            const file = try std.fmt.bufPrint(&path, "{s}/children", .{task.name});
            const fd = try sys.openat(tasks, file, sys.O.RDONLY);
            defer sys.close(fd);
            try add_listed(arena, fd, pid, members);
        }
    }
}

/// proc_tid_children(5): pids, each with a space after it.
fn add_listed(arena: std.mem.Allocator, fd: sys.fd_t, parent: i32, members: *std.ArrayList(Member)) !void {
    const text = try whole_file.read(fd, std.math.maxInt(usize), arena);
    var pids = std.mem.tokenizeAny(u8, text, " \n");
    while (pids.next()) |digits| {
        const pid = try std.fmt.parseInt(i32, digits, 10);
        if (pid == sys.getpid()) continue;
        try members.ensureUnusedCapacity(arena, 1);
        const pidfd = sys.pidfd_open(pid) catch continue;
        // The pidfd is taken first and the parent checked after: the pid was not reused.
        const stat = process_stat.read(pid) catch null;
        if (stat != null and stat.?.parent == parent) {
            members.appendAssumeCapacity(.{ .pid = pid, .pidfd = pidfd });
        } else sys.close(pidfd);
    }
}
