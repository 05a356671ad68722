//! Registers of the one thread that an image has: where `take` stops, and how another process goes on there.

const builtin = @import("builtin");
const is_real = @import("../sys/kernel.zig").is_real;
const linux = @import("std").os.linux;

const arch_set_fs = 0x1002;
const arch_get_fs = 0x1003;
/// Of struct pthread of musl: self, dtv, prev, next, sysinfo, canary, tid.
const tid_at = 48;

/// Images are made on x86-64 alone.
pub const is_supported = builtin.cpu.arch == .x86_64;

pub fn threadPointer() usize {
    if (!is_supported) return 0;
    var pointer: usize = 0;
    _ = linux.syscall2(.arch_prctl, arch_get_fs, @intFromPtr(&pointer));
    return pointer;
}

/// Makes `pointer` this thread's own. → its id.
pub fn setThread(pointer: usize) u32 {
    if (!is_supported) unreachable;
    _ = linux.syscall2(.arch_prctl, arch_set_fs, pointer);
    return @truncate(linux.syscall1(.set_tid_address, pointer + tid_at));
}

/// Leaves the stack pointer in `stack`, below which all that a function may count on is saved, and stops the
/// process. → false: it was continued; true: by `proceed`.
pub fn stop(stack: *usize) bool {
    if (!is_supported) return false;
    if (!is_real) unreachable;
    return bunc_stop(stack) != 0;
}

/// Returns from `stop` on the stack that it left.
pub fn proceed(stack: usize) noreturn {
    if (!is_supported) unreachable;
    if (!is_real) unreachable;
    bunc_proceed(stack);
}

// By their symbols: the compiler knows no arguments of a function that is all assembler, and would not pass
// them.
extern fn bunc_stop(stack: *usize) usize;
extern fn bunc_proceed(stack: usize) noreturn;
comptime {
    if (is_supported and is_real) {
        @export(&saveAndStop, .{ .name = "bunc_stop" });
        @export(&returnOn, .{ .name = "bunc_proceed" });
    }
}

/// What x86-64's System V ABI lets a function count on, popped again.
const pop_all =
    \\ fldcw 4(%%rsp)
    \\ ldmxcsr (%%rsp)
    \\ popq %%rcx
    \\ popq %%r15
    \\ popq %%r14
    \\ popq %%r13
    \\ popq %%r12
    \\ popq %%rbx
    \\ popq %%rbp
    \\ retq
;

fn saveAndStop() callconv(.naked) void {
    asm volatile (
        \\ pushq %%rbp
        \\ pushq %%rbx
        \\ pushq %%r12
        \\ pushq %%r13
        \\ pushq %%r14
        \\ pushq %%r15
        \\ pushq %%rax
        \\ stmxcsr (%%rsp)
        \\ fnstcw 4(%%rsp)
        \\ movq %%rsp, (%%rdi)
        // kill(getpid(), SIGSTOP)
        \\ movl $39, %%eax
        \\ syscall
        \\ movq %%rax, %%rdi
        \\ movl $19, %%esi
        \\ movl $62, %%eax
        \\ syscall
        \\ xorl %%eax, %%eax
        \\
    ++ pop_all);
}

fn returnOn() callconv(.naked) noreturn {
    asm volatile (
        \\ movq %%rdi, %%rsp
        \\ movl $1, %%eax
        \\
    ++ pop_all);
}
