//! Random profiles and random system calls to ask them about. Everything
//! follows from the seed. Test only.

const std = @import("std");
const Allocator = std.mem.Allocator;
const seccomp = @import("seccomp");
const profile_types = seccomp.profile;
const Architecture = profile_types.Architecture;
const Profile = seccomp.Profile;
const Random = std.Random;

/// What conditional rules look like.
pub const Mode = enum {
    /// EQ and MASKED_EQ only, several conditions, several actions.
    equalities,
    /// One condition each, of any operator but MASKED_EQ, one action, and all
    /// values with one high word.
    intervals,
    /// Anything, but one conditional rule for a call.
    separate,
    /// Anything at all.
    wild,
};

pub const Shape = struct {
    mode: Mode = .wild,
    /// Upper bounds; the actual numbers are random.
    rules: usize = 24,
    names_per_rule: usize = 12,
    /// Conditional rules are about this many calls, so that they meet.
    hot_names: usize = 4,
    /// Seldom otherwise: one name in this many is a call with conditional
    /// rules, which it then makes pointless.
    pointless_one_in: u32 = 64,
    /// Null for a random one.
    native: ?Architecture = null,
};

pub const Generated = struct {
    native: Architecture,
    profile: Profile,
};

pub fn generate(arena: Allocator, random: Random, shape: Shape) Allocator.Error!Generated {
    const native = shape.native orelse random.enumValue(Architecture);
    const default_action = random_default_action(random);
    var hot: [128]u16 = undefined;
    for (hot[0..shape.hot_names]) |*id| id.* = random_name(random, native);
    const common_action = rule_action(random);
    const common_errno = errno_of(random, common_action);
    const high_word = if (random.boolean()) 0 else value(random) & 0xffff_ffff_0000_0000;
    var used: std.DynamicBitSetUnmanaged = try .initEmpty(arena, seccomp.syscall_table.name_count);

    const rules = try arena.alloc(profile_types.Rule, random.uintAtMost(usize, shape.rules));
    for (rules) |*rule| {
        const conditional = random.boolean();
        const common = conditional and shape.mode == .intervals;
        const action = if (common) common_action else rule_action(random);
        var names: std.ArrayList([]const u8) = .empty;
        for (0..random.uintAtMost(usize, if (conditional) 2 else shape.names_per_rule)) |_| {
            const use_hot = if (conditional)
                random.uintLessThan(u32, 8) > 0
            else
                random.uintLessThan(u32, shape.pointless_one_in) == 0;
            const id = if (use_hot)
                hot[random.uintLessThan(usize, shape.hot_names)]
            else
                random_name(random, native);
            if (!use_hot and !conditional and std.mem.findScalar(u16, hot[0..shape.hot_names], id) != null) {
                continue;
            }
            if (conditional and shape.mode == .separate) {
                if (used.isSet(id)) continue;
                used.set(id);
            }
            const name = if (random.uintLessThan(u32, 64) == 0)
                "no_such_call"
            else
                seccomp.syscall_table.name(id);
            // Refused, and rightly: validate.zig has a test for it.
            const refused = action == .SCMP_ACT_NOTIFY and std.mem.eql(u8, name, "write");
            try names.append(arena, if (refused) "read" else name);
        }
        rule.* = .{
            .names = names.items,
            .action = action,
            .errno_ret = if (common) common_errno else errno_of(random, action),
            .args = if (conditional) try arguments(arena, random, shape.mode, high_word) else &.{},
        };
    }
    return .{
        .native = native,
        .profile = .{
            .default_action = default_action,
            .default_errno_ret = errno_of(random, default_action),
            .architectures = try architectures(arena, random, native),
            .flags = &.{},
            .syscalls = rules,
        },
    };
}

fn random_name(random: Random, native: Architecture) u16 {
    // Mostly names that the native architecture has.
    for (0..8) |_| {
        const id = random.uintLessThan(u16, seccomp.syscall_table.name_count);
        if (seccomp.explain.number_of_name(native, seccomp.syscall_table.name(id)) != null) return id;
    }
    return random.uintLessThan(u16, seccomp.syscall_table.name_count);
}

fn random_default_action(random: Random) profile_types.Action {
    const choices = [_]profile_types.Action{
        .SCMP_ACT_ERRNO,        .SCMP_ACT_ERRNO, .SCMP_ACT_ERRNO, .SCMP_ACT_KILL,  .SCMP_ACT_KILL_THREAD,
        .SCMP_ACT_KILL_PROCESS, .SCMP_ACT_TRAP,  .SCMP_ACT_TRACE, .SCMP_ACT_ALLOW, .SCMP_ACT_ALLOW,
        .SCMP_ACT_LOG,
    };
    return choices[random.uintLessThan(usize, choices.len)];
}

