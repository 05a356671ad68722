//! Explanations as a call of the library, for `bunc explain --seccomp [SYSCALL]`. Runs in the bunc process.

const std = @import("std");
const arch = @import("arch.zig");
const call_types = @import("call.zig");
const compiler = @import("compile.zig");
const explain = @import("explain.zig");
const interpreter = @import("interpreter.zig");
const profile_types = @import("profile.zig");
const rules = @import("rules.zig");
const syscall_table = @import("syscall_table.zig");
const Call = @import("../call.zig").Call;
const U64 = @import("../integer.zig").U64;

pub const SeccompExplainRequest = struct {
    profile: profile_types.Profile,
    /// Whose system calls are asked about.
    architecture: profile_types.Architecture,
    /// Names or decimal numbers; empty: all calls that the architecture has, by number.
    syscalls: []const []const u8,
    /// Of the call, the first up to six; the others are 0.
    arguments: []const U64,
};

pub const SeccompExplainReply = struct {
    answers: []const SeccompAnswer,
    /// Of the request's `syscalls`: neither a name that the architecture has nor a number.
    not_found: []const []const u8,
    unknown_syscalls: []const SeccompUnknown,
    /// The architectures that the filter knows.
    architectures: []const profile_types.Architecture,
};

pub const SeccompUnknown = struct { rule: u32, name: []const u8 };

pub const SeccompAnswer = struct {
    /// Empty where the architecture has no such number.
    name: []const u8,
    number: u32,
    action: profile_types.Action,
    /// The errno of SCMP_ACT_ERRNO, the message of SCMP_ACT_TRACE; else 0.
    data: u32,
    reason: explain.Reason,
    /// Index into linux.seccomp.syscalls; for reason `rule` only.
    rule: ?u32,
    /// BPF instructions that the kernel executes to say so.
    instructions: u32,
    /// What the answer depends on, if it does on the arguments; the first that matches wins.
    alternatives: []const SeccompAlternative,
};

pub const SeccompAlternative = struct {
    rule: u32,
    action: profile_types.Action,
    data: u32,
    /// All must hold.
    conditions: []const SeccompCondition,
};

/// (argument & mask) op value
pub const SeccompCondition = struct {
    argument: u32,
    op: profile_types.Operator,
    mask: U64,
    value: U64,
};

pub fn seccomp_explain(call: *Call, request: SeccompExplainRequest) Call.Error!SeccompExplainReply {
    const arena = call.arena;
    const result = try call_types.compile(call, &request.profile);
    const asker: Asker = .{
        .arena = arena,
        .result = &result,
        .explainer = try .init(arena, &request.profile, arch.native),
        .request = &request,
    };
    var answers: std.ArrayList(SeccompAnswer) = .empty;
    var not_found: std.ArrayList([]const u8) = .empty;
    if (request.syscalls.len == 0) {
        const table = arch.traits(request.architecture).table;
        for (0..syscall_table.slot_count) |slot| {
            const number = syscall_table.number_of(table, @intCast(slot));
            if (explain.name_of_number(request.architecture, number) != null) {
                try answers.append(arena, try asker.ask(number));
            }
        }
    } else for (request.syscalls) |text| {
        if (number_of(request.architecture, text)) |number| {
            try answers.append(arena, try asker.ask(number));
        } else try not_found.append(arena, text);
    }
    const unknown = try arena.alloc(SeccompUnknown, result.unknown_syscalls.len);
    for (unknown, result.unknown_syscalls) |*target, source| target.* = .{
        .rule = source.rule,
        .name = source.name,
    };
    return .{
        .answers = answers.items,
        .not_found = not_found.items,
        .unknown_syscalls = unknown,
        .architectures = result.architectures,
    };
}

fn number_of(architecture: profile_types.Architecture, text: []const u8) ?u32 {
    if (explain.number_of_name(architecture, text)) |number| return number;
    for (text) |byte| if (!std.ascii.isDigit(byte)) return null;
    return std.fmt.parseInt(u32, text, 10) catch null;
}

