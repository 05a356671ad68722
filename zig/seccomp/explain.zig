//! What a profile answers for one system call, and by which rule: for `bunc explain --seccomp`. Goes by the
//! rules, not by the program; the tests hold the two against each other.
//!
//! Runs in the library (process `bunc`); pure.

const std = @import("std");
const Allocator = std.mem.Allocator;
const arch = @import("arch.zig");
const bpf = @import("bpf.zig");
const condition = @import("condition.zig");
const interpreter = @import("interpreter.zig");
const multiplex = @import("multiplex.zig");
const numbers = @import("numbers.zig");
const profile_types = @import("profile.zig");
const rules = @import("rules.zig");
const syscall_table = @import("syscall_table.zig");
const compile = @import("compile.zig");
const Architecture = profile_types.Architecture;
const Profile = profile_types.Profile;
const RET = std.os.linux.SECCOMP.RET;

pub const Reason = enum {
    /// `rule` of the answer decides.
    rule,
    /// No rule matches: the default action.
    default,
    /// The number is above all that the profile names: ENOSYS, so that a libc
    /// takes it for an old kernel and falls back.
    newer_than_profile,
    /// The architecture is not part of the filter.
    bad_architecture,
};

pub const Answer = struct {
    /// What the filter returns, seccomp(2).
    value: u32,
    reason: Reason,
    /// Index into the profile's syscalls; for reason `rule`.
    rule: ?u16,

    /// Of the return value, in the specification's words.
    pub fn action(answer: Answer) profile_types.Action {
        return switch (answer.value & RET.ACTION_FULL) {
            RET.KILL_THREAD => .SCMP_ACT_KILL_THREAD,
            RET.KILL_PROCESS => .SCMP_ACT_KILL_PROCESS,
            RET.TRAP => .SCMP_ACT_TRAP,
            RET.ERRNO => .SCMP_ACT_ERRNO,
            RET.TRACE => .SCMP_ACT_TRACE,
            RET.ALLOW => .SCMP_ACT_ALLOW,
            RET.LOG => .SCMP_ACT_LOG,
            RET.USER_NOTIF => .SCMP_ACT_NOTIFY,
            else => unreachable, // Action.returnValue makes no other
        };
    }

    /// The errno, or the message for the tracer.
    pub fn data(answer: Answer) u16 {
        return @intCast(answer.value & RET.DATA);
    }
};

pub const Explainer = struct {
    arena: Allocator,
    profile: *const Profile,
    resolved: compile.Resolved,

    /// The profile must be one that compile() accepts.
    pub fn init(arena: Allocator, profile: *const Profile, native: Architecture) Allocator.Error!Explainer {
        return .{ .arena = arena, .profile = profile, .resolved = try .init(arena, profile, native) };
    }

    /// `data.architecture` is an audit token; see audit_token.
    pub fn answer(explainer: *const Explainer, data: *const interpreter.Data) Allocator.Error!Answer {
        const value, const reason: Reason = switch (explainer.treatment(data)) {
            .default => return explainer.default(),
            .enosys => .{ numbers.enosys_value, .newer_than_profile },
            .bad_architecture => .{ numbers.bad_architecture_value, .bad_architecture },
            .rule => switch (try explainer.decision(data)) {
                .default => return explainer.default(),
                .always => |it| return .{ .value = it.action, .reason = .rule, .rule = it.rule },
                .conditional => |alternatives| {
                    for (alternatives) |alternative| {
                        if (!condition.all_match(alternative.conditions, data.arguments)) continue;
                        return .{ .value = alternative.action, .reason = .rule, .rule = alternative.rule };
                    }
                    return explainer.default();
                },
            },
        };
        return .{ .value = value, .reason = reason, .rule = null };
    }

    /// All that the rules say of the system call, whatever its arguments.
    pub fn decision(
        explainer: *const Explainer,
        data: *const interpreter.Data,
    ) Allocator.Error!rules.Decision {
        const rule = switch (explainer.treatment(data)) {
            .rule => |it| it,
            else => return .default,
        };
        const group = explainer.group_of(data.architecture).?;
        return group.rules[rule.member].decision(explainer.arena, rule.slot);
    }

    fn treatment(explainer: *const Explainer, data: *const interpreter.Data) numbers.Treatment {
        const group = explainer.group_of(data.architecture) orelse return .bad_architecture;
        var finder: Finder = .{ .number = data.number };
        group.for_each(&finder) catch |err| switch (err) {};
        return finder.treatment;
    }

    fn group_of(explainer: *const Explainer, token: u32) ?*const numbers.Group {
        for (explainer.resolved.groups) |*group| if (group.audit_token() == token) return group;
        return null;
    }

    fn default(explainer: *const Explainer) Answer {
        const profile = explainer.profile;
        return .{
            .value = profile.default_action.return_value(profile.default_errno_ret),
            .reason = .default,
            .rule = null,
        };
    }
};

