//! The eBPF program that decides which devices the processes of a cgroup v2 may open or make.
//! Pure: rules in, instructions out. Runs in the bunc process; devices.zig loads what comes out.
//!
//! The rules are those that cgroup v1 would hold after all of the configuration's rules have been applied
//! to it (TypeScript has done that): one default, and exceptions to it.

const std = @import("std");

/// BPF_DEVCG_ACC_* and BPF_DEVCG_DEV_* of linux/bpf.h.
pub const access_mknod = 1;
pub const access_read = 2;
pub const access_write = 4;
const access_all = access_mknod | access_read | access_write;

pub const DeviceType = enum {
    block,
    char,

    fn number(self: DeviceType) u32 {
        return switch (self) {
            .block => 1,
            .char => 2,
        };
    }
};

pub const DeviceException = struct {
    type: DeviceType,
    /// null: every number.
    major: ?u32,
    minor: ?u32,
    /// access_* mask.
    access: u32,
};

pub const DeviceRules = struct {
    /// Whether what no exception matches is allowed.
    allow: bool,
    exceptions: []const DeviceException,
};

/// struct bpf_insn
pub const Instruction = extern struct {
    code: u8,
    registers: u8,
    offset: i16 = 0,
    immediate: i32 = 0,

    fn destination(register: u4) u8 {
        return if (little_endian) register else @as(u8, register) << 4;
    }
    fn source(register: u4) u8 {
        return if (little_endian) @as(u8, register) << 4 else register;
    }
};
const little_endian = @import("builtin").cpu.arch.endian() == .little;

/// BPF_LDX|BPF_MEM|BPF_W and so on: linux/bpf.h, linux/bpf_common.h.
const code = struct {
    const load_word = 0x61;
    const and_immediate = 0x54;
    const shift_right_immediate = 0x74;
    const move_immediate = 0xb4;
    const jump = 0x05;
    const jump_not_equal = 0x56;
    const jump_any_set = 0x46;
    const exit = 0x95;
};

const register_result = 0;
const register_context = 1;
const register_type = 2;
const register_access = 3;
const register_major = 4;
const register_minor = 5;

const prologue_length = 6;
const exception_length_max = 7;
const epilogue_length = 2;

pub fn length_max(rules: DeviceRules) usize {
    return prologue_length + rules.exceptions.len * exception_length_max + epilogue_length;
}

/// The program for `rules` in `buffer`, which has room for `length_max`.
pub fn generate(rules: DeviceRules, buffer: []Instruction) []const Instruction {
    std.debug.assert(buffer.len >= length_max(rules));
    var program: Program = .{ .buffer = buffer };
    // struct bpf_cgroup_dev_ctx { u32 access_type (access << 16 | type), major, minor }
    program.load(register_type, 0);
    program.immediate(code.and_immediate, register_type, 0xffff);
    program.load(register_access, 0);
    program.immediate(code.shift_right_immediate, register_access, 16);
    program.load(register_major, 4);
    program.load(register_minor, 8);
    for (rules.exceptions) |exception| append_exception(&program, exception, rules.allow);
    program.result(rules.allow);
    return buffer[0..program.length];
}

fn append_exception(program: *Program, exception: DeviceException, default_allow: bool) void {
    std.debug.assert(exception.access & ~@as(u32, access_all) == 0 and exception.access != 0);
    const start = program.length;
    program.unless_equal(register_type, exception.type.number());
    if (exception.access != access_all) {
        if (default_allow) {
            // A denial holds as soon as one of the denied kinds of access is asked for: opening a file for
            // reading and writing is not let through where only writing is denied.
            program.jump_if_any(register_access, exception.access, 1);
            program.append(.{ .code = code.jump, .registers = 0, .offset = to_next });
        } else {
            // A permission holds only when nothing but permitted kinds of access is asked for.
            program.jump_if_any(register_access, access_all & ~exception.access, to_next);
        }
    }
    if (exception.major) |major| program.unless_equal(register_major, major);
    if (exception.minor) |minor| program.unless_equal(register_minor, minor);
    program.result(!default_allow);
    // Now it is known where the next exception begins.
    for (program.buffer[start..program.length], start..) |*instruction, index| {
        if (instruction.offset == to_next) instruction.offset = @intCast(program.length - index - 1);
    }
}

/// Stands for "to the next exception" until that is known.
const to_next = std.math.minInt(i16);

const Program = struct {
    buffer: []Instruction,
    length: usize = 0,

    fn append(self: *Program, instruction: Instruction) void {
        self.buffer[self.length] = instruction;
        self.length += 1;
    }

    fn load(self: *Program, register: u4, offset: i16) void {
        self.append(.{
            .code = code.load_word,
            .registers = Instruction.destination(register) | Instruction.source(register_context),
            .offset = offset,
        });
    }

    fn immediate(self: *Program, operation: u8, register: u4, value: u32) void {
        self.append(.{ .code = operation, .registers = Instruction.destination(register), .immediate = @bitCast(value) });
    }

    /// 32-bit comparison: with the 64-bit one, a number of 2^31 or more would be sign-extended and never match.
    fn unless_equal(self: *Program, register: u4, value: u32) void {
        self.append(.{
            .code = code.jump_not_equal,
            .registers = Instruction.destination(register),
            .offset = to_next,
            .immediate = @bitCast(value),
        });
    }

    fn jump_if_any(self: *Program, register: u4, bits: u32, offset: i16) void {
        self.append(.{
            .code = code.jump_any_set,
            .registers = Instruction.destination(register),
            .offset = offset,
            .immediate = @bitCast(bits),
        });
    }

    fn result(self: *Program, allow: bool) void {
        self.immediate(code.move_immediate, register_result, @intFromBool(allow));
        self.append(.{ .code = code.exit, .registers = 0 });
    }
};

