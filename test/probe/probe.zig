//! The process of a test container: one static executable that is all the bundle's root file system needs.
//!
//! Its arguments are actions, done in order; each adds one object to the JSON array that the probe prints
//! (`actions.zig` lists them, `self.zig` is the report of everything a process can see of itself). The entry
//! point is written here, not taken from std.start, because that one raises RLIMIT_STACK and ignores
//! SIGPIPE, and both are what a runtime is tested for.

const std = @import("std");
const builtin = @import("builtin");
const linux = std.os.linux;
const actions = @import("actions.zig");

comptime {
    asm (switch (builtin.cpu.arch) {
            .x86_64 =>
            \\.globl _start
            \\.type _start, @function
            \\_start:
            \\  xorl %ebp, %ebp
            \\  movq %rsp, %rdi
            \\  andq $-16, %rsp
            \\  callq probe_main
            ,
            .aarch64 =>
            \\.globl _start
            \\.type _start, %function
            \\_start:
            \\  mov x29, xzr
            \\  mov x30, xzr
            \\  mov x0, sp
            \\  and sp, x0, #-16
            \\  bl probe_main
            ,
            else => @compileError("the probe has no entry point for this architecture"),
        });
}

/// Declared so that std.start adds no entry point of its own.
pub const _start = {};

export fn probe_main(stack: [*]usize) noreturn {
    const argument_count = stack[0];
    const arguments: [*]const [*:0]const u8 = @ptrCast(stack + 1);
    const environment: [*:null]const ?[*:0]const u8 = @ptrCast(stack + 1 + argument_count + 1);
    actions.run(.{
        .arguments = arguments[0..argument_count],
        .environment = environment,
    });
    linux.exit_group(0);
}

pub fn panic(message: []const u8, _: ?*std.builtin.StackTrace, _: ?usize) noreturn {
    _ = linux.write(2, message.ptr, message.len);
    _ = linux.write(2, "\n", 1);
    linux.exit_group(99);
}
