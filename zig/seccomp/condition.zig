//! One comparison of a system call's argument, normalised for an architecture:
//! where arguments are 32 bits wide only the low word takes part, of the
//! argument and of the profile's values alike (libseccomp does the same).
//!
//! Runs in the library (process `bunc`); pure.

const std = @import("std");
const profile = @import("profile.zig");
const Operator = profile.Operator;

pub const argument_count = 6;

pub const Condition = struct {
    argument: u3,
    operator: Operator,
    /// All ones but for SCMP_CMP_MASKED_EQ.
    mask: u64,
    /// Never has a bit outside `mask`.
    value: u64,

    /// Null if the comparison is always true because its mask is empty.
    pub fn from(source: profile.Argument, wide: bool) ?Condition {
        std.debug.assert(source.index < argument_count);
        const width: u64 = if (wide) std.math.maxInt(u64) else std.math.maxInt(u32);
        const masked = source.op == .SCMP_CMP_MASKED_EQ;
        const mask = if (masked) source.value.value & width else width;
        if (mask == 0) return null;
        const value = if (masked) source.value_two.value else source.value.value;
        return .{
            .argument = @intCast(source.index),
            .operator = source.op,
            .mask = mask,
            .value = value & mask,
        };
    }

    pub fn equals(argument: u3, value: u64, wide: bool) Condition {
        return .{
            .argument = argument,
            .operator = .SCMP_CMP_EQ,
            .mask = if (wide) std.math.maxInt(u64) else std.math.maxInt(u32),
            .value = value,
        };
    }

    pub fn matches(condition: Condition, arguments: [argument_count]u64) bool {
        const found = arguments[condition.argument] & condition.mask;
        return switch (condition.operator) {
            .SCMP_CMP_NE => found != condition.value,
            .SCMP_CMP_LT => found < condition.value,
            .SCMP_CMP_LE => found <= condition.value,
            .SCMP_CMP_EQ, .SCMP_CMP_MASKED_EQ => found == condition.value,
            .SCMP_CMP_GE => found >= condition.value,
            .SCMP_CMP_GT => found > condition.value,
        };
    }

    pub fn high(value: u64) u32 {
        return @intCast(value >> 32);
    }

    pub fn low(value: u64) u32 {
        return @truncate(value);
    }
};

/// Whether all of `conditions` hold.
pub fn all_match(conditions: []const Condition, arguments: [argument_count]u64) bool {
    for (conditions) |condition| if (!condition.matches(arguments)) return false;
    return true;
}

test "operators on 64 and on 32 bits" {
    const big = 0x1_0000_0005;
    const Case = struct { Operator, u64, u64, bool, u64, ?bool };
    const cases = [_]Case{
        .{ .SCMP_CMP_EQ, big, 0, true, big, true },
        .{ .SCMP_CMP_EQ, big, 0, true, 5, false },
        .{ .SCMP_CMP_EQ, big, 0, false, 5, true },
        .{ .SCMP_CMP_NE, big, 0, false, 5, false },
        .{ .SCMP_CMP_LT, big, 0, true, 7, true },
        .{ .SCMP_CMP_LT, big, 0, false, 7, false },
        .{ .SCMP_CMP_GT, 5, 0, true, big, true },
        .{ .SCMP_CMP_GT, 5, 0, false, big, false },
        .{ .SCMP_CMP_MASKED_EQ, 0xf0, 0x1f, true, 0x13, true },
        .{ .SCMP_CMP_MASKED_EQ, 0, 1, true, 0, null },
        .{ .SCMP_CMP_MASKED_EQ, 0xff_0000_0000, 1, false, 0, null },
    };
    for (cases) |case| {
        const op, const value, const two, const wide, const given, const expected = case;
        const condition = Condition.from(.{
            .index = 1,
            .value = .{ .value = value },
            .value_two = .{ .value = two },
            .op = op,
        }, wide);
        const got = if (condition) |it| it.matches(.{ 0, given, 0, 0, 0, 0 }) else null;
        try std.testing.expectEqual(expected, got);
    }
}