const Access = struct { type: DeviceType, major: u32, minor: u32, access: u32 };

/// What the kernel would do with the program, for the tests.
fn interpret(program: []const Instruction, access: Access) !bool {
    const context = [3]u32{ access.access << 16 | access.type.number(), access.major, access.minor };
    var registers: [11]u32 = @splat(0);
    var index: usize = 0;
    while (true) {
        const instruction = program[index];
        const register: u4 = @intCast(if (little_endian) instruction.registers & 15 else instruction.registers >> 4);
        const value: u32 = @bitCast(instruction.immediate);
        index += 1;
        // Only forwards: the program ends.
        if (instruction.offset < 0) return error.Backwards;
        switch (instruction.code) {
            code.load_word => registers[register] = context[@intCast(@divExact(instruction.offset, 4))],
            code.and_immediate => registers[register] &= value,
            code.shift_right_immediate => registers[register] >>= @intCast(value),
            code.move_immediate => registers[register] = value,
            code.jump => index += @intCast(instruction.offset),
            code.jump_not_equal => {
                if (registers[register] != value) index += @intCast(instruction.offset);
            },
            code.jump_any_set => {
                if (registers[register] & value != 0) index += @intCast(instruction.offset);
            },
            code.exit => return registers[register_result] != 0,
            else => return error.UnknownInstruction,
        }
    }
}

/// The same decision straight from the rules, as devcgroup_check_permission of cgroup v1 takes it.
fn decide(rules: DeviceRules, access: Access) bool {
    for (rules.exceptions) |exception| {
        if (exception.type != access.type) continue;
        if (exception.major) |major| if (major != access.major) continue;
        if (exception.minor) |minor| if (minor != access.minor) continue;
        if (rules.allow) {
            if (exception.access & access.access != 0) return false;
        } else {
            if (access.access & ~exception.access == 0) return true;
        }
    }
    return rules.allow;
}

test "a device that may be read is not opened for writing, and one that may not be written not for both" {
    var buffer: [64]Instruction = undefined;
    const cases = [_]struct { default: bool, exception: u32, asked: u32, allowed: bool }{
        .{ .default = false, .exception = access_read, .asked = access_read, .allowed = true },
        .{ .default = false, .exception = access_read, .asked = access_read | access_write, .allowed = false },
        .{ .default = false, .exception = access_all, .asked = access_read | access_write, .allowed = true },
        .{ .default = false, .exception = access_mknod, .asked = access_mknod, .allowed = true },
        .{ .default = false, .exception = access_mknod, .asked = access_read, .allowed = false },
        .{ .default = true, .exception = access_write, .asked = access_read, .allowed = true },
        .{ .default = true, .exception = access_write, .asked = access_write, .allowed = false },
        .{ .default = true, .exception = access_write, .asked = access_read | access_write, .allowed = false },
        .{ .default = true, .exception = access_all, .asked = access_read, .allowed = false },
    };
    for (cases) |case| {
        const exceptions = [_]DeviceException{.{ .type = .char, .major = 1, .minor = null, .access = case.exception }};
        const program = generate(.{ .allow = case.default, .exceptions = &exceptions }, &buffer);
        const allowed = try interpret(program, .{ .type = .char, .major = 1, .minor = 9, .access = case.asked });
        try std.testing.expectEqual(case.allowed, allowed);
        const other = try interpret(program, .{ .type = .char, .major = 2, .minor = 9, .access = case.asked });
        try std.testing.expectEqual(case.default, other);
    }
}

test "without exceptions the default decides" {
    var buffer: [8]Instruction = undefined;
    for ([_]bool{ true, false }) |allow| {
        const program = generate(.{ .allow = allow, .exceptions = &.{} }, &buffer);
        try std.testing.expectEqual(allow, try interpret(program, .{ .type = .block, .major = 8, .minor = 0, .access = access_read }));
    }
}

test "programs of random rules decide as the rules do" {
    var prng: std.Random.DefaultPrng = .init(20260101);
    const random = prng.random();
    const numbers = [_]u32{ 0, 1, 2, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff };
    var buffer: [256]Instruction = undefined;
    var exceptions: [16]DeviceException = undefined;
    for (0..2000) |_| {
        const count = random.uintLessThan(usize, exceptions.len);
        for (exceptions[0..count]) |*exception| exception.* = .{
            .type = random.enumValue(DeviceType),
            .major = if (random.boolean()) null else numbers[random.uintLessThan(usize, numbers.len)],
            .minor = if (random.boolean()) null else numbers[random.uintLessThan(usize, numbers.len)],
            .access = random.intRangeAtMost(u32, 1, 7),
        };
        const rules: DeviceRules = .{ .allow = random.boolean(), .exceptions = exceptions[0..count] };
        const program = generate(rules, &buffer);
        for (0..20) |_| {
            const access: Access = .{
                .type = random.enumValue(DeviceType),
                .major = numbers[random.uintLessThan(usize, numbers.len)],
                .minor = numbers[random.uintLessThan(usize, numbers.len)],
                .access = random.intRangeAtMost(u32, 1, 7),
            };
            try std.testing.expectEqual(decide(rules, access), try interpret(program, access));
        }
    }
}
