//! Run on the host by the benchmark: one command from clone to wait, measured by a process so small that its
//! own fork costs nothing and its memory does not count as the command's (ru_maxrss outlives exec).

const std = @import("std");
const linux = std.os.linux;
const json = @import("json.zig");

pub const Streams = enum {
    /// /dev/null for all three.
    null,
    /// A terminal of the command's own, which it controls; what it prints there is thrown away.
    terminal,
};

fn now_ns() u64 {
    var time: linux.timespec = undefined;
    _ = linux.clock_gettime(.MONOTONIC, &time);
    return @as(u64, @intCast(time.sec)) * std.time.ns_per_s + @as(u64, @intCast(time.nsec));
}

/// The command and its arguments. → `status` (128 + signal), `wallNs`; of it and all descendants that were
/// waited for: `cpuUs` (user and system), `maxRssKib` (of the largest), `minorFaults`, `majorFaults`, and
/// where they are counted: `faultsTaken`, without pages that the kernel put in place when it was asked to,
/// and `userInstructions`.
pub fn command(
    arguments: []const [*:0]const u8,
    environment: [*:null]const ?[*:0]const u8,
    streams: Streams,
) void {
    if (arguments.len == 0) @panic("probe: measure needs a command");
    var vector: [256:null]?[*:0]const u8 = undefined;
    if (arguments.len >= vector.len) @panic("probe: too many arguments");
    for (arguments, 0..) |argument, index| vector[index] = argument;
    vector[arguments.len] = null;

    const fd = switch (streams) {
        .null => linux.open("/dev/null", .{ .ACCMODE = .RDWR }, 0),
        .terminal => open_terminal(),
    };
    if (linux.errno(fd) != .SUCCESS) return json.outcome(fd);
    const faults = count(.{ .type = .SOFTWARE, .config = @intFromEnum(linux.PERF.COUNT.SW.PAGE_FAULTS) });
    const instructions = count(.{
        .type = .HARDWARE,
        .config = @intFromEnum(linux.PERF.COUNT.HW.INSTRUCTIONS),
        .flags = .{ .exclude_kernel = true, .exclude_hv = true },
    });
    const started_ns = now_ns();
    const signal_child = 17;
    const pid = linux.syscall5(.clone, signal_child, 0, 0, 0, 0);
    if (linux.errno(pid) != .SUCCESS) return json.outcome(pid);
    if (pid == 0) {
        if (streams == .terminal) {
            _ = linux.setsid();
            _ = linux.ioctl(@intCast(fd), linux.T.IOCSCTTY, 0);
        }
        for (0..3) |stream| _ = linux.dup2(@intCast(fd), @intCast(stream));
        _ = linux.execve(arguments[0], &vector, environment);
        linux.exit_group(127);
    }
    var status: u32 = 0;
    var usage: linux.rusage = undefined;
    const waited = linux.wait4(@intCast(pid), &status, 0, &usage);
    const ended_ns = now_ns();
    json.outcome(waited);
    json.field("status", if (status & 0x7f == 0) status >> 8 & 0xff else 128 + (status & 0x7f));
    json.field("wallNs", ended_ns - started_ns);
    json.field("cpuUs", microseconds(usage.utime) + microseconds(usage.stime));
    json.field("maxRssKib", usage.maxrss);
    json.field("minorFaults", usage.minflt);
    json.field("majorFaults", usage.majflt);
    if (faults.read()) |value| json.field("faultsTaken", value);
    if (instructions.read()) |value| json.field("userInstructions", value);
}

fn microseconds(time: linux.timeval) u64 {
    return @as(u64, @intCast(time.sec)) * std.time.us_per_s + @as(u64, @intCast(time.usec));
}

/// → the slave's descriptor. The master stays open and unread: a command that prints more than the kernel
/// buffers would wait for ever.
fn open_terminal() usize {
    const master = linux.open("/dev/ptmx", .{ .ACCMODE = .RDWR, .NOCTTY = true, .CLOEXEC = true }, 0);
    if (linux.errno(master) != .SUCCESS) return master;
    var locked: c_int = 0;
    _ = linux.ioctl(@intCast(master), linux.T.IOCSPTLCK, @intFromPtr(&locked));
    const slave_flags: linux.O = .{ .ACCMODE = .RDWR, .NOCTTY = true, .CLOEXEC = true };
    return linux.ioctl(@intCast(master), linux.T.IOCGPTPEER, @as(u32, @bitCast(slave_flags)));
}

const Counter = struct {
    descriptor: ?i32,

    fn read(counter: Counter) ?u64 {
        var value: u64 = 0;
        const descriptor = counter.descriptor orelse return null;
        return if (linux.read(descriptor, std.mem.asBytes(&value), 8) == 8) value else null;
    }
};

/// Of this process and those that it makes from now on: perf_event_open(2).
fn count(what: linux.perf_event_attr) Counter {
    var event = what;
    event.flags.inherit = true;
    const descriptor = linux.perf_event_open(&event, 0, -1, -1, linux.PERF.FLAG.FD_CLOEXEC);
    return .{ .descriptor = if (linux.errno(descriptor) == .SUCCESS) @intCast(descriptor) else null };
}
