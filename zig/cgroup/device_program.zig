//! The eBPF program that decides which devices the processes of a cgroup v2 may open or make.
//! Pure: rules in, instructions out. Runs in the bunc process; devices.zig loads the program.
//!
//! Of the rules that match a device the last one decides, for each kind of access separately: the order is
//! that of the configuration.

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

pub const DeviceRule = struct {
    allow: bool,
    type: DeviceType,
    /// null: every number.
    major: ?u32,
    minor: ?u32,
    /// access_* mask.
    access: u32,
};

pub const DeviceRules = struct {
    /// Whether devices that no rule matches are allowed.
    allow: bool,
    rules: []const DeviceRule,
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
/// The requested kinds of access that no rule has decided yet.
const register_undecided = 3;
const register_major = 4;
const register_minor = 5;

const prologue_length = 6;
const rule_length_max = 7;
const epilogue_length = 2;

pub fn length_max(rules: DeviceRules) usize {
    return prologue_length + rules.rules.len * rule_length_max + epilogue_length;
}

/// The program for `rules` in `buffer`, which has room for `length_max`.
pub fn generate(rules: DeviceRules, buffer: []Instruction) []const Instruction {
    std.debug.assert(buffer.len >= length_max(rules));
    var program: Program = .{ .buffer = buffer };
    // struct bpf_cgroup_dev_ctx { u32 access_type (access << 16 | type), major, minor }
    program.load(register_type, 0);
    program.immediate(code.and_immediate, register_type, 0xffff);
    program.load(register_undecided, 0);
    program.immediate(code.shift_right_immediate, register_undecided, 16);
    program.load(register_major, 4);
    program.load(register_minor, 8);
    // The last rule is asked first, so that the first answer is the right one.
    var index = rules.rules.len;
    while (index > 0) {
        index -= 1;
        append_rule(&program, rules.rules[index]);
    }
    program.result(rules.allow);
    return buffer[0..program.length];
}

fn append_rule(program: *Program, rule: DeviceRule) void {
    std.debug.assert(rule.access & ~@as(u32, access_all) == 0 and rule.access != 0);
    const start = program.length;
    program.unless_equal(register_type, rule.type.number());
    if (rule.major) |major| program.unless_equal(register_major, major);
    if (rule.minor) |minor| program.unless_equal(register_minor, minor);
    if (rule.access != access_all) {
        if (rule.allow) {
            // Allowed once every requested kind of access is.
            program.immediate(code.and_immediate, register_undecided, access_all & ~rule.access);
            program.unless_equal(register_undecided, 0);
        } else {
            // Denied as soon as one kind is: opening for reading and writing fails if only writing is denied.
            program.operate(code.jump_any_set, register_undecided, rule.access, 1);
            program.append(.{ .code = code.jump, .registers = 0, .offset = to_next });
        }
    }
    program.result(rule.allow);
    // Now it is known where the next rule begins.
    for (program.buffer[start..program.length], start..) |*instruction, at| {
        if (instruction.offset == to_next) instruction.offset = @intCast(program.length - at - 1);
    }
}

/// Stands for "to the next rule" until that is known.
const to_next = std.math.minInt(i16);

const Program = struct {
    buffer: []Instruction,
    length: usize = 0,

    fn append(self: *Program, instruction: Instruction) void {
        self.buffer[self.length] = instruction;
        self.length += 1;
    }

    fn load(self: *Program, register: u4, offset: i16) void {
        const registers = Instruction.destination(register) | Instruction.source(register_context);
        self.append(.{ .code = code.load_word, .registers = registers, .offset = offset });
    }

    fn immediate(self: *Program, operation: u8, register: u4, value: u32) void {
        self.operate(operation, register, value, 0);
    }

    /// 32-bit comparison: with the 64-bit one, a number of 2^31 or more would be sign-extended and never
    /// match.
    fn unless_equal(self: *Program, register: u4, value: u32) void {
        self.operate(code.jump_not_equal, register, value, to_next);
    }

    fn operate(self: *Program, operation: u8, register: u4, value: u32, offset: i16) void {
        self.append(.{
            .code = operation,
            .registers = Instruction.destination(register),
            .offset = offset,
            .immediate = @bitCast(value),
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
        const register: u4 =
            @intCast(if (little_endian) instruction.registers & 15 else instruction.registers >> 4);
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

/// The same decision straight from the rules: for each kind of access, the last rule about it.
fn decide(rules: DeviceRules, access: Access) bool {
    for ([_]u32{ access_mknod, access_read, access_write }) |kind| {
        if (access.access & kind == 0) continue;
        var allowed = rules.allow;
        for (rules.rules) |rule| {
            if (rule.type != access.type or rule.access & kind == 0) continue;
            if (rule.major) |major| if (major != access.major) continue;
            if (rule.minor) |minor| if (minor != access.minor) continue;
            allowed = rule.allow;
        }
        if (!allowed) return false;
    }
    return true;
}

test "a device that may be read is not opened for writing, and one that may not be written not for both" {
    var buffer: [64]Instruction = undefined;
    const cases = [_]struct { default: bool, exception: u32, asked: u32, allowed: bool }{
        .{ .default = false, .exception = access_read, .asked = access_read, .allowed = true },
        .{
            .default = false,
            .exception = access_read,
            .asked = access_read | access_write,
            .allowed = false,
        },
        .{ .default = false, .exception = access_all, .asked = access_read | access_write, .allowed = true },
        .{ .default = false, .exception = access_mknod, .asked = access_mknod, .allowed = true },
        .{ .default = false, .exception = access_mknod, .asked = access_read, .allowed = false },
        .{ .default = true, .exception = access_write, .asked = access_read, .allowed = true },
        .{ .default = true, .exception = access_write, .asked = access_write, .allowed = false },
        .{
            .default = true,
            .exception = access_write,
            .asked = access_read | access_write,
            .allowed = false,
        },
        .{ .default = true, .exception = access_all, .asked = access_read, .allowed = false },
    };
    for (cases) |case| {
        const rules = [_]DeviceRule{
            .{ .allow = !case.default, .type = .char, .major = 1, .minor = null, .access = case.exception },
        };
        const program = generate(.{ .allow = case.default, .rules = &rules }, &buffer);
        const allowed =
            try interpret(program, .{ .type = .char, .major = 1, .minor = 9, .access = case.asked });
        try std.testing.expectEqual(case.allowed, allowed);
        const other =
            try interpret(program, .{ .type = .char, .major = 2, .minor = 9, .access = case.asked });
        try std.testing.expectEqual(case.default, other);
    }
}

test "without rules the default decides" {
    var buffer: [8]Instruction = undefined;
    for ([_]bool{ true, false }) |allow| {
        const program = generate(.{ .allow = allow, .rules = &.{} }, &buffer);
        try std.testing.expectEqual(
            allow,
            try interpret(program, .{ .type = .block, .major = 8, .minor = 0, .access = access_read }),
        );
    }
}

test "the order of the rules counts" {
    var buffer: [64]Instruction = undefined;
    const one: DeviceRule =
        .{ .allow = true, .type = .char, .major = 1, .minor = 3, .access = access_read | access_write };
    const class: DeviceRule =
        .{ .allow = false, .type = .char, .major = 1, .minor = null, .access = access_all };
    const device: Access = .{ .type = .char, .major = 1, .minor = 3, .access = access_read | access_write };
    for ([_]struct { rules: [2]DeviceRule, allowed: bool }{
        .{ .rules = .{ class, one }, .allowed = true },
        .{ .rules = .{ one, class }, .allowed = false },
    }) |case| {
        const program = generate(.{ .allow = true, .rules = &case.rules }, &buffer);
        try std.testing.expectEqual(case.allowed, try interpret(program, device));
        // No rule allows making it.
        try std.testing.expect(
            !try interpret(program, .{ .type = .char, .major = 1, .minor = 3, .access = access_mknod }),
        );
    }
}

test "what one rule allows in part, another may complete" {
    var buffer: [64]Instruction = undefined;
    const rules = [_]DeviceRule{
        .{ .allow = true, .type = .block, .major = null, .minor = null, .access = access_read },
        .{ .allow = true, .type = .block, .major = 8, .minor = null, .access = access_write },
    };
    const program = generate(.{ .allow = false, .rules = &rules }, &buffer);
    try std.testing.expect(
        try interpret(
            program,
            .{ .type = .block, .major = 8, .minor = 0, .access = access_read | access_write },
        ),
    );
    try std.testing.expect(
        !try interpret(
            program,
            .{ .type = .block, .major = 9, .minor = 0, .access = access_read | access_write },
        ),
    );
}

test "programs of random rules decide as the rules do" {
    var prng: std.Random.DefaultPrng = .init(20260101);
    const random = prng.random();
    const numbers = [_]u32{ 0, 1, 2, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff };
    var buffer: [256]Instruction = undefined;
    var list: [16]DeviceRule = undefined;
    for (0..2000) |_| {
        const count = random.uintLessThan(usize, list.len);
        for (list[0..count]) |*rule| rule.* = .{
            .allow = random.boolean(),
            .type = random.enumValue(DeviceType),
            .major = if (random.boolean()) null else numbers[random.uintLessThan(usize, numbers.len)],
            .minor = if (random.boolean()) null else numbers[random.uintLessThan(usize, numbers.len)],
            .access = random.intRangeAtMost(u32, 1, 7),
        };
        const rules: DeviceRules = .{ .allow = random.boolean(), .rules = list[0..count] };
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
