//! A stack of our own where the caller's limit, which the container's process may be meant to have, leaves
//! bunc-init too little. Runs in bunc-init, before anything else.

const std = @import("std");
const builtin = @import("builtin");
const sys = @import("../sys.zig");
const linux = std.os.linux;

/// Frames of some 150 KiB have been seen: buffers for paths, messages and the output of hooks.
const enough = 1 << 20;
const size = 1 << 20;

pub const Function = *const fn (argument: usize) callconv(.c) noreturn;

/// Ends in `function`, on a stack that is large enough if there is one.
pub fn run(function: Function, argument: usize) noreturn {
    var limit: sys.RLimit = undefined;
    sys.prlimit(0, @intFromEnum(linux.rlimit_resource.STACK), null, &limit) catch function(argument);
    if (limit.soft >= enough) function(argument);
    const flags: linux.MAP = .{ .TYPE = .PRIVATE, .ANONYMOUS = true, .NORESERVE = true };
    const bottom = sys.mmap(size, .{ .READ = true, .WRITE = true }, flags, -1) catch function(argument);
    go_on(bottom + size, function, argument);
}

fn go_on(top: usize, function: Function, argument: usize) noreturn {
    switch (builtin.cpu.arch) {
        .x86_64 => asm volatile (
            \\ movq %[top], %%rsp
            \\ xorl %%ebp, %%ebp
            \\ callq *%[function]
            \\ ud2
            :
            : [top] "r" (top),
              [function] "r" (function),
              [argument] "{rdi}" (argument),
            : .{ .memory = true }),
        .aarch64 => asm volatile (
            \\ mov sp, %[top]
            \\ mov x29, xzr
            \\ blr %[function]
            \\ brk #1
            :
            : [top] "r" (top),
              [function] "r" (function),
              [argument] "{x0}" (argument),
            : .{ .memory = true }),
        else => @compileError("no way to another stack: unsupported architecture"),
    }
    unreachable;
}
