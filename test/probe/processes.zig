//! Actions of the process itself: children, memory, signals, system calls, and how it ends.

const std = @import("std");
const linux = std.os.linux;
const json = @import("json.zig");
const actions = @import("actions.zig");

fn unsigned(text: []const u8, default: u64) u64 {
    if (text.len == 0) return default;
    return std.fmt.parseInt(u64, text, 0) catch @panic("probe: the argument is no number");
}

fn fork() usize {
    const signal_child = 17;
    return linux.syscall5(.clone, signal_child, 0, 0, 0, 0);
}

fn pause_forever() noreturn {
    while (true) _ = linux.syscall4(.ppoll, 0, 0, 0, 0);
}

/// `fork:N`: N children that sleep, → `forked`, and the errno of the first that failed.
pub fn fork_count(argument: [:0]const u8) void {
    const wanted = unsigned(argument, 1);
    var forked: u64 = 0;
    var failure: usize = 0;
    while (forked < wanted) : (forked += 1) {
        const rc = fork();
        if (linux.errno(rc) != .SUCCESS) {
            failure = rc;
            break;
        }
        if (rc == 0) pause_forever();
    }
    json.outcome(failure);
    json.field("forked", forked);
}

/// `zombies:N`: N children that have ended and are never waited for. → `forked`
pub fn zombies(argument: [:0]const u8) void {
    const wanted = unsigned(argument, 1);
    var forked: u64 = 0;
    while (forked < wanted) : (forked += 1) {
        const rc = fork();
        if (linux.errno(rc) != .SUCCESS) break;
        if (rc == 0) linux.exit_group(0);
    }
    json.field("forked", forked);
}

/// One child that sleeps. → `pid`.
pub fn child(_: [:0]const u8) void {
    const rc = fork();
    if (rc == 0) pause_forever();
    json.outcome(rc);
    json.field("pid", @as(i32, @intCast(rc)));
}

/// A grandchild in a session of its own whose parent has ended, as a daemon.
pub fn orphan(_: [:0]const u8) void {
    const rc = fork();
    if (rc == 0) {
        _ = linux.syscall0(.setsid);
        const grandchild = fork();
        if (grandchild == 0) pause_forever();
        linux.exit_group(0);
    }
    var status: u32 = 0;
    _ = linux.wait4(@intCast(rc), &status, 0, null);
    json.outcome(rc);
}

/// `eat:MIB`: maps and touches that much memory, one MiB at a time. → `eaten`, in MiB.
pub fn eat_memory(argument: [:0]const u8) void {
    const mib = 1024 * 1024;
    const wanted = unsigned(argument, 1);
    const read_write = 3;
    const private_anonymous = 0x22;
    var eaten: u64 = 0;
    while (eaten < wanted) : (eaten += 1) {
        const no_fd: usize = @bitCast(@as(isize, -1));
        const address = linux.syscall6(.mmap, 0, mib, read_write, private_anonymous, no_fd, 0);
        if (linux.errno(address) != .SUCCESS) {
            json.outcome(address);
            break;
        }
        const bytes: [*]volatile u8 = @ptrFromInt(address);
        var at: usize = 0;
        while (at < mib) : (at += 4096) bytes[at] = 1;
    }
    json.field("eaten", eaten);
}

/// `burn:MILLISECONDS` of CPU time.
pub fn burn(argument: [:0]const u8) void {
    const wanted_ns = unsigned(argument, 100) * std.time.ns_per_ms;
    const process_cpu_time = 2;
    var now: linux.timespec = undefined;
    while (true) {
        _ = linux.syscall2(.clock_gettime, process_cpu_time, @intFromPtr(&now));
        if (@as(u64, @intCast(now.sec)) * std.time.ns_per_s + @as(u64, @intCast(now.nsec)) >= wanted_ns) {
            return;
        }
    }
}

/// `syscall:NUMBER[,ARGUMENT…]` with up to six numbers. → `errno`, `result` as text.
pub fn system_call(argument: [:0]const u8) void {
    var parts = std.mem.splitScalar(u8, argument, ',');
    const number = unsigned(parts.next().?, 0);
    var values: [6]usize = @splat(0);
    for (&values) |*value| {
        const text = parts.next() orelse break;
        value.* = if (text.len > 0 and text[0] == '-')
            @bitCast(std.fmt.parseInt(isize, text, 10) catch 0)
        else
            unsigned(text, 0);
    }
    const rc = linux.syscall6(
        @enumFromInt(number),
        values[0],
        values[1],
        values[2],
        values[3],
        values[4],
        values[5],
    );
    json.outcome(rc);
    json.key("result");
    json.big(rc);
}

/// → one field per namespace type: the link's text, `pid:[4026531836]`.
pub fn namespaces(_: [:0]const u8) void {
    const types = .{ "cgroup", "ipc", "mnt", "net", "pid", "time", "user", "uts" };
    inline for (types) |name| {
        var target: [64]u8 = undefined;
        const rc = linux.readlinkat(linux.AT.FDCWD, "/proc/self/ns/" ++ name, &target, target.len);
        json.field(name, if (linux.errno(rc) == .SUCCESS) target[0..rc] else json.errno_name(rc));
    }
}

