//! What is known of the arguments of a system call at a point of the decision tree (argument_tree.zig), and
//! what that says of a condition: it holds, it does not, or a test decides it.
//!
//! Runs in the library (process `bunc`); pure.

const std = @import("std");
const Allocator = std.mem.Allocator;
const condition_types = @import("condition.zig");
const Condition = condition_types.Condition;
const Jump = @import("graph.zig").Jump;

/// A 32-bit half of an argument: 2 * argument + 1 for the high one.
pub const Word = u4;
const word_count = 2 * condition_types.argument_count;

fn low_word(argument: u3) Word {
    return @as(Word, argument) * 2;
}

fn high_word(argument: u3) Word {
    return low_word(argument) + 1;
}

pub const full = std.math.maxInt(u32);

/// What a tested word must be: (word & mask) `jump` value.
pub const Test = struct {
    word: Word,
    mask: u32,
    jump: Jump,
    value: u32,
};

/// What is known of the arguments at a point of the tree.
pub const Facts = struct {
    min: [word_count]u32 = @splat(0),
    max: [word_count]u32 = @splat(full),
    /// Outcomes of equality tests that `min` and `max` do not express.
    outcomes: ?*const Known = null,

    const Known = struct {
        made: Test,
        holds: bool,
        next: ?*const Known,
    };

    pub fn known(facts: *const Facts, made: Test) ?bool {
        const min = facts.min[made.word];
        const max = facts.max[made.word];
        switch (made.jump) {
            .greater => {
                if (min > made.value) return true;
                if (max <= made.value) return false;
            },
            .equal => {
                if (min == max) return min & made.mask == made.value;
                if (made.mask == full and (made.value < min or made.value > max)) return false;
                var iterator = facts.outcomes;
                while (iterator) |outcome| : (iterator = outcome.next) {
                    if (std.meta.eql(outcome.made, made)) return outcome.holds;
                }
            },
            .greater_or_equal, .any_bit => unreachable, // only chosen for the program
        }
        return null;
    }

    pub fn after(facts: *const Facts, arena: Allocator, made: Test, holds: bool) Allocator.Error!Facts {
        var result = facts.*;
        const word = made.word;
        switch (made.jump) {
            .greater => if (holds) {
                result.min[word] = @max(result.min[word], made.value + 1);
            } else {
                result.max[word] = @min(result.max[word], made.value);
            },
            .equal => if (made.mask == full and holds) {
                result.min[word] = made.value;
                result.max[word] = made.value;
            } else if (made.mask == full and made.value == result.min[word]) {
                result.min[word] += 1;
            } else if (made.mask == full and made.value == result.max[word]) {
                result.max[word] -= 1;
            } else {
                const outcome = try arena.create(Known);
                outcome.* = .{ .made = made, .holds = holds, .next = result.outcomes };
                result.outcomes = outcome;
            },
            .greater_or_equal, .any_bit => unreachable,
        }
        return result;
    }

    pub fn evaluate_all(facts: *const Facts, conditions: []const Condition) Evaluation {
        var needed: ?Test = null;
        for (conditions) |condition| switch (facts.evaluate(condition)) {
            .yes => {},
            .no => return .no,
            .unknown => |it| if (needed == null) {
                needed = it;
            },
        };
        return if (needed) |it| .{ .unknown = it } else .yes;
    }

    pub fn evaluate(facts: *const Facts, condition: Condition) Evaluation {
        return switch (condition.operator) {
            .SCMP_CMP_EQ, .SCMP_CMP_MASKED_EQ => evaluate_equal(condition, facts),
            .SCMP_CMP_NE => negate(evaluate_equal(condition, facts)),
            .SCMP_CMP_GT => evaluate_greater(condition, facts, condition.value),
            .SCMP_CMP_LE => negate(evaluate_greater(condition, facts, condition.value)),
            .SCMP_CMP_GE => evaluate_at_least(condition, facts),
            .SCMP_CMP_LT => negate(evaluate_at_least(condition, facts)),
        };
    }
};

pub const Evaluation = union(enum) {
    yes,
    no,
    /// The test that brings the answer nearer.
    unknown: Test,
};

fn negate(evaluation: Evaluation) Evaluation {
    return switch (evaluation) {
        .yes => .no,
        .no => .yes,
        .unknown => evaluation,
    };
}

fn evaluate_equal(condition: Condition, facts: *const Facts) Evaluation {
    var needed: ?Test = null;
    for ([_]Word{ high_word(condition.argument), low_word(condition.argument) }) |word| {
        const high = word & 1 == 1;
        const mask = if (high) Condition.high(condition.mask) else Condition.low(condition.mask);
        const value = if (high) Condition.high(condition.value) else Condition.low(condition.value);
        if (mask == 0) continue;
        const made: Test = .{ .word = word, .mask = mask, .jump = .equal, .value = value };
        if (facts.known(made)) |holds| {
            if (!holds) return .no;
        } else if (needed == null) needed = made;
    }
    return if (needed) |it| .{ .unknown = it } else .yes;
}

/// a >= v is a > v - 1 for v > 0.
fn evaluate_at_least(condition: Condition, facts: *const Facts) Evaluation {
    if (condition.value == 0) return .yes;
    return evaluate_greater(condition, facts, condition.value - 1);
}

/// argument > value, word by word. On 32-bit architectures there is no high
/// word (its mask is empty).
fn evaluate_greater(condition: Condition, facts: *const Facts, value: u64) Evaluation {
    if (Condition.high(condition.mask) != 0) {
        const word = high_word(condition.argument);
        const above: Test = .{ .word = word, .mask = full, .jump = .greater, .value = Condition.high(value) };
        const holds = facts.known(above) orelse return .{ .unknown = above };
        if (holds) return .yes;
        var equal = above;
        equal.jump = .equal;
        const same = facts.known(equal) orelse return .{ .unknown = equal };
        if (!same) return .no;
    }
    const above: Test = .{
        .word = low_word(condition.argument),
        .mask = full,
        .jump = .greater,
        .value = Condition.low(value),
    };
    const holds = facts.known(above) orelse return .{ .unknown = above };
    return if (holds) .yes else .no;
}
