//! Runs a classic BPF program as seccomp does, and counts the instructions.
//! For tests and for `bunc explain --seccomp`; pure.

const std = @import("std");
const bpf = @import("bpf.zig");
const op = bpf.op;

/// struct seccomp_data of linux/seccomp.h.
pub const Data = struct {
    number: u32,
    architecture: u32,
    instruction_pointer: u64 = 0,
    arguments: [6]u64 = @splat(0),

    /// The 32-bit word at `offset`, as a machine of that byte order lays it out.
    pub fn word(data: *const Data, offset: u32, endian: std.builtin.Endian) u32 {
        std.debug.assert(offset % 4 == 0 and offset < bpf.data_size);
        if (offset == bpf.offset_number) return data.number;
        if (offset == bpf.offset_architecture) return data.architecture;
        const value = if (offset < bpf.offset_arguments)
            data.instruction_pointer
        else
            data.arguments[(offset - bpf.offset_arguments) / 8];
        const first = offset % 8 == 0;
        return if (first == (endian == .little)) @truncate(value) else @intCast(value >> 32);
    }
};

pub const Outcome = struct {
    /// What the filter returns: an action and its data, seccomp(2).
    value: u32,
    /// Instructions executed, the return included.
    executed: u32,
};

/// Runs `program`, which must have passed bpf.check. Ends, because classic BPF
/// only jumps forward.
pub fn run(program: []const bpf.Instruction, data: *const Data, endian: std.builtin.Endian) Outcome {
    var a: u32 = 0;
    var executed: u32 = 0;
    var pc: usize = 0;
    while (true) {
        const instruction = program[pc];
        const k = instruction.k;
        executed += 1;
        pc += 1;
        switch (instruction.code) {
            op.ld_abs => a = data.word(k, endian),
            op.and_k => a &= k,
            op.ja => pc += k,
            op.jeq_k => pc += if (a == k) instruction.jt else instruction.jf,
            op.jgt_k => pc += if (a > k) instruction.jt else instruction.jf,
            op.jge_k => pc += if (a >= k) instruction.jt else instruction.jf,
            op.jset_k => pc += if (a & k != 0) instruction.jt else instruction.jf,
            op.ret_k => return .{ .value = k, .executed = executed },
            else => unreachable, // bpf.check knows no other
        }
    }
}

test "loads, arithmetic and jumps" {
    const testing = std.testing;
    const program = [_]bpf.Instruction{
        .{ .code = op.ld_abs, .jt = 0, .jf = 0, .k = 24 }, // arguments[1], first word
        .{ .code = op.and_k, .jt = 0, .jf = 0, .k = 0xff },
        .{ .code = op.jeq_k, .jt = 0, .jf = 1, .k = 0x78 },
        .{ .code = op.ret_k, .jt = 0, .jf = 0, .k = 1 },
        .{ .code = op.ret_k, .jt = 0, .jf = 0, .k = 2 },
    };
    try bpf.check(&program);
    const data: Data = .{ .number = 0, .architecture = 0, .arguments = .{ 0, 0x9a_1234_5678, 0, 0, 0, 0 } };
    try testing.expectEqual(Outcome{ .value = 1, .executed = 4 }, run(&program, &data, .little));
    try testing.expectEqual(Outcome{ .value = 2, .executed = 4 }, run(&program, &data, .big));
}