pub fn set_hostname(name: [:0]const u8) void {
    json.outcome(linux.syscall2(.sethostname, @intFromPtr(name.ptr), name.len));
}

/// `connect:PATH`: to a stream socket; a leading `@` is an abstract name.
pub fn connect(path: [:0]const u8) void {
    const fd = linux.socket(linux.AF.UNIX, linux.SOCK.STREAM | linux.SOCK.CLOEXEC, 0);
    if (linux.errno(fd) != .SUCCESS) return json.outcome(fd);
    defer _ = linux.close(@intCast(fd));
    var address: linux.sockaddr.un = .{ .path = @splat(0) };
    @memcpy(address.path[0..path.len], path);
    if (path[0] == '@') address.path[0] = 0;
    json.outcome(linux.connect(@intCast(fd), &address, @intCast(2 + path.len)));
}

/// `raise:SIGNAL` to itself.
pub fn raise(argument: [:0]const u8) void {
    json.outcome(linux.syscall2(.kill, @intCast(linux.getpid()), unsigned(argument, 15)));
}

/// `exec:PATH`, with that path as its only argument.
pub fn execute(path: [:0]const u8) void {
    const arguments = [_:null]?[*:0]const u8{path.ptr};
    const environment = [_:null]?[*:0]const u8{};
    json.outcome(linux.execve(path, &arguments, &environment));
}

pub fn exit(argument: [:0]const u8) void {
    actions.flush_open_object();
    linux.exit_group(@truncate(@as(i64, @intCast(unsigned(argument, 0)))));
}

/// For ever.
pub fn sleep(_: [:0]const u8) void {
    actions.flush_open_object();
    pause_forever();
}

/// `nap:MILLISECONDS`.
pub fn nap(argument: [:0]const u8) void {
    const ms = unsigned(argument, 10);
    const duration: linux.timespec =
        .{ .sec = @intCast(ms / 1000), .nsec = @intCast(ms % 1000 * std.time.ns_per_ms) };
    _ = linux.nanosleep(&duration, null);
}

const all_signals: u64 = ~@as(u64, 0);

fn next_signal() u32 {
    const mask_size = 8;
    while (true) {
        const rc = linux.syscall4(.rt_sigtimedwait, @intFromPtr(&all_signals), 0, 0, mask_size);
        if (linux.errno(rc) == .SUCCESS) return @intCast(rc);
    }
}

fn block_all_signals() void {
    const block = 0;
    const mask_size = 8;
    _ = linux.syscall4(.rt_sigprocmask, block, @intFromPtr(&all_signals), 0, mask_size);
}

/// Prints what there is and `ready`, waits for any signal but those that come by themselves: of children, and
/// SIGURG, which a runtime in Go sends itself to switch goroutines and, being caught, passes on. → `signal`.
pub fn wait_signal(_: [:0]const u8) void {
    block_all_signals();
    json.field("ready", true);
    actions.flush_open_object();
    json.begin_array();
    json.begin_object();
    const child_ended = 17;
    const urgent = 23;
    while (true) {
        const signal = next_signal();
        if (signal == child_ended or signal == urgent) continue;
        json.field("signal", signal);
        return;
    }
}

/// `signal-file:PATH`: makes the file when it is ready, appends the number of each signal as a line; ends at
/// SIGTERM with status 0.
pub fn record_signals(path: [:0]const u8) void {
    block_all_signals();
    append(path, "");
    json.field("ready", true);
    actions.flush_open_object();
    while (true) {
        const signal = next_signal();
        var line: [8]u8 = undefined;
        const text = std.fmt.bufPrint(&line, "{d}\n", .{signal}) catch unreachable;
        append(path, text);
        if (signal == 15) linux.exit_group(0);
    }
}

fn append(path: [:0]const u8, text: []const u8) void {
    const flags: linux.O = .{ .ACCMODE = .WRONLY, .CREAT = true, .APPEND = true, .CLOEXEC = true };
    const fd = linux.open(path, flags, 0o644);
    if (linux.errno(fd) != .SUCCESS) return;
    _ = linux.write(@intCast(fd), text.ptr, text.len);
    _ = linux.close(@intCast(fd));
}

/// Copies standard input to standard output until its end.
pub fn echo(_: [:0]const u8) void {
    var buffer: [4096]u8 = undefined;
    while (true) {
        const length = linux.read(0, &buffer, buffer.len);
        if (linux.errno(length) != .SUCCESS or length == 0) return;
        _ = linux.write(1, &buffer, length);
    }
}

/// `say:TEXT` on standard error.
pub fn say(text: [:0]const u8) void {
    _ = linux.write(2, text.ptr, text.len);
    _ = linux.write(2, "\n", 1);
}

/// `read-fd:N`: reads from an inherited descriptor. → `data`.
pub fn read_descriptor(argument: [:0]const u8) void {
    var buffer: [4096]u8 = undefined;
    const rc = linux.read(@intCast(unsigned(argument, 3)), &buffer, buffer.len);
    json.outcome(rc);
    if (linux.errno(rc) == .SUCCESS) json.field("data", buffer[0..rc]);
}