const Finder = struct {
    number: u32,
    treatment: numbers.Treatment = .default,

    pub fn from(finder: *Finder, first: u32, treatment: numbers.Treatment) error{}!void {
        if (first <= finder.number) finder.treatment = treatment;
    }
};

/// The number of a named system call, or null if the architecture lacks it.
pub fn number_of_name(architecture: Architecture, name: []const u8) ?u32 {
    const table = arch.traits(architecture).table;
    const slot = syscall_table.slot_of(table, syscall_table.find(name) orelse return null) orelse return null;
    return syscall_table.number_of(table, slot);
}

/// The name of a number, or null.
pub fn name_of_number(architecture: Architecture, number: u32) ?[]const u8 {
    return syscall_table.name_of_number(arch.traits(architecture).table, number);
}

/// Byte order of the words of a system call's arguments.
pub fn endian_of(architecture: Architecture) std.builtin.Endian {
    return arch.traits(architecture).endian;
}

/// Whether calls also come through socketcall(2) or ipc(2), and this is one.
pub fn is_multiplexed(architecture: Architecture, name: []const u8) bool {
    if (!arch.traits(architecture).multiplexed) return false;
    return multiplex.find(syscall_table.find(name) orelse return false) != null;
}

/// seccomp_data.arch for the architecture.
pub fn audit_token(architecture: Architecture) u32 {
    return arch.traits(architecture).audit_token;
}

test "answers and reasons" {
    const testing = std.testing;
    var arena_state: std.heap.ArenaAllocator = .init(testing.allocator);
    defer arena_state.deinit();
    const arena = arena_state.allocator();
    const profile: Profile = .{
        .default_action = .SCMP_ACT_ERRNO,
        .default_errno_ret = 1,
        .architectures = &.{.SCMP_ARCH_X86_64},
        .flags = &.{},
        .syscalls = &.{
            .{
                .names = &.{ "read", "close_range" },
                .action = .SCMP_ACT_ALLOW,
                .errno_ret = 1,
                .args = &.{},
            },
            .{ .names = &.{"personality"}, .action = .SCMP_ACT_ALLOW, .errno_ret = 1, .args = &.{
                .{ .index = 0, .value = .{ .value = 8 }, .value_two = .{ .value = 0 }, .op = .SCMP_CMP_EQ },
            } },
            .{ .names = &.{"mount"}, .action = .SCMP_ACT_ERRNO, .errno_ret = 13, .args = &.{} },
        },
    };
    const explainer: Explainer = try .init(arena, &profile, .SCMP_ARCH_X86_64);
    const result = try compile.compile(arena, &profile, .{ .native = .SCMP_ARCH_X86_64 });
    const x86_64 = audit_token(.SCMP_ARCH_X86_64);
    const Case = struct { u32, u32, u64, Answer };
    const cases = [_]Case{
        .{ x86_64, 0, 0, .{ .value = RET.ALLOW, .reason = .rule, .rule = 0 } },
        .{ x86_64, 1, 0, .{ .value = RET.ERRNO | 1, .reason = .default, .rule = null } },
        .{ x86_64, 135, 8, .{ .value = RET.ALLOW, .reason = .rule, .rule = 1 } },
        .{ x86_64, 135, 8 + (1 << 32), .{ .value = RET.ERRNO | 1, .reason = .default, .rule = null } },
        .{ x86_64, 165, 0, .{ .value = RET.ERRNO | 13, .reason = .rule, .rule = 2 } },
        .{ x86_64, 437, 0, .{ .value = RET.ERRNO | 38, .reason = .newer_than_profile, .rule = null } },
        .{
            x86_64,
            arch.x32_bit,
            0,
            .{ .value = RET.KILL_THREAD, .reason = .bad_architecture, .rule = null },
        },
        .{
            audit_token(.SCMP_ARCH_X86),
            3,
            0,
            .{ .value = RET.KILL_THREAD, .reason = .bad_architecture, .rule = null },
        },
    };
    for (cases) |case| {
        const data: interpreter.Data = .{
            .architecture = case[0],
            .number = case[1],
            .arguments = .{ case[2], 0, 0, 0, 0, 0 },
        };
        try testing.expectEqual(case[3], try explainer.answer(&data));
        try testing.expectEqual(case[3].value, interpreter.run(result.program, &data, .little).value);
    }
    try testing.expectEqual(135, number_of_name(.SCMP_ARCH_X86_64, "personality"));
    try testing.expectEqual(136, number_of_name(.SCMP_ARCH_X86, "personality"));
    try testing.expectEqual(null, number_of_name(.SCMP_ARCH_AARCH64, "open"));
    try testing.expectEqualStrings("clone3", name_of_number(.SCMP_ARCH_AARCH64, 435).?);
    try testing.expectEqual(
        profile_types.Action.SCMP_ACT_ERRNO,
        (Answer{ .value = RET.ERRNO | 13, .reason = .default, .rule = null }).action(),
    );
}
