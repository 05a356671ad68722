//! Which of several conditional rules of one system call wins where more than
//! one matches and their actions differ.
//!
//! libseccomp does not go by the order of the profile: it keeps the tests of a
//! call in a tree whose levels are sorted, and takes the first path that
//! matches. This is that order, stated on whole rules; for EQ and MASKED_EQ it
//! is exact, for the others libseccomp's answer may also depend on the order
//! in which it was given the rules. Conditions are compared
//! in the order of their arguments; at the first difference,
//! 1. the higher argument goes first;
//! 2. EQ, NE and MASKED_EQ go before LT and LE, these before GE and GT;
//! 3. the larger value goes first, for LT and LE the smaller one; high word
//!    first (a 64-bit comparison is two levels of the tree), then low word;
//! 4. where the words are equal but the tests are not (another mask, GT beside
//!    GE), the test that the profile used first;
//! 5. the rule with fewer conditions, and last the one that came first.
//! What libseccomp refuses (the same conditions with two different actions)
//! is decided by 5.
//!
//! Runs in the library (process `bunc`); pure.

const std = @import("std");
const Allocator = std.mem.Allocator;
const Condition = @import("condition.zig").Condition;
const Alternative = @import("rules.zig").Alternative;

/// Sorts alternatives given in profile order; the first that matches wins.
pub fn sort(arena: Allocator, alternatives: []Alternative) Allocator.Error!void {
    if (alternatives.len < 2) return;
    const original = try arena.dupe(Alternative, alternatives);
    const order = try arena.alloc(u32, alternatives.len);
    for (order, 0..) |*position, index| position.* = @intCast(index);
    std.sort.insertion(u32, order, original, before);
    for (order, alternatives) |index, *alternative| alternative.* = original[index];
}

fn before(all: []const Alternative, a: u32, b: u32) bool {
    const ours = all[a].conditions;
    const theirs = all[b].conditions;
    for (0..@min(ours.len, theirs.len)) |position| {
        const x = ours[position];
        const y = theirs[position];
        if (x.argument != y.argument) return x.argument > y.argument;
        if (rank(x) != rank(y)) return rank(x) > rank(y);
        for ([_]Half{ .high, .low }) |half| {
            // On 32-bit architectures there is no test of a high word.
            if (half.of(x.mask) == 0 and half.of(y.mask) == 0) continue;
            const v = half.of(x.value);
            const w = half.of(y.value);
            if (v != w) return if (rank(x) == 2) v < w else v > w;
            if (!same_test(x, y, half)) {
                return first_use(all, ours, position, half) < first_use(all, theirs, position, half);
            }
        }
    }
    if (ours.len != theirs.len) return ours.len < theirs.len;
    return a < b;
}

const Half = enum {
    high,
    low,

    fn of(half: Half, value: u64) u32 {
        return switch (half) {
            .high => Condition.high(value),
            .low => Condition.low(value),
        };
    }
};

fn rank(condition: Condition) u2 {
    return switch (condition.operator) {
        .SCMP_CMP_EQ, .SCMP_CMP_NE, .SCMP_CMP_MASKED_EQ => 3,
        .SCMP_CMP_LT, .SCMP_CMP_LE => 2,
        .SCMP_CMP_GE, .SCMP_CMP_GT => 1,
    };
}

/// Of two conditions of one rank with the same argument and the same word:
/// whether both make the same test of that word.
fn same_test(x: Condition, y: Condition, half: Half) bool {
    if (half.of(x.mask) != half.of(y.mask)) return false;
    return switch (rank(x)) {
        3 => (x.operator == .SCMP_CMP_MASKED_EQ) == (y.operator == .SCMP_CMP_MASKED_EQ),
        // The high words of ordered comparisons are tested alike.
        else => half == .high or x.operator == y.operator,
    };
}

/// The first alternative that makes the test of `half` of the condition at
/// `position` after the same conditions as `path`.
fn first_use(all: []const Alternative, path: []const Condition, position: usize, half: Half) usize {
    const wanted = path[position];
    next: for (all, 0..) |alternative, index| {
        const conditions = alternative.conditions;
        if (conditions.len <= position) continue;
        for (conditions[0..position], path[0..position]) |x, y| if (!std.meta.eql(x, y)) continue :next;
        const found = conditions[position];
        if (found.argument != wanted.argument or rank(found) != rank(wanted)) continue;
        if (half == .low and !(Half.high.of(found.value) == Half.high.of(wanted.value) and
            same_test(found, wanted, .high))) continue;
        if (half.of(found.value) == half.of(wanted.value) and same_test(found, wanted, half)) return index;
    }
    unreachable; // `path` is one of them
}

test "order of overlapping rules" {
    const testing = std.testing;
    var arena_state: std.heap.ArenaAllocator = .init(testing.allocator);
    defer arena_state.deinit();
    const full = std.math.maxInt(u64);
    const eq5 = [_]Condition{.equals(0, 5, true)};
    const eq9 = [_]Condition{.equals(0, 9, true)};
    const eq9_and_more = [_]Condition{ .equals(0, 9, true), .equals(1, 1, true) };
    const lt7 = [_]Condition{.{ .argument = 0, .operator = .SCMP_CMP_LT, .mask = full, .value = 7 }};
    const le3 = [_]Condition{.{ .argument = 0, .operator = .SCMP_CMP_LE, .mask = full, .value = 3 }};
    const gt1 = [_]Condition{.{ .argument = 0, .operator = .SCMP_CMP_GT, .mask = full, .value = 1 }};
    const other = [_]Condition{.equals(1, 0, true)};
    var list = [_]Alternative{
        .{ .conditions = &gt1, .action = 0, .rule = 6 },
        .{ .conditions = &lt7, .action = 0, .rule = 5 },
        .{ .conditions = &eq9_and_more, .action = 0, .rule = 2 },
        .{ .conditions = &eq5, .action = 0, .rule = 3 },
        .{ .conditions = &eq9, .action = 0, .rule = 1 },
        .{ .conditions = &other, .action = 0, .rule = 0 },
        .{ .conditions = &le3, .action = 0, .rule = 4 },
    };
    try sort(arena_state.allocator(), &list);
    for (list, 0..) |alternative, index| try testing.expectEqual(index, alternative.rule);
}
