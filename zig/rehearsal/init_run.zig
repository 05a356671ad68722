//! Runs bunc-init from start to end on a willing kernel.

const std = @import("std");
const sys = @import("../sys.zig");
const init_main = @import("../init/main.zig");
const process = @import("process.zig");
const Willing = @import("willing.zig").Willing;

const no_subject: []const u8 = "";

/// `stage`: from its arguments. During the run the backend calls `kernel`.
pub fn run(kernel: *Willing, stage: []const u8) process.End {
    const plan = kernel.plan;
    if (!binds_root(kernel)) kernel.in_root = true;
    const first: usize = 3 + plan.stdio.preserve_fds;
    for (0..first) |fd| kernel.descriptors[fd] = .{ .kind = .stdio, .cloexec = false };
    if (kernel.on_machine) for (0..first) |fd| {
        kernel.descriptors[fd].path = std.fmt.allocPrint(
            kernel.arena,
            "host:/proc/self/fd/{d}",
            .{fd},
        ) catch @panic("no memory");
    };
    kernel.descriptors[first] = .{ .kind = .channel, .cloexec = false };
    kernel.descriptors[first + 1] = .{ .kind = .plan, .cloexec = false };
    const listens = plan.process.start == .socket;
    if (listens) kernel.descriptors[first + 2] = .{ .kind = .listener, .cloexec = false };

    const arena = kernel.arena;
    var vector = [_][*:0]const u8{
        "bunc-init",
        decimal(arena, first),
        decimal(arena, first + 1),
        if (listens) decimal(arena, first + 2) else "-1",
        (arena.dupeZ(u8, stage) catch @panic("no memory")).ptr,
    };
    const end = start(&vector);
    if (end == .executed) if (again(arena, end.executed)) |mapped| {
        // It executed itself again.
        for (&kernel.descriptors) |*each| if (each.cloexec) {
            each.* = .{};
        };
        return start(mapped);
    };
    return end;
}

fn binds_root(kernel: *const Willing) bool {
    for (kernel.plan.steps) |step| if (step.op == .bind_root) return true;
    return false;
}

fn start(vector: init_main.Vector) process.End {
    sys.backend.watch(&no_subject);
    return process.run(init_main.begin, @intFromPtr(&vector));
}

/// The arguments of a bunc-init that continues in its user namespace, copied from its stack to `arena`; null
/// if it is another program. It has one argument in addition to its three descriptors.
fn again(arena: std.mem.Allocator, address: usize) ?init_main.Vector {
    const vector: [*:null]const ?[*:0]const u8 = @ptrFromInt(address);
    const words = std.mem.span(vector);
    if (words.len != 7 or !std.mem.eql(u8, std.mem.span(words[0].?), "bunc-init")) return null;
    if (!std.mem.eql(u8, std.mem.span(words[4].?), "mapped")) return null;
    const copy = arena.alloc([*:0]const u8, words.len) catch @panic("no memory");
    for (copy, words) |*to, from| to.* = (arena.dupeZ(
        u8,
        std.mem.span(from.?),
    ) catch @panic("no memory")).ptr;
    return copy;
}

fn decimal(arena: std.mem.Allocator, value: usize) [*:0]const u8 {
    return (std.fmt.allocPrintSentinel(arena, "{d}", .{value}, 0) catch @panic("no memory")).ptr;
}
