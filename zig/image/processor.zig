//! The processor that Bun sees while the image is made (zig/image/cpu.zig: `level`). In the recorder each
//! CPUID and XGETBV of Bun's code is an instruction that no processor knows (build/image/processor.ts); the
//! kernel's SIGILL brings it here.

const std = @import("std");
const linux = std.os.linux;
const is_real = @import("../sys/kernel.zig").is_real;
const cpu = @import("cpu.zig");
const context = @import("context.zig");

/// Of x86-64's struct ucontext, in words.
const Register = enum(usize) { rbx = 16, rdx = 17, rax = 18, rcx = 19, rip = 21 };

const cpuid = "\x06\xa2";
const xgetbv = "\x06\x01\xd0";

const signal = @intFromEnum(linux.SIG.ILL);
const sa_siginfo = 0x4;
const sa_nodefer = 0x4000_0000;
const sa_restorer = 0x0400_0000;

/// What Bun wants done at SIGILL, as the kernel has it: handler, flags, restorer, mask. Recorded in place of
/// ours.
pub var bunc_illegal_action: [4]usize = @splat(0);
comptime {
    if (is_real) @export(&bunc_illegal_action, .{ .name = "bunc_illegal_action" });
}

/// Ends the process where the processor is not of the level that the image is made for.
pub fn begin() void {
    if (!context.is_supported) return;
    if (!cpu.features().cover(cpu.level)) {
        const text = "the processor is below x86-64-v3\n";
        _ = linux.write(2, text, text.len);
        linux.exit_group(1);
    }
    const action = [4]usize{
        @intFromPtr(&answer),
        sa_siginfo | sa_nodefer | sa_restorer,
        @intFromPtr(&restore),
        0,
    };
    _ = linux.syscall4(.rt_sigaction, signal, @intFromPtr(&action), 0, 8);
}

fn answer(_: c_int, _: *const anyopaque, machine: [*]usize) callconv(.c) void {
    const rip = at(machine, .rip);
    const code: [*]const u8 = @ptrFromInt(rip.*);
    if (std.mem.eql(u8, code[0..2], cpuid)) {
        const leaf = cpu.leafOfLevel(@truncate(at(machine, .rax).*), @truncate(at(machine, .rcx).*));
        for ([_]Register{ .rax, .rbx, .rcx, .rdx }, leaf) |register, value| at(machine, register).* = value;
        rip.* += cpuid.len;
    } else if (std.mem.eql(u8, code[0..3], xgetbv)) {
        at(machine, .rax).* = cpu.level.registers;
        at(machine, .rdx).* = 0;
        rip.* += xgetbv.len;
    } else {
        // Bun's own end: once more, with nobody to answer.
        const default = [4]usize{ 0, sa_restorer, @intFromPtr(&restore), 0 };
        _ = linux.syscall4(.rt_sigaction, signal, @intFromPtr(&default), 0, 8);
    }
}

fn at(machine: [*]usize, register: Register) *usize {
    return &machine[@intFromEnum(register)];
}

/// rt_sigreturn(2)
fn restore() callconv(.naked) noreturn {
    asm volatile (
        \\ movl $15, %%eax
        \\ syscall
    );
}
