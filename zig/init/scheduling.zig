//! How the kernel treats the process: CPUs, scheduling policy, I/O priority, NUMA policy, personality.
//! All of it is inherited over execve. Runs in bunc-init, stage 2, while it still has its capabilities.

const std = @import("std");
const sys = @import("../sys.zig");
const plan = @import("../plan.zig");
const Context = @import("context.zig").Context;

const cpu_words_max = sys.cpu_words_max;
/// NUMA nodes: CONFIG_NODES_SHIFT is at most 10.
const node_words_max = 1024 / 32;

pub fn cpu_affinity(context: *Context, op: plan.CpuAffinity) Context.Failed!void {
    if (op.mask.len > cpu_words_max) {
        return context.fail_as(.limit, "sched_setaffinity", "CPU mask", "more than 8192 CPUs");
    }
    sys.sched_setaffinity(op.mask) catch return context.fail("sched_setaffinity", "");
}

/// The affinity of a pinned caller (taskset(1), CPUAffinity= of systemd) is not inherited.
pub fn every_cpu(context: *Context, _: plan.Empty) Context.Failed!void {
    const every: [cpu_words_max]u32 = @splat(std.math.maxInt(u32));
    sys.sched_setaffinity(&every) catch {
        // Denied by a seccomp filter around us: nobody asked for the change, and runc ignores it too.
        if (!sys.is(.PERM) and !sys.is(.NOSYS)) return context.fail("sched_setaffinity", "");
    };
}

pub fn scheduler(context: *Context, op: plan.Scheduler) Context.Failed!void {
    const attr: sys.SchedAttr = .{
        .policy = op.policy,
        .flags = op.flags.value,
        .nice = op.nice,
        .priority = op.priority,
        .runtime_ns = op.runtime_ns.value,
        .deadline_ns = op.deadline_ns.value,
        .period_ns = op.period_ns.value,
    };
    sys.sched_setattr(&attr) catch return context.fail("sched_setattr", "");
}

pub fn io_priority(context: *Context, op: plan.IoPriority) Context.Failed!void {
    sys.ioprio_set(op.value) catch return context.fail("ioprio_set", "");
}

pub fn memory_policy(context: *Context, op: plan.MemoryPolicy) Context.Failed!void {
    var nodes: [node_words_max]u32 = @splat(0);
    if (op.nodes.len > nodes.len) {
        return context.fail_as(.limit, "set_mempolicy", "node mask", "more than 1024 nodes");
    }
    @memcpy(nodes[0..op.nodes.len], op.nodes);
    // MPOL_DEFAULT and MPOL_LOCAL want no mask at all. The kernel reads one bit less than it is told.
    const bits = whole_longs(op.nodes.len) * 32;
    const mask: ?[*]const u32 = if (op.nodes.len == 0) null else &nodes;
    sys.set_mempolicy(op.mode | op.flags, mask, if (op.nodes.len == 0) 0 else bits + 1) catch
        return context.fail("set_mempolicy", "");
}

pub fn personality(context: *Context, op: plan.Personality) Context.Failed!void {
    sys.personality(op.persona) catch return context.fail("personality", "");
}

/// Number of 32-bit words that fill the 64-bit longs of the kernel's bitmaps.
fn whole_longs(words: usize) usize {
    return std.mem.alignForward(usize, words, 2);
}

test "masks are padded to whole longs" {
    const cases = [_][2]usize{ .{ 0, 0 }, .{ 1, 2 }, .{ 2, 2 }, .{ 3, 4 }, .{ 256, 256 } };
    for (cases) |case| try std.testing.expectEqual(case[1], whole_longs(case[0]));
}
