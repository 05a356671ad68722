//! From the profile's rules to what each system call number of one
//! architecture gets, before any program exists. The compiler and `explain`
//! both start here, so they cannot disagree about names, skipped rules or
//! which rule wins.
//!
//! What follows from runc and libseccomp, whose outcome must be the same:
//! - a rule whose action equals the default action is skipped (runc);
//! - the first unconditional rule of a system call decides; conditional rules
//!   of that call, earlier or later, do not count (libseccomp);
//! - conditional rules are alternatives, ordered by precedence.zig;
//! - two conditions on one argument make one rule of each condition (runc);
//! - a name that an architecture lacks is skipped there; a name that none has
//!   is reported;
//! - where socket and System V IPC calls are multiplexed, a rule for one of
//!   them also covers socketcall(2)/ipc(2) with that call's number as first
//!   argument, in place of any condition on the first argument (libseccomp).
//!
//! Runs in the library (process `bunc`); pure.

const std = @import("std");
const Allocator = std.mem.Allocator;
const arch = @import("arch.zig");
const multiplex = @import("multiplex.zig");
const precedence = @import("precedence.zig");
const syscall_table = @import("syscall_table.zig");
const profile_types = @import("profile.zig");
const Condition = @import("condition.zig").Condition;
const NameId = syscall_table.NameId;
const Profile = profile_types.Profile;
const Slot = syscall_table.Slot;

/// Index into Profile.syscalls.
pub const RuleIndex = u16;

/// Bounds of a profile; far above any in use (Docker's has 30 rules with 420
/// names in all).
pub const max_rules = 8192;
pub const max_names = 32768;

pub const Unknown = struct {
    rule: RuleIndex,
    name: []const u8,
};

/// A rule's action under conditions that must all hold.
pub const Alternative = struct {
    conditions: []const Condition,
    action: u32,
    rule: RuleIndex,
};

pub const Decision = union(enum) {
    /// No rule: the default action.
    default,
    /// One rule, whatever the arguments.
    always: struct { action: u32, rule: RuleIndex },
    /// The first alternative that matches; if none does, the default action.
    conditional: []const Alternative,
};

/// Names looked up once, for all architectures.
pub const Names = struct {
    /// Ids of the known names of all rules, one rule after the other.
    ids: []const NameId,
    /// Where each rule's ids start; one more entry than there are rules.
    starts: []const u16,
    unknown: []const Unknown,

    pub fn resolve(arena: Allocator, profile: *const Profile) Allocator.Error!Names {
        std.debug.assert(profile.syscalls.len <= max_rules);
        var total: usize = 0;
        for (profile.syscalls) |rule| total += rule.names.len;
        std.debug.assert(total <= max_names);

        const ids = try arena.alloc(NameId, total);
        const starts = try arena.alloc(u16, profile.syscalls.len + 1);
        var unknown: std.ArrayList(Unknown) = .empty;
        var count: u16 = 0;
        for (profile.syscalls, 0..) |rule, index| {
            starts[index] = count;
            for (rule.names) |name| {
                if (syscall_table.find(name)) |id| {
                    ids[count] = id;
                    count += 1;
                } else try unknown.append(arena, .{ .rule = @intCast(index), .name = name });
            }
        }
        starts[profile.syscalls.len] = count;
        return .{ .ids = ids[0..count], .starts = starts, .unknown = unknown.items };
    }

    fn of_rule(names: *const Names, rule: usize) []const NameId {
        return names.ids[names.starts[rule]..names.starts[rule + 1]];
    }
};

