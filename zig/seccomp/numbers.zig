//! What every one of the 2^32 numbers gets under one audit token: the rules'
//! numbers, the default action between them, runc's ENOSYS rule above them,
//! and where x86_64 and x32 share a token, which of the two a number belongs
//! to. Used by the compiler (as ranges) and by `explain` (one number).
//!
//! The ENOSYS rule (runc, libcontainer/seccomp/patchbpf): a number larger than
//! any that the profile names for the architecture is newer than the profile,
//! so it gets ENOSYS instead of the default action, and a libc can fall back.
//! It does not apply if the default action lets calls through (ALLOW, LOG,
//! TRACE) or if no rule names a call that the architecture has. On s390 and
//! s390x number 0 gets ENOSYS too: the kernel reports large unknown numbers
//! as 0.
//!
//! Runs in the library (process `bunc`); pure.

const std = @import("std");
const arch = @import("arch.zig");
const profile_types = @import("profile.zig");
const syscall_table = @import("syscall_table.zig");
const ArchRules = @import("rules.zig").ArchRules;
const Architecture = profile_types.Architecture;
const Slot = syscall_table.Slot;
const RET = std.os.linux.SECCOMP.RET;

/// ENOSYS of asm-generic/errno.h, as the ENOSYS rule returns it.
pub const enosys_value: u32 = RET.ERRNO | 38;

/// What libseccomp returns for an architecture that the filter does not know.
pub const bad_architecture_value: u32 = RET.KILL_THREAD;

pub fn enosys_rule_applies(default_action: profile_types.Action) bool {
    return switch (default_action) {
        .SCMP_ACT_ALLOW, .SCMP_ACT_LOG, .SCMP_ACT_TRACE => false,
        else => true,
    };
}

pub const Treatment = union(enum) {
    /// What the rules of the architecture at this index say of this slot.
    rule: struct { member: u1, slot: Slot },
    default,
    enosys,
    bad_architecture,
};

/// The architectures of the filter that share an audit token: one, or x86_64
/// and x32 in this order.
pub const Group = struct {
    architectures: [2]Architecture,
    rules: [2]*const ArchRules,
    count: u2,
    enosys: bool,

    pub fn audit_token(group: *const Group) u32 {
        return arch.traits(group.architectures[0]).audit_token;
    }

    /// Calls `visitor.from(first, treatment)` for ranges in ascending order,
    /// where a later one with the same first number replaces the earlier.
    pub fn for_each(group: *const Group, visitor: anytype) VisitError(@TypeOf(visitor))!void {
        switch (arch.traits(group.architectures[0]).table) {
            .x86_64 => try group.for_each_x86_64(visitor),
            .x32 => try group.for_each_x32(visitor),
            else => {
                try visitor.from(0, .default);
                try group.for_each_of(0, visitor);
            },
        }
    }

    // x86_64 and x32 differ in one bit of the number, and nothing has numbers
    // with the bit above it set, except -1: a tracer sets it to skip a call.
    // For such numbers, the ENOSYS rule goes by the x32 bit alone; the filter
    // takes them for x32 if it knows x32, else for a bad architecture, but
    // for -1.

    fn for_each_x86_64(group: *const Group, visitor: anytype) VisitError(@TypeOf(visitor))!void {
        const bit = arch.x32_bit;
        const beyond: Treatment = if (group.count == 2) .default else .bad_architecture;
        try visitor.from(0, .default);
        try group.for_each_of(0, visitor);
        try visitor.from(bit, beyond);
        if (group.count == 2) try group.for_each_of(1, visitor);
        try visitor.from(2 * bit, if (group.last_of(0) != null) .enosys else beyond);
        const with_bit: Treatment = if (group.count == 2 and group.last_of(1) != null) .enosys else beyond;
        try visitor.from(3 * bit, with_bit);
        try visitor.from(std.math.maxInt(u32), if (with_bit == .bad_architecture) .default else with_bit);
    }

    fn for_each_x32(group: *const Group, visitor: anytype) VisitError(@TypeOf(visitor))!void {
        const bit = arch.x32_bit;
        try visitor.from(0, .bad_architecture);
        try visitor.from(bit, .default);
        try group.for_each_of(0, visitor);
        try visitor.from(2 * bit, .default);
        try visitor.from(3 * bit, if (group.last_of(0) != null) .enosys else .default);
    }

    /// The number above which the ENOSYS rule applies.
    fn last_of(group: *const Group, member: u1) ?u32 {
        if (!group.enosys) return null;
        const slot = group.rules[member].last orelse return null;
        return syscall_table.number_of(arch.traits(group.architectures[member]).table, slot);
    }

    fn for_each_of(group: *const Group, member: u1, visitor: anytype) VisitError(@TypeOf(visitor))!void {
        const table = arch.traits(group.architectures[member]).table;
        const rules = group.rules[member];
        const last = group.last_of(member);
        const reserved = last != null and (table == .s390 or table == .s390x);
        if (reserved) try visitor.from(0, .enosys);
        // Up to here all is said; what follows is default until a rule comes.
        var said: u32 = if (reserved) 1 else table.base();
        for (rules.entries, 0..) |entry, index| {
            if (entry.state == .default) continue;
            const slot: Slot = @intCast(index);
            const number = syscall_table.number_of(table, slot);
            if (last != null and number > last.?) break;
            if (number < said) continue;
            if (number > said) try visitor.from(said, .default);
            try visitor.from(number, .{ .rule = .{ .member = member, .slot = slot } });
            said = number + 1;
        }
        try visitor.from(said, .default);
        if (last) |number| try visitor.from(number + 1, .enosys);
    }
};

