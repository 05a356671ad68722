//! The processes of a rehearsal: functions on separate stacks, which a system call may end at any depth.

const std = @import("std");
const fiber = std.Io.fiber;

pub const Function = *const fn (usize) callconv(.c) noreturn;

pub const End = union(enum) {
    exited: u8,
    /// Address of its argument vector.
    executed: usize,
    /// It waits forever.
    stuck: []const u8,
    /// It returned (`finish`).
    finished,
};

const stack_size = 4 << 20;
/// The bunc process, its child, bunc-init in that, and a child of its own.
const depth_max = 4;
/// Mapped on first use, and kept.
var stacks: [depth_max][]u8 = @splat(&.{});
var returns: [depth_max]fiber.Context = undefined;
var depth: usize = 0;
var began: struct { function: Function, argument: usize } = undefined;
var ended: End = undefined;

/// Runs it until it ends.
pub fn run(function: Function, argument: usize) End {
    go(function, argument);
    return ended;
}

noinline fn go(function: Function, argument: usize) void {
    began = .{ .function = function, .argument = argument };
    const stack = &stacks[depth];
    if (stack.len == 0) stack.* = std.heap.page_allocator.alloc(u8, stack_size) catch @panic("no memory");
    const top = @intFromPtr(stack.ptr) + stack_size;
    var fresh: fiber.Context = switch (@import("builtin").cpu.arch) {
        // As after a call: the return address takes eight bytes.
        .x86_64 => .{ .rsp = top - 8, .rbp = 0, .rip = @intFromPtr(&begin) },
        .aarch64 => .{ .sp = top, .fp = 0, .pc = @intFromPtr(&begin) },
        else => @compileError("no fibers here"),
    };
    depth += 1;
    _ = fiber.contextSwitch(&.{ .old = &returns[depth - 1], .new = &fresh });
}

fn begin() callconv(.c) noreturn {
    began.function(began.argument);
}

/// Ends the process that is running.
pub noinline fn end(how: End) noreturn {
    ended = how;
    depth -= 1;
    var gone: fiber.Context = undefined;
    _ = fiber.contextSwitch(&.{ .old = &gone, .new = &returns[depth] });
    unreachable;
}
