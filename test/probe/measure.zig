//! Run on the host by the benchmark: one command from clone to wait, measured by a process so small that its
//! own fork costs nothing and its memory does not count as the command's (ru_maxrss outlives exec).

const std = @import("std");
const linux = std.os.linux;
const json = @import("json.zig");

fn now_ns() u64 {
    var time: linux.timespec = undefined;
    _ = linux.clock_gettime(.MONOTONIC, &time);
    return @as(u64, @intCast(time.sec)) * std.time.ns_per_s + @as(u64, @intCast(time.nsec));
}

/// `measure COMMAND [ARGUMENT…]`, output thrown away. → `status` (128 + signal), `wallNs`, `maxRssKib`.
pub fn command(arguments: []const [*:0]const u8, environment: [*:null]const ?[*:0]const u8) void {
    if (arguments.len == 0) @panic("probe: measure needs a command");
    var vector: [256:null]?[*:0]const u8 = undefined;
    if (arguments.len >= vector.len) @panic("probe: too many arguments");
    for (arguments, 0..) |argument, index| vector[index] = argument;
    vector[arguments.len] = null;

    const started_ns = now_ns();
    const signal_child = 17;
    const pid = linux.syscall5(.clone, signal_child, 0, 0, 0, 0);
    if (linux.errno(pid) != .SUCCESS) return json.outcome(pid);
    if (pid == 0) {
        const null_device: i32 = @intCast(linux.open("/dev/null", .{ .ACCMODE = .RDWR }, 0));
        for (0..3) |fd| _ = linux.dup2(null_device, @intCast(fd));
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
    json.field("maxRssKib", usage.maxrss);
}