/// The errors of a visitor's `from`.
fn VisitError(comptime Visitor: type) type {
    const Pointee = switch (@typeInfo(Visitor)) {
        .pointer => |pointer| pointer.child,
        else => Visitor,
    };
    const Return = @typeInfo(@TypeOf(Pointee.from)).@"fn".return_type.?;
    return @typeInfo(Return).error_union.error_set;
}

test "the ENOSYS rule, and who owns a number" {
    const testing = std.testing;
    const explain = @import("explain.zig");
    var arena_state: std.heap.ArenaAllocator = .init(testing.allocator);
    defer arena_state.deinit();
    const arena = arena_state.allocator();

    const Case = struct {
        native: Architecture,
        others: []const Architecture = &.{},
        default: profile_types.Action = .SCMP_ACT_ERRNO,
        names: []const []const u8 = &.{"getpid"},
        /// Of the call; null: the native one.
        architecture: ?Architecture = null,
        number: u32,
        expected: explain.Reason,
    };
    const bit = arch.x32_bit;
    const cases = [_]Case{
        // getpid is 39 on x86_64.
        .{ .native = .SCMP_ARCH_X86_64, .number = 39, .expected = .rule },
        .{ .native = .SCMP_ARCH_X86_64, .number = 38, .expected = .default },
        .{ .native = .SCMP_ARCH_X86_64, .number = 40, .expected = .newer_than_profile },
        .{
            .native = .SCMP_ARCH_X86_64,
            .default = .SCMP_ACT_KILL,
            .number = 40,
            .expected = .newer_than_profile,
        },
        .{ .native = .SCMP_ARCH_X86_64, .default = .SCMP_ACT_LOG, .number = 40, .expected = .default },
        .{ .native = .SCMP_ARCH_X86_64, .default = .SCMP_ACT_TRACE, .number = 40, .expected = .default },
        // Nothing named, or only number 0: no ENOSYS.
        .{ .native = .SCMP_ARCH_X86_64, .names = &.{}, .number = 40, .expected = .default },
        .{ .native = .SCMP_ARCH_X86_64, .names = &.{"read"}, .number = 40, .expected = .default },
        .{
            .native = .SCMP_ARCH_MIPSEL64,
            .names = &.{"read"},
            .number = 5001,
            .expected = .newer_than_profile,
        },
        // The bit of x32, without and with it, and -1.
        .{ .native = .SCMP_ARCH_X86_64, .number = bit + 39, .expected = .bad_architecture },
        .{ .native = .SCMP_ARCH_X86_64, .number = 0xffff_ffff, .expected = .default },
        .{
            .native = .SCMP_ARCH_X86_64,
            .others = &.{.SCMP_ARCH_X32},
            .architecture = .SCMP_ARCH_X32,
            .number = bit + 39,
            .expected = .rule,
        },
        .{
            .native = .SCMP_ARCH_X86_64,
            .others = &.{.SCMP_ARCH_X32},
            .architecture = .SCMP_ARCH_X32,
            .number = bit + 40,
            .expected = .newer_than_profile,
        },
        .{
            .native = .SCMP_ARCH_X86_64,
            .others = &.{.SCMP_ARCH_X32},
            .architecture = .SCMP_ARCH_X32,
            .number = 0xffff_ffff,
            .expected = .newer_than_profile,
        },
        .{
            .native = .SCMP_ARCH_AARCH64,
            .others = &.{.SCMP_ARCH_X32},
            .architecture = .SCMP_ARCH_X32,
            .number = 39,
            .expected = .bad_architecture,
        },
        // s390: 0 stands for a number that the kernel does not know.
        .{ .native = .SCMP_ARCH_S390X, .number = 0, .expected = .newer_than_profile },
        .{ .native = .SCMP_ARCH_S390X, .default = .SCMP_ACT_ALLOW, .number = 0, .expected = .default },
        // socket's own number on x86 (359) does not count as named, and lies above the last that is.
        .{
            .native = .SCMP_ARCH_X86,
            .names = &.{ "socket", "getpid" },
            .number = 359,
            .expected = .newer_than_profile,
        },
        .{
            .native = .SCMP_ARCH_X86_64,
            .architecture = .SCMP_ARCH_X86,
            .number = 20,
            .expected = .bad_architecture,
        },
    };
    for (cases, 0..) |case, index| {
        const profile: profile_types.Profile = .{
            .default_action = case.default,
            .default_errno_ret = 1,
            .architectures = case.others,
            .flags = &.{},
            .syscalls = &.{.{ .names = case.names, .action = .SCMP_ACT_TRAP, .errno_ret = 1, .args = &.{} }},
        };
        const explainer: explain.Explainer = try .init(arena, &profile, case.native);
        const answer = try explainer.answer(&.{
            .number = case.number,
            .architecture = explain.audit_token(case.architecture orelse case.native),
        });
        testing.expectEqual(case.expected, answer.reason) catch |err| {
            std.debug.print("case {d}\n", .{index});
            return err;
        };
    }
}