/// What the rules say for one architecture.
pub const ArchRules = struct {
    entries: [syscall_table.slot_count]Entry,
    alternatives: std.ArrayList(Linked),
    /// The largest number that any rule names, skipped ones included: the base
    /// of runc's ENOSYS rule. Null if it is 0 or there is none.
    last: ?Slot,

    const none = std.math.maxInt(u32);

    const Entry = struct {
        state: enum(u8) { default, always, conditional },
        rule: RuleIndex,
        action: u32,
        /// Of its alternatives, in profile order.
        first: u32,
        final: u32,
    };

    const Linked = struct {
        alternative: Alternative,
        next: u32,
    };

    pub fn build(
        rules: *ArchRules,
        arena: Allocator,
        profile: *const Profile,
        names: *const Names,
        architecture: profile_types.Architecture,
    ) Allocator.Error!void {
        const traits = arch.traits(architecture);
        rules.alternatives = .empty;
        @memset(&rules.entries, .{ .state = .default, .rule = 0, .action = 0, .first = none, .final = none });
        const default_action = profile.default_action.return_value(profile.default_errno_ret);

        var last: ?Slot = null;
        for (profile.syscalls, 0..) |*rule, index| {
            const action = rule.action.return_value(rule.errno_ret);
            const skipped = action == default_action;
            const choices: []const []const Condition =
                if (skipped) &.{} else try conditions_of(arena, rule, traits.wide);
            for (names.of_rule(index)) |id| {
                const call: ?multiplex.Call = if (traits.multiplexed) multiplex.find(id) else null;
                const slot = syscall_table.slot_of(traits.table, id);
                // libseccomp resolves a multiplexed call to a pseudo number, so
                // runc does not count its direct number.
                if (slot != null and call == null and syscall_table.number_of(traits.table, slot.?) > 0) {
                    last = @max(last orelse 0, slot.?);
                }
                for (choices) |conditions| {
                    const alternative: Alternative =
                        .{ .conditions = conditions, .action = action, .rule = @intCast(index) };
                    if (call) |it| try rules.add_multiplexed(arena, traits, it, alternative);
                    if (slot) |it| try rules.add(arena, it, alternative);
                }
            }
        }
        rules.last = last;
    }

    fn add(rules: *ArchRules, arena: Allocator, slot: Slot, alternative: Alternative) Allocator.Error!void {
        const entry = &rules.entries[slot];
        if (entry.state == .always) return;
        if (alternative.conditions.len == 0) {
            entry.* = .{
                .state = .always,
                .rule = alternative.rule,
                .action = alternative.action,
                .first = none,
                .final = none,
            };
            return;
        }
        const index: u32 = @intCast(rules.alternatives.items.len);
        try rules.alternatives.append(arena, .{ .alternative = alternative, .next = none });
        if (entry.first == none) entry.first = index else rules.alternatives.items[entry.final].next = index;
        entry.final = index;
        entry.state = .conditional;
    }

    fn add_multiplexed(
        rules: *ArchRules,
        arena: Allocator,
        traits: arch.Traits,
        call: multiplex.Call,
        alternative: Alternative,
    ) Allocator.Error!void {
        const slot = syscall_table.slot_of(traits.table, call.entry()) orelse return;
        const conditions = try arena.alloc(Condition, alternative.conditions.len + 1);
        conditions[0] = .equals(0, call.number(), traits.wide);
        var count: usize = 1;
        for (alternative.conditions) |condition| {
            if (condition.argument == 0) continue;
            conditions[count] = condition;
            count += 1;
        }
        var multiplexed = alternative;
        multiplexed.conditions = conditions[0..count];
        try rules.add(arena, slot, multiplexed);
    }

    pub fn decision(rules: *const ArchRules, arena: Allocator, slot: Slot) Allocator.Error!Decision {
        const entry = &rules.entries[slot];
        switch (entry.state) {
            .default => return .default,
            .always => return .{ .always = .{ .action = entry.action, .rule = entry.rule } },
            .conditional => {},
        }
        var list: std.ArrayList(Alternative) = .empty;
        var index = entry.first;
        while (index != none) : (index = rules.alternatives.items[index].next) {
            try list.append(arena, rules.alternatives.items[index].alternative);
        }
        try precedence.sort(arena, list.items);
        return .{ .conditional = list.items };
    }
};

/// The conditions of a rule, sorted by argument; more than one set if two
/// conditions are about one argument; one empty set if there are none.
fn conditions_of(
    arena: Allocator,
    rule: *const profile_types.Rule,
    wide: bool,
) Allocator.Error![]const []const Condition {
    const unconditional: []const []const Condition = &.{&.{}};
    if (rule.args.len == 0) return unconditional;

    var seen: u8 = 0;
    var repeated = false;
    for (rule.args) |argument| {
        const bit = @as(u8, 1) << @intCast(argument.index);
        if (seen & bit != 0) repeated = true;
        seen |= bit;
    }

    const conditions = try arena.alloc(Condition, rule.args.len);
    if (repeated) {
        const sets = try arena.alloc([]const Condition, rule.args.len);
        for (rule.args, sets, 0..) |argument, *set, index| {
            if (Condition.from(argument, wide)) |condition| {
                conditions[index] = condition;
                set.* = conditions[index..][0..1];
            } else set.* = &.{};
        }
        return sets;
    }
    var count: usize = 0;
    for (0..@import("condition.zig").argument_count) |position| {
        for (rule.args) |argument| {
            if (argument.index != position) continue;
            conditions[count] = Condition.from(argument, wide) orelse continue;
            count += 1;
        }
    }
    const sets = try arena.alloc([]const Condition, 1);
    sets[0] = conditions[0..count];
    return sets;
}