fn rule_action(random: Random) profile_types.Action {
    return switch (random.uintLessThan(u32, 4)) {
        0, 1 => .SCMP_ACT_ALLOW,
        2 => .SCMP_ACT_ERRNO,
        else => random.enumValue(profile_types.Action),
    };
}

fn errno_of(random: Random, action: profile_types.Action) u32 {
    return switch (action) {
        .SCMP_ACT_ERRNO => if (random.boolean()) 1 else random.uintLessThan(u32, 134),
        .SCMP_ACT_TRACE => random.int(u16),
        else => 1,
    };
}

fn architectures(arena: Allocator, random: Random, native: Architecture) ![]const Architecture {
    const all = std.enums.values(Architecture);
    const wanted = random.uintAtMost(usize, 3);
    const list = try arena.alloc(Architecture, wanted);
    for (list) |*architecture| {
        while (true) {
            architecture.* = if (native == .SCMP_ARCH_X86_64 and random.boolean())
                if (random.boolean()) .SCMP_ARCH_X86 else .SCMP_ARCH_X32
            else
                all[random.uintLessThan(usize, all.len)];
            if (seccomp.explain.endian_of(architecture.*) == seccomp.explain.endian_of(native)) break;
        }
    }
    return list;
}

fn arguments(arena: Allocator, random: Random, mode: Mode, high_word: u64) ![]const profile_types.Argument {
    const count: usize = if (mode == .intervals) 1 else switch (random.uintLessThan(u32, 8)) {
        0...3 => 1,
        4, 5 => 2,
        6 => 3,
        else => random.uintAtMost(usize, 6),
    };
    const list = try arena.alloc(profile_types.Argument, count);
    for (list, 0..) |*argument, position| {
        // Two conditions on one argument are two rules.
        const repeat = (mode == .wild or mode == .equalities) and random.uintLessThan(u32, 8) == 0;
        argument.* = .{
            .index = if (repeat or position == 0) random.uintLessThan(u32, 3) else @intCast(
                (list[position - 1].index + 1) % 6,
            ),
            .value = .{ .value = value(random) },
            .value_two = .{ .value = value(random) },
            .op = operator(random, mode),
        };
        if (mode == .intervals) argument.value.value = high_word | argument.value.value & 0xffff_ffff;
    }
    return list;
}

fn operator(random: Random, mode: Mode) profile_types.Operator {
    return switch (mode) {
        .equalities => if (random.boolean()) .SCMP_CMP_EQ else .SCMP_CMP_MASKED_EQ,
        .intervals => while (true) {
            const choice = random.enumValue(profile_types.Operator);
            if (choice != .SCMP_CMP_MASKED_EQ) break choice;
        },
        .separate, .wild => random.enumValue(profile_types.Operator),
    };
}

/// Values that meet each other and the borders of the words.
pub fn value(random: Random) u64 {
    const full = std.math.maxInt(u64);
    return switch (random.uintLessThan(u32, 12)) {
        0...4 => random.uintLessThan(u64, 6),
        5 => @as(u64, 1) << random.int(u6),
        6 => full - random.uintLessThan(u64, 3),
        7 => std.math.maxInt(u32) - random.uintLessThan(u64, 2),
        8 => (@as(u64, random.uintLessThan(u32, 4)) << 32) + random.uintLessThan(u64, 4),
        9 => random.int(u32),
        10 => random.int(u64),
        else => 0,
    };
}

/// Arguments near what the profile compares with.
pub fn vector(random: Random, profile: *const Profile) [6]u64 {
    var result: [6]u64 = undefined;
    for (&result) |*argument| argument.* = value(random);
    if (profile.syscalls.len == 0) return result;
    for (0..random.uintAtMost(usize, 3)) |_| {
        const rule = profile.syscalls[random.uintLessThan(usize, profile.syscalls.len)];
        for (rule.args) |argument| {
            const base = if (argument.op == .SCMP_CMP_MASKED_EQ)
                argument.value_two.value
            else
                argument.value.value;
            result[argument.index] = switch (random.uintLessThan(u32, 8)) {
                0 => base +% 1,
                1 => base -% 1,
                2 => base ^ (@as(u64, 1) << random.int(u6)),
                else => base,
            };
        }
    }
    return result;
}
