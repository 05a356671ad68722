//! How the kernel treats a process: sched(7), ioprio_set(2), set_mempolicy(2), personality(2).

const kernel = @import("kernel.zig");

const Error = kernel.Error;
const call = kernel.call;

/// 8192 CPUs: the most any kernel is built for.
pub const cpu_words_max = 8192 / 32;

/// Of the calling thread; bit n of the mask: CPU n.
pub fn sched_setaffinity(mask: []const u32) Error!void {
    _ = try call(.sched_setaffinity, .{ 0, mask.len * @sizeOf(u32), mask.ptr });
}

/// The part of `buffer` that the kernel has written.
pub fn sched_getaffinity(buffer: *align(8) [cpu_words_max]u32) Error![]u32 {
    const bytes = try call(.sched_getaffinity, .{ 0, @sizeOf(@TypeOf(buffer.*)), buffer });
    return buffer[0 .. bytes / @sizeOf(u32)];
}

/// struct sched_attr of sched_setattr(2), in its first version.
pub const SchedAttr = extern struct {
    size: u32 = @sizeOf(SchedAttr),
    policy: u32,
    flags: u64,
    nice: i32,
    priority: u32,
    runtime_ns: u64,
    deadline_ns: u64,
    period_ns: u64,
};

pub fn sched_setattr(attr: *const SchedAttr) Error!void {
    _ = try call(.sched_setattr, .{ 0, attr, 0 });
}

/// Of the caller. ioprio_set(2).
pub fn ioprio_set(value: u32) Error!void {
    const who_process = 1;
    _ = try call(.ioprio_set, .{ who_process, 0, value });
}

/// `max_node` bits of `nodes` are read. set_mempolicy(2).
pub fn set_mempolicy(mode: u32, nodes: ?[*]const u32, max_node: usize) Error!void {
    _ = try call(.set_mempolicy, .{ mode, nodes, max_node });
}

pub fn personality(persona: u32) Error!void {
    _ = try call(.personality, .{persona});
}
