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

/// Opcodes, linux/bpf_common.h: class | size or operation | source.
pub const op = struct {
    pub const ld_abs = 0x20; // BPF_LD | BPF_W | BPF_ABS
    pub const ld_len = 0x80; // BPF_LD | BPF_W | BPF_LEN
    pub const ld_imm = 0x00; // BPF_LD | BPF_IMM
    pub const ld_mem = 0x60; // BPF_LD | BPF_MEM
    pub const ldx_len = 0x81; // BPF_LDX | BPF_W | BPF_LEN
    pub const ldx_imm = 0x01; // BPF_LDX | BPF_IMM
    pub const ldx_mem = 0x61; // BPF_LDX | BPF_MEM
    pub const st = 0x02; // BPF_ST
    pub const stx = 0x03; // BPF_STX
    pub const add_k = 0x04; // BPF_ALU | BPF_ADD | BPF_K
    pub const add_x = 0x0c;
    pub const sub_k = 0x14;
    pub const sub_x = 0x1c;
    pub const mul_k = 0x24;
    pub const mul_x = 0x2c;
    pub const div_k = 0x34;
    pub const div_x = 0x3c;
    pub const or_k = 0x44;
    pub const or_x = 0x4c;
    pub const and_k = 0x54;
    pub const and_x = 0x5c;
    pub const lsh_k = 0x64;
    pub const lsh_x = 0x6c;
    pub const rsh_k = 0x74;
    pub const rsh_x = 0x7c;
    pub const neg = 0x84;
    pub const xor_k = 0xa4;
    pub const xor_x = 0xac;
    pub const ja = 0x05; // BPF_JMP | BPF_JA
    pub const jeq_k = 0x15; // BPF_JMP | BPF_JEQ | BPF_K
    pub const jeq_x = 0x1d;
    pub const jgt_k = 0x25;
    pub const jgt_x = 0x2d;
    pub const jge_k = 0x35;
    pub const jge_x = 0x3d;
    pub const jset_k = 0x45;
    pub const jset_x = 0x4d;
    pub const ret_k = 0x06; // BPF_RET | BPF_K
    pub const ret_a = 0x16; // BPF_RET | BPF_A
    pub const tax = 0x07; // BPF_MISC | BPF_TAX
    pub const txa = 0x87; // BPF_MISC | BPF_TXA
};

/// BPF_MEMWORDS: scratch words a program may use.
pub const memory_words = 16;

pub const CheckError = error{
    BadLength,
    UnknownOpcode,
    BadOffset,
    BadJump,
    BadShift,
    DivisionByZero,
    BadMemoryWord,
    UninitializedMemory,
    NoReturn,
};

/// What seccomp(2) checks with SECCOMP_SET_MODE_FILTER: bpf_check_classic and
/// check_load_and_stores of net/core/filter.c, seccomp_check_filter of
/// kernel/seccomp.c. An error here is EINVAL there.
pub fn check(program: []const Instruction) CheckError!void {
    if (program.len == 0 or program.len > max_instructions) return error.BadLength;
    for (program, 0..) |instruction, pc| try check_instruction(instruction, pc, program.len);
    switch (program[program.len - 1].code) {
        op.ret_k, op.ret_a => {},
        else => return error.NoReturn,
    }
    try check_memory(program);
}

fn check_instruction(instruction: Instruction, pc: usize, len: usize) CheckError!void {
    const k = instruction.k;
    switch (instruction.code) {
        op.ld_abs => if (k >= data_size or k % 4 != 0) return error.BadOffset,
        op.ld_mem, op.ldx_mem, op.st, op.stx => if (k >= memory_words) return error.BadMemoryWord,
        op.div_k => if (k == 0) return error.DivisionByZero,
        op.lsh_k, op.rsh_k => if (k >= 32) return error.BadShift,
        op.ja => if (k >= len - pc - 1) return error.BadJump,
        op.jeq_k, op.jeq_x, op.jgt_k, op.jgt_x, op.jge_k, op.jge_x, op.jset_k, op.jset_x => {
            if (pc + instruction.jt + 1 >= len or pc + instruction.jf + 1 >= len) return error.BadJump;
        },
        op.ld_len, op.ld_imm, op.ldx_len, op.ldx_imm => {},
        op.add_k, op.add_x, op.sub_k, op.sub_x, op.mul_k, op.mul_x, op.div_x => {},
        op.or_k, op.or_x, op.and_k, op.and_x, op.lsh_x, op.rsh_x, op.neg, op.xor_k, op.xor_x => {},
        op.ret_k, op.ret_a, op.tax, op.txa => {},
        else => return error.UnknownOpcode,
    }
}

/// No scratch word may be read on a path that has not written it.
fn check_memory(program: []const Instruction) CheckError!void {
    // For each instruction, the words valid on every path that jumps to it.
    var masks: [max_instructions]u16 = @splat(std.math.maxInt(u16));
    var valid: u16 = 0;
    for (program, 0..) |instruction, pc| {
        valid &= masks[pc];
        switch (instruction.code) {
            op.st, op.stx => valid |= @as(u16, 1) << @intCast(instruction.k),
            op.ld_mem, op.ldx_mem => {
                if (valid & @as(u16, 1) << @intCast(instruction.k) == 0) return error.UninitializedMemory;
            },
            op.ja => {
                masks[pc + 1 + instruction.k] &= valid;
                valid = std.math.maxInt(u16);
            },
            op.jeq_k, op.jeq_x, op.jgt_k, op.jgt_x, op.jge_k, op.jge_x, op.jset_k, op.jset_x => {
                masks[pc + 1 + instruction.jt] &= valid;
                masks[pc + 1 + instruction.jf] &= valid;
                valid = std.math.maxInt(u16);
            },
            else => {},
        }
    }
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
        .{ .{ .code = op.lsh_k, .jt = 0, .jf = 0, .k = 32 }, error.BadShift },
        .{ .{ .code = op.div_k, .jt = 0, .jf = 0, .k = 0 }, error.DivisionByZero },
        .{ .{ .code = op.st, .jt = 0, .jf = 0, .k = 16 }, error.BadMemoryWord },
        .{ .{ .code = op.ld_mem, .jt = 0, .jf = 0, .k = 1 }, error.UninitializedMemory },
        .{ .{ .code = 0x30, .jt = 0, .jf = 0, .k = 0 }, error.UnknownOpcode },
    };
    for (cases) |case| {
        const program = [_]Instruction{ case[0], ret };
        if (case[1]) |expected| {
            try testing.expectError(expected, check(&program));
        } else try check(&program);
    }
    try testing.expectError(error.BadLength, check(&.{}));
    try testing.expectError(error.NoReturn, check(&.{.{ .code = op.tax, .jt = 0, .jf = 0, .k = 0 }}));
    const long: [max_instructions + 1]Instruction = @splat(ret);
    try testing.expectError(error.BadLength, check(&long));
    try check(long[1..]);
}
