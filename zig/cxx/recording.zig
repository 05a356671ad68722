//! The machine that Bun sees while the build takes the image of the started program (zig/image.zig): what it
//! asks libc for is the same on every host and at every time, because the answers are in the image.
//! Afterwards these are libc's own.

const std = @import("std");
const linux = std.os.linux;

extern var bunc_recording: u8;
/// zig/image/processor.zig
extern var bunc_illegal_action: [4]usize;

fn recording() bool {
    return @as(*volatile u8, &bunc_recording).* != 0;
}

const memory_bytes = 4 << 30;
const processors = 2;
/// 2026-01-01, in seconds. Clocks that count from a start of the machine stand at zero: Bun keeps what they
/// were when it began, and takes a time before that for none passed.
const now_s = 1_767_225_600;

/// Of Bun's event loop, which no command needs that the image serves: a use of them fails with EBADF.
const epoll_fd = 0x3fff_fff0;
const event_fd = 0x3fff_fff1;

extern fn __errno_location() *c_int;
extern fn getrandom(buffer: [*]u8, size: usize, flags: c_uint) isize;
extern fn clock_gettime(clock: c_int, time: *linux.timespec) c_int;
extern fn gettimeofday(time: *linux.timeval, zone: ?*anyopaque) c_int;
extern fn time(result: ?*isize) isize;
extern fn sysinfo(info: *linux.Sysinfo) c_int;
extern fn sysconf(name: c_int) c_long;
extern fn sched_getaffinity(pid: c_int, size: usize, set: [*]u8) c_int;
extern fn uname(name: *linux.utsname) c_int;
extern fn open(path: [*:0]const u8, flags: c_int, ...) c_int;
extern fn fopen(path: [*:0]const u8, mode: [*:0]const u8) ?*anyopaque;
extern fn access(path: [*:0]const u8, mode: c_int) c_int;
extern fn getcwd(buffer: ?[*]u8, size: usize) ?[*]u8;
extern fn readlink(path: [*:0]const u8, buffer: [*]u8, size: usize) isize;
/// zig/entry.zig, zig/entry/stack.zig
extern const bunc_stack_top: usize;
extern const bunc_stack_bottom: usize;
extern fn getpid() c_int;
extern fn gettid() c_int;
extern fn getrlimit(resource: c_int, limit: *linux.rlimit) c_int;
extern fn setrlimit(resource: c_int, limit: *const linux.rlimit) c_int;
extern fn epoll_create1(flags: c_int) c_int;
extern fn eventfd(count: c_uint, flags: c_int) c_int;
extern fn epoll_ctl(epoll: c_int, op: c_int, fd: c_int, event: ?*anyopaque) c_int;

extern fn sigaction(signal: c_int, action: ?*const Action, old: ?*Action) c_int;

/// struct sigaction of musl.
const Action = extern struct { handler: usize, mask: [16]u64, flags: c_int, restorer: usize };
const sa_restorer = 0x0400_0000;

fn fail(errno: linux.E) c_int {
    __errno_location().* = @intFromEnum(errno);
    return -1;
}

/// What random numbers are while the image is made. Nothing that is to be secret may come of them: test/tidy.
var generator: u64 = 0;

export fn bunc_getrandom(buffer: [*]u8, size: usize, flags: c_uint) callconv(.c) isize {
    if (!recording()) return getrandom(buffer, size, flags);
    for (buffer[0..size]) |*byte| {
        generator = generator *% 6364136223846793005 +% 1442695040888963407;
        byte.* = @truncate(generator >> 56);
    }
    return @intCast(size);
}

/// mimalloc asks for its random numbers this way. Declared with all arguments that a system call can have:
/// those that the caller did not give are whatever is there, and not looked at.
export fn bunc_syscall(
    number: usize,
    a: usize,
    b: usize,
    c: usize,
    d: usize,
    e: usize,
    f: usize,
) callconv(.c) isize {
    if (recording() and number == @intFromEnum(linux.SYS.getrandom)) {
        return bunc_getrandom(@ptrFromInt(a), b, @truncate(c));
    }
    const result = linux.syscall6(@enumFromInt(number), a, b, c, d, e, f);
    const errno = linux.errno(result);
    return if (errno == .SUCCESS) @bitCast(result) else fail(errno);
}

pub export fn bunc_clock_gettime(clock: c_int, result: *linux.timespec) callconv(.c) c_int {
    if (!recording()) return clock_gettime(clock, result);
    const is_of_day = clock == @intFromEnum(linux.CLOCK.REALTIME) or
        clock == @intFromEnum(linux.CLOCK.REALTIME_COARSE);
    result.* = .{ .sec = if (is_of_day) now_s else 0, .nsec = 0 };
    return 0;
}

export fn bunc_gettimeofday(result: *linux.timeval, zone: ?*anyopaque) callconv(.c) c_int {
    if (!recording()) return gettimeofday(result, zone);
    result.* = .{ .sec = now_s, .usec = 0 };
    return 0;
}

export fn bunc_time(result: ?*isize) callconv(.c) isize {
    if (!recording()) return time(result);
    if (result) |place| place.* = now_s;
    return now_s;
}

