//! The processes of a rehearsal: functions on stacks of their own, which a system call may end at any depth.

const std = @import("std");
const fiber = std.Io.fiber;

pub const Function = *const fn (usize) callconv(.c) noreturn;

pub const End = union(enum) {
    exited: u8,
    /// Address of its argument vector.
    executed: usize,
    /// It waits for what never comes.
    stuck: []const u8,
    /// It returned (`finish`).
    finished,
};

const stack_size = 4 << 20;
var stacks: [2][stack_size]u8 align(64) = undefined;
var returns: [2]fiber.Context = undefined;
var depth: usize = 0;
var began: struct { function: Function, argument: usize } = undefined;
var ended: End = undefined;

/// Until it ends.
pub fn run(function: Function, argument: usize) End {
    std.debug.assert(depth == 0);
    go(function, argument);
    return ended;
}

/// A child, for which its parent waits until it has executed a program or ended.
pub fn run_child(function: Function, argument: usize) void {
    std.debug.assert(depth == 1);
    go(function, argument);
}

noinline fn go(function: Function, argument: usize) void {
    began = .{ .function = function, .argument = argument };
    const top = @intFromPtr(&stacks[depth]) + stack_size;
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
