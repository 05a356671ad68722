//! Processes and namespaces: clone3(2), setns(2), pidfd_open(2), wait4(2), execve(2), mmap(2), and the end of
//! this one.

const std = @import("std");
const kernel = @import("kernel.zig");
const linux = std.os.linux;

const CloneArgs = kernel.CloneArgs;
const Error = kernel.Error;
const call = kernel.call;
const call_fd = kernel.call_fd;
const fd_t = kernel.fd_t;
const is = kernel.is;
const raw = kernel.raw;
const retry = kernel.retry;

/// clone3(2) as fork(2): the child continues here with 0. Not with CLONE_VM, which wants another stack.
pub fn clone3_fork(args: *const CloneArgs) Error!i32 {
    std.debug.assert(args.flags & linux.CLONE.VM == 0);
    return @intCast(try call(.clone3, .{ args, @sizeOf(CloneArgs) }));
}

pub fn unshare(flags: u32) Error!void {
    _ = try call(.unshare, .{flags});
}

pub fn setns(fd: fd_t, flags: u32) Error!void {
    _ = try call(.setns, .{ fd, flags });
}

pub fn pidfd_open(pid: i32) Error!fd_t {
    return call_fd(.pidfd_open, .{ pid, 0 });
}

/// After pidfd_open(2) failed: there is no such process (any more). Kernels before 6.9 say EINVAL for one
/// that is just being reaped.
pub fn is_no_process() bool {
    return is(.SRCH) or is(.INVAL);
}

pub fn pidfd_send_signal(pidfd: fd_t, signal: u32) Error!void {
    _ = try call(.pidfd_send_signal, .{ pidfd, signal, 0, 0 });
}

/// kill(2): for a pid that cannot be another process's meanwhile.
pub fn kill(pid: i32, signal: u32) Error!void {
    _ = try call(.kill, .{ pid, signal });
}

/// wait4(2). → how it ended; 0 with WNOHANG when it has not.
pub fn wait4(pid: i32, options: u32) Error!u32 {
    var status: u32 = 0;
    _ = try retry(.wait4, .{ pid, &status, options, 0 });
    return status;
}

/// wait4(2) for a child of which nothing more is to be known.
pub fn reap(pid: i32) void {
    _ = wait4(pid, 0) catch {};
}

pub fn execveat(
    dir: fd_t,
    path: []const u8,
    args: [*:null]const ?[*:0]const u8,
    env: [*:null]const ?[*:0]const u8,
    flags: u32,
) Error!void {
    _ = try call(.execveat, .{ dir, path, args, env, flags });
}

pub fn getpid() i32 {
    return @bitCast(@as(u32, @truncate(raw(.getpid, .{}))));
}

pub fn setsid() Error!void {
    _ = try call(.setsid, .{});
}

pub fn umask(mask: u32) u32 {
    return @truncate(raw(.umask, .{mask}));
}

pub fn execve(
    path: []const u8,
    args: [*:null]const ?[*:0]const u8,
    env: [*:null]const ?[*:0]const u8,
) Error!void {
    _ = try call(.execve, .{ path, args, env });
}

/// syslog(2), SYSLOG_ACTION_READ_ALL: the last bytes of the kernel's log that fit, which stay in it.
pub fn syslog_read_all(buffer: []u8) Error![]u8 {
    const read_all = 3;
    const length = try call(.syslog, .{ read_all, buffer.ptr, buffer.len });
    return buffer[0..length];
}

pub fn sethostname(name: []const u8) Error!void {
    _ = try call(.sethostname, .{ name.ptr, name.len });
}

pub fn setdomainname(name: []const u8) Error!void {
    _ = try call(.setdomainname, .{ name.ptr, name.len });
}

/// The process's system call filter may refuse each of these: then the next one, and in the end what needs no
/// call.
pub fn exit(status: u8) noreturn {
    _ = raw(.exit_group, .{status});
    _ = raw(.exit, .{status});
    // A filter may answer with 0 or any errno, which to kill(2) would be other processes.
    const pid = getpid();
    if (pid > 0) _ = raw(.kill, .{ pid, @intFromEnum(linux.SIG.KILL) });
    // SIGILL: also of pid 1 of a pid namespace, which its own SIGKILL does not reach.
    @trap();
}

/// waitid(2) for any child, which is left to be reaped: its pid. 0: none has ended.
pub fn peek_ended_child() Error!i32 {
    const W = linux.W;
    var info: linux.siginfo_t = undefined;
    @memset(std.mem.asBytes(&info), 0);
    _ = try call(.waitid, .{ @intFromEnum(linux.P.ALL), 0, &info, W.EXITED | W.NOHANG | W.NOWAIT, 0 });
    return info.fields.common.first.piduid.pid;
}

/// At an address of the kernel's choice; `fd` -1: no file.
pub fn mmap(size: usize, protection: linux.PROT, flags: linux.MAP, fd: fd_t) Error!usize {
    return call(.mmap, .{ 0, size, @as(u32, @bitCast(protection)), @as(u32, @bitCast(flags)), fd, 0 });
}

/// Of this process alone, zero, to read and write.
pub fn map_memory(size: usize) Error!usize {
    return mmap(size, .{ .READ = true, .WRITE = true }, .{ .TYPE = .PRIVATE, .ANONYMOUS = true }, -1);
}

pub fn munmap(address: usize, size: usize) void {
    _ = raw(.munmap, .{ address, size });
}

pub fn uname(name: *linux.utsname) Error!void {
    _ = try call(.uname, .{name});
}