const Asker = struct {
    arena: std.mem.Allocator,
    result: *const compiler.Result,
    explainer: explain.Explainer,
    request: *const SeccompExplainRequest,

    fn ask(asker: *const Asker, number: u32) Call.Error!SeccompAnswer {
        const architecture = asker.request.architecture;
        var data: interpreter.Data = .{ .number = number, .architecture = explain.audit_token(architecture) };
        for (asker.request.arguments[0..@min(6, asker.request.arguments.len)], 0..) |argument, index| {
            data.arguments[index] = argument.value;
        }
        const answer = try asker.explainer.answer(&data);
        const outcome = interpreter.run(asker.result.program, &data, explain.endian_of(arch.native));
        std.debug.assert(outcome.value == answer.value);
        return .{
            .name = explain.name_of_number(architecture, number) orelse "",
            .number = number,
            .action = answer.action(),
            .data = answer.data(),
            .reason = answer.reason,
            .rule = if (answer.rule) |rule| rule else null,
            .instructions = outcome.executed,
            .alternatives = switch (try asker.explainer.decision(&data)) {
                .conditional => |alternatives| try asker.describe(alternatives),
                .default, .always => &.{},
            },
        };
    }

    fn describe(
        asker: *const Asker,
        alternatives: []const rules.Alternative,
    ) Call.Error![]const SeccompAlternative {
        const described = try asker.arena.alloc(SeccompAlternative, alternatives.len);
        for (alternatives, described) |source, *target| {
            const conditions = try asker.arena.alloc(SeccompCondition, source.conditions.len);
            for (source.conditions, conditions) |from, *to| to.* = .{
                .argument = from.argument,
                .op = from.operator,
                .mask = .{ .value = from.mask },
                .value = .{ .value = from.value },
            };
            const answer: explain.Answer = .{ .value = source.action, .reason = .rule, .rule = source.rule };
            target.* = .{
                .rule = source.rule,
                .action = answer.action(),
                .data = answer.data(),
                .conditions = conditions,
            };
        }
        return described;
    }
};

test "one call, all calls, and what is not found" {
    const testing = std.testing;
    if (arch.native != .SCMP_ARCH_X86_64) return error.SkipZigTest;
    var arena_state: std.heap.ArenaAllocator = .init(testing.allocator);
    defer arena_state.deinit();
    var call: Call = .{ .arena = arena_state.allocator() };
    var request: SeccompExplainRequest = .{
        .profile = .{
            .default_action = .SCMP_ACT_ERRNO,
            .default_errno_ret = 1,
            .architectures = &.{},
            .flags = &.{},
            .syscalls = &.{
                .{
                    .names = &.{ "read", "no_such_call", "clone3" },
                    .action = .SCMP_ACT_ALLOW,
                    .errno_ret = 1,
                    .args = &.{},
                },
                .{ .names = &.{"socket"}, .action = .SCMP_ACT_ERRNO, .errno_ret = 22, .args = &.{
                    .{
                        .index = 0,
                        .value = .{ .value = 16 },
                        .value_two = .{ .value = 0 },
                        .op = .SCMP_CMP_EQ,
                    },
                } },
            },
        },
        .architecture = .SCMP_ARCH_X86_64,
        .syscalls = &.{ "socket", "999", "no_such_call", "0" },
        .arguments = &.{.{ .value = 16 }},
    };
    const some = try seccomp_explain(&call, request);
    try testing.expectEqual(3, some.answers.len);
    try testing.expectEqualStrings("socket", some.answers[0].name);
    try testing.expectEqual(22, some.answers[0].data);
    try testing.expectEqual(1, some.answers[0].rule);
    try testing.expectEqual(1, some.answers[0].alternatives.len);
    try testing.expectEqual(16, some.answers[0].alternatives[0].conditions[0].value.value);
    try testing.expectEqual(.newer_than_profile, some.answers[1].reason);
    try testing.expectEqualStrings("", some.answers[1].name);
    try testing.expectEqualStrings("read", some.answers[2].name);
    try testing.expectEqual(1, some.not_found.len);
    try testing.expectEqualStrings("no_such_call", some.unknown_syscalls[0].name);

    request.syscalls = &.{};
    const all = try seccomp_explain(&call, request);
    try testing.expect(all.answers.len > 380);
    for (all.answers[1..], all.answers[0 .. all.answers.len - 1]) |answer, previous| {
        try testing.expect(answer.number > previous.number);
    }

    request.profile.default_action = .SCMP_ACT_NOTIFY;
    try testing.expectError(error.Failed, seccomp_explain(&call, request));
    try testing.expectEqualStrings("linux.seccomp.defaultAction", call.failure.?.subject);
}