test "which rule decides" {
    const testing = std.testing;
    var arena_state: std.heap.ArenaAllocator = .init(testing.allocator);
    defer arena_state.deinit();
    const arena = arena_state.allocator();

    const Rule = profile_types.Rule;
    const equal_5: profile_types.Argument =
        .{ .index = 0, .value = .{ .value = 5 }, .value_two = .{ .value = 0 }, .op = .SCMP_CMP_EQ };
    const equal_6: profile_types.Argument =
        .{ .index = 0, .value = .{ .value = 6 }, .value_two = .{ .value = 0 }, .op = .SCMP_CMP_EQ };
    const tautology: profile_types.Argument =
        .{ .index = 1, .value = .{ .value = 0 }, .value_two = .{ .value = 9 }, .op = .SCMP_CMP_MASKED_EQ };
    const syscalls = [_]Rule{
        .{
            .names = &.{ "kill", "made_up", "open" },
            .action = .SCMP_ACT_ALLOW,
            .errno_ret = 1,
            .args = &.{equal_5},
        },
        .{ .names = &.{ "kill", "read" }, .action = .SCMP_ACT_ERRNO, .errno_ret = 7, .args = &.{} },
        .{ .names = &.{ "read", "write" }, .action = .SCMP_ACT_ERRNO, .errno_ret = 1, .args = &.{} },
        .{ .names = &.{"read"}, .action = .SCMP_ACT_ALLOW, .errno_ret = 1, .args = &.{} },
        .{ .names = &.{"dup"}, .action = .SCMP_ACT_ALLOW, .errno_ret = 1, .args = &.{ equal_6, equal_5 } },
        .{ .names = &.{"dup2"}, .action = .SCMP_ACT_ALLOW, .errno_ret = 1, .args = &.{tautology} },
        .{ .names = &.{"socket"}, .action = .SCMP_ACT_ALLOW, .errno_ret = 1, .args = &.{equal_5} },
    };
    const profile: Profile = .{
        .default_action = .SCMP_ACT_ERRNO,
        .default_errno_ret = 1,
        .architectures = &.{},
        .flags = &.{},
        .syscalls = &syscalls,
    };
    const names: Names = try .resolve(arena, &profile);
    try testing.expectEqual(1, names.unknown.len);
    try testing.expectEqualStrings("made_up", names.unknown[0].name);

    const rules = try arena.create(ArchRules);
    try rules.build(arena, &profile, &names, .SCMP_ARCH_X86);
    const slot = struct {
        fn of(name: []const u8) Slot {
            return syscall_table.slot_of(.x86, syscall_table.find(name).?).?;
        }
    }.of;
    // Unconditional beats conditional; of two of those, the first that is not the default action.
    try testing.expectEqual(1, (try rules.decision(arena, slot("kill"))).always.rule);
    try testing.expectEqual(1, (try rules.decision(arena, slot("read"))).always.rule);
    try testing.expectEqual(.default, try rules.decision(arena, slot("write")));
    try testing.expectEqual(1, (try rules.decision(arena, slot("open"))).conditional.len);
    // Twice the same argument: two rules, the larger value first.
    const dup = (try rules.decision(arena, slot("dup"))).conditional;
    try testing.expectEqual(2, dup.len);
    try testing.expectEqual(6, dup[0].conditions[0].value);
    // A condition that always holds is none.
    try testing.expectEqual(5, (try rules.decision(arena, slot("dup2"))).always.rule);
    // Multiplexed: the call's number in place of the condition on the first argument.
    const socketcall = (try rules.decision(arena, slot("socketcall"))).conditional;
    try testing.expectEqual(1, socketcall[0].conditions.len);
    try testing.expectEqual(1, socketcall[0].conditions[0].value);
    try testing.expectEqual(
        5,
        (try rules.decision(arena, slot("socket"))).conditional[0].conditions[0].value,
    );
}
