//! Classic BPF as seccomp(2) takes it: the instruction, the opcodes used, and
//! the kernel's check of a program, so that a program the kernel would refuse
//! is found before it gets there.
//!
//! Runs in the library (process `bunc`) and in tests; pure.

const std = @import("std");

/// struct sock_filter of linux/filter.h.
pub const Instruction = extern struct {
    code: u16,
    jt: u8,
    jf: u8,
    k: u32,
};

/// BPF_MAXINSNS of linux/bpf_common.h.
pub const max_instructions = 4096;

/// sizeof(struct seccomp_data).
pub const data_size = 64;

/// Offsets into struct seccomp_data.
pub const offset_number = 0;
pub const offset_architecture = 4;
pub const offset_arguments = 16;

/// The opcodes that the compiler and libseccomp make, linux/bpf_common.h: class | size or operation | source.
pub const op = struct {
    pub const ld_abs = 0x20; // BPF_LD | BPF_W | BPF_ABS
    pub const and_k = 0x54; // BPF_ALU | BPF_AND | BPF_K
    pub const ja = 0x05; // BPF_JMP | BPF_JA
    pub const jeq_k = 0x15; // BPF_JMP | BPF_JEQ | BPF_K
    pub const jgt_k = 0x25;
    pub const jge_k = 0x35;
    pub const jset_k = 0x45;
    pub const ret_k = 0x06; // BPF_RET | BPF_K
};

pub const CheckError = error{ BadLength, UnknownOpcode, BadOffset, BadJump, NoReturn };

/// What seccomp(2) checks of them with SECCOMP_SET_MODE_FILTER: bpf_check_classic of net/core/filter.c,
/// seccomp_check_filter of kernel/seccomp.c. An error here is EINVAL there.
pub fn check(program: []const Instruction) CheckError!void {
    if (program.len == 0 or program.len > max_instructions) return error.BadLength;
    for (program, 0..) |instruction, pc| {
        const k = instruction.k;
        switch (instruction.code) {
            op.ld_abs => if (k >= data_size or k % 4 != 0) return error.BadOffset,
            op.ja => if (k >= program.len - pc - 1) return error.BadJump,
            op.jeq_k, op.jgt_k, op.jge_k, op.jset_k => {
                if (pc + @max(instruction.jt, instruction.jf) + 1 >= program.len) return error.BadJump;
            },
            op.and_k, op.ret_k => {},
            else => return error.UnknownOpcode,
        }
    }
    if (program[program.len - 1].code != op.ret_k) return error.NoReturn;
}

test "check refuses what the kernel refuses" {
    const testing = std.testing;
    const ret: Instruction = .{ .code = op.ret_k, .jt = 0, .jf = 0, .k = 0 };
    const Case = struct { Instruction, ?CheckError };
    const cases = [_]Case{
        .{ .{ .code = op.ld_abs, .jt = 0, .jf = 0, .k = 60 }, null },
        .{ .{ .code = op.ld_abs, .jt = 0, .jf = 0, .k = 64 }, error.BadOffset },
        .{ .{ .code = op.ld_abs, .jt = 0, .jf = 0, .k = 2 }, error.BadOffset },
        .{ .{ .code = op.ja, .jt = 0, .jf = 0, .k = 0 }, null },
        .{ .{ .code = op.ja, .jt = 0, .jf = 0, .k = 1 }, error.BadJump },
        .{ .{ .code = op.jeq_k, .jt = 0, .jf = 1, .k = 1 }, error.BadJump },
        .{ .{ .code = 0x30, .jt = 0, .jf = 0, .k = 0 }, error.UnknownOpcode },
    };
    for (cases) |case| {
        const program = [_]Instruction{ case[0], ret };
        if (case[1]) |expected| {
            try testing.expectError(expected, check(&program));
        } else try check(&program);
    }
    try testing.expectError(error.BadLength, check(&.{}));
    try testing.expectError(error.NoReturn, check(&.{.{ .code = op.and_k, .jt = 0, .jf = 0, .k = 0 }}));
    const long: [max_instructions + 1]Instruction = @splat(ret);
    try testing.expectError(error.BadLength, check(&long));
    try check(long[1..]);
}