export fn bunc_sysinfo(info: *linux.Sysinfo) callconv(.c) c_int {
    if (!recording()) return sysinfo(info);
    info.* = std.mem.zeroes(linux.Sysinfo);
    info.totalram = memory_bytes;
    info.freeram = memory_bytes / 2;
    info.mem_unit = 1;
    return 0;
}

export fn bunc_sysconf(name: c_int) callconv(.c) c_long {
    if (!recording()) return sysconf(name);
    return switch (name) {
        83, 84 => processors, // _SC_NPROCESSORS_CONF, _SC_NPROCESSORS_ONLN
        85 => memory_bytes / std.heap.page_size_min, // _SC_PHYS_PAGES
        86 => memory_bytes / 2 / std.heap.page_size_min, // _SC_AVPHYS_PAGES
        else => sysconf(name),
    };
}

export fn bunc_sched_getaffinity(pid: c_int, size: usize, set: [*]u8) callconv(.c) c_int {
    if (!recording()) return sched_getaffinity(pid, size, set);
    @memset(set[0..size], 0);
    set[0] = (1 << processors) - 1;
    return 0;
}

export fn bunc_uname(name: *linux.utsname) callconv(.c) c_int {
    if (!recording()) return uname(name);
    name.* = std.mem.zeroes(linux.utsname);
    @memcpy(name.sysname[0..5], "Linux");
    @memcpy(name.nodename[0..9], "localhost");
    @memcpy(name.release[0..6], "5.14.0");
    @memcpy(name.machine[0..6], "x86_64");
    return 0;
}

/// What the kernel tells of a machine and a process: there is nothing.
fn isHidden(path: [*:0]const u8) bool {
    inline for (.{ "/proc/", "/sys/" }) |prefix| {
        if (std.mem.startsWith(u8, std.mem.span(path), prefix)) return true;
    }
    return false;
}

export fn bunc_open(path: [*:0]const u8, flags: c_int, mode: c_uint) callconv(.c) c_int {
    if (recording() and isHidden(path)) return fail(.NOENT);
    return open(path, flags, mode);
}

export fn bunc_fopen(path: [*:0]const u8, mode: [*:0]const u8) callconv(.c) ?*anyopaque {
    if (recording() and isHidden(path)) {
        _ = fail(.NOENT);
        return null;
    }
    return fopen(path, mode);
}

export fn bunc_access(path: [*:0]const u8, mode: c_int) callconv(.c) c_int {
    if (recording() and isHidden(path)) return fail(.NOENT);
    return access(path, mode);
}

/// Of the directory in which the build happens to be nothing is told.
export fn bunc_getcwd(buffer: ?[*]u8, size: usize) callconv(.c) ?[*]u8 {
    const place = buffer orelse return getcwd(buffer, size);
    if (!recording() or size < 2) return getcwd(buffer, size);
    place[0] = '/';
    place[1] = 0;
    return place;
}

export fn bunc_readlink(path: [*:0]const u8, buffer: [*]u8, size: usize) callconv(.c) isize {
    if (recording() and isHidden(path)) return fail(.NOENT);
    return readlink(path, buffer, size);
}

export fn bunc_getpid() callconv(.c) c_int {
    return if (recording()) 1 else getpid();
}

export fn bunc_gettid() callconv(.c) c_int {
    return if (recording()) 1 else gettid();
}

export fn bunc_getrlimit(resource: c_int, limit: *linux.rlimit) callconv(.c) c_int {
    const stack = @intFromEnum(linux.rlimit_resource.STACK);
    if (!recording()) {
        const result = getrlimit(resource, limit);
        // The engine takes it for the size of the main thread's stack, which may be ours.
        if (resource == stack and bunc_stack_bottom != 0) limit.cur = bunc_stack_top - bunc_stack_bottom;
        return result;
    }
    limit.* = if (resource == stack) .{
        .cur = 8 << 20,
        .max = linux.RLIM.INFINITY,
    } else .{ .cur = 1024, .max = 1024 };
    return 0;
}

/// The limits of a process that starts from the image stay as they are.
export fn bunc_setrlimit(resource: c_int, limit: *const linux.rlimit) callconv(.c) c_int {
    return if (recording()) 0 else setrlimit(resource, limit);
}

export fn bunc_epoll_create1(flags: c_int) callconv(.c) c_int {
    return if (recording()) epoll_fd else epoll_create1(flags);
}

export fn bunc_eventfd(count: c_uint, flags: c_int) callconv(.c) c_int {
    return if (recording()) event_fd else eventfd(count, flags);
}

export fn bunc_epoll_ctl(epoll: c_int, op: c_int, fd: c_int, event: ?*anyopaque) callconv(.c) c_int {
    return if (recording()) 0 else epoll_ctl(epoll, op, fd, event);
}

/// SIGILL is ours as long as the image is made: what Bun wants of it is kept for the processes that start
/// from there.
export fn bunc_sigaction(signal: c_int, action: ?*const Action, old: ?*Action) callconv(.c) c_int {
    if (!recording() or signal != @intFromEnum(linux.SIG.ILL)) return sigaction(signal, action, old);
    if (old) |place| place.* = std.mem.zeroes(Action);
    if (action) |new| {
        const flags: c_uint = @bitCast(new.flags);
        bunc_illegal_action = .{ new.handler, flags | sa_restorer, 0, new.mask[0] };
    }
    return 0;
}
