//! The backend that ships: the kernel itself.

const std = @import("std");
const builtin = @import("builtin");
const kernel = @import("kernel.zig");
const linux = std.os.linux;

pub const Real = struct {
    errno: kernel.E = .SUCCESS,
    failed_op: []const u8 = "",

    pub inline fn call(_: *Real, number: linux.SYS, args: anytype) usize {
        return switch (args.len) {
            0 => linux.syscall0(number),
            1 => linux.syscall1(number, args[0]),
            2 => linux.syscall2(number, args[0], args[1]),
            3 => linux.syscall3(number, args[0], args[1], args[2]),
            4 => linux.syscall4(number, args[0], args[1], args[2], args[3]),
            5 => linux.syscall5(number, args[0], args[1], args[2], args[3], args[4]),
            6 => linux.syscall6(number, args[0], args[1], args[2], args[3], args[4], args[5]),
            else => @compileError("a system call has at most six arguments"),
        };
    }

    /// Of bunc-init: where the config path of the step under way stands. Of interest to a recording only.
    pub inline fn watch(_: *Real, _: *const []const u8) void {}

    /// Of the bunc process: the config path that asks for the calls that follow, until it is told another
    /// or its call of the core ends. Of interest to a recording only.
    pub inline fn about(_: *Real, _: []const u8) void {}

    /// clone3(2) in assembly: the child must not touch the frame that it shares with us.
    pub fn clone_vfork(
        _: *Real,
        args: *const kernel.CloneArgs,
        run: *const fn (usize) callconv(.c) noreturn,
        argument: usize,
    ) usize {
        const number = @intFromEnum(linux.SYS.clone3);
        return switch (builtin.cpu.arch) {
            .x86_64 => asm volatile (
                \\ syscall
                \\ testq %%rax, %%rax
                \\ jnz 1f
                \\ xorl %%ebp, %%ebp
                \\ movq %%r9, %%rdi
                \\ callq *%%r8
                \\ ud2
                \\1:
                : [ret] "={rax}" (-> usize),
                : [number] "{rax}" (number),
                  [args] "{rdi}" (args),
                  [size] "{rsi}" (@sizeOf(kernel.CloneArgs)),
                  [run] "{r8}" (run),
                  [argument] "{r9}" (argument),
                : .{ .rcx = true, .r11 = true, .memory = true }),
            .aarch64 => asm volatile (
                \\ svc #0
                \\ cbnz x0, 1f
                \\ mov x29, xzr
                \\ mov x0, x11
                \\ blr x10
                \\ brk #1
                \\1:
                : [ret] "={x0}" (-> usize),
                : [number] "{x8}" (number),
                  [args] "{x0}" (args),
                  [size] "{x1}" (@sizeOf(kernel.CloneArgs)),
                  [run] "{x10}" (run),
                  [argument] "{x11}" (argument),
                : .{ .memory = true }),
            else => @compileError("clone3 trampoline: unsupported architecture"),
        };
    }
};
