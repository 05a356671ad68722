//! The decision tree over the arguments of one system call: from ordered
//! alternatives to graph nodes. It is built by following what is known of
//! every argument word on the way down (its range, and the outcome of tests
//! that a range cannot hold), so no test is made whose outcome is known, an
//! alternative that can no longer match is dropped, and a run of equalities on
//! one word becomes a binary search.
//!
//! Such a tree can grow exponentially when many alternatives test many
//! arguments; past a budget that depends on the size of the rules, the
//! alternatives are tested one after the other instead, which is linear.
//!
//! Runs in the library (process `bunc`); pure.

const std = @import("std");
const Allocator = std.mem.Allocator;
const bpf = @import("bpf.zig");
const condition_types = @import("condition.zig");
const Condition = condition_types.Condition;
const Alternative = @import("rules.zig").Alternative;
const graph_types = @import("graph.zig");
const Graph = graph_types.Graph;
const Id = graph_types.Id;

pub const Strategy = enum { tree, sequence };

/// The node to which a system call with these alternatives goes, whatever the
/// accumulator holds; `otherwise` is the value returned if none matches.
pub fn build(
    graph: *Graph,
    alternatives: []const Alternative,
    otherwise: u32,
    endian: std.builtin.Endian,
    strategy: Strategy,
) Allocator.Error!Id {
    var builder: Builder = .{
        .graph = graph,
        .alternatives = alternatives,
        .otherwise = otherwise,
        .endian = endian,
        .budget = 64,
    };
    for (alternatives) |alternative| builder.budget += 16 * @as(u32, @intCast(alternative.conditions.len));
    if (strategy == .tree) {
        if (builder.tree(0, .{}, null)) |id| return id else |err| switch (err) {
            error.BudgetExceeded => {},
            error.OutOfMemory => return error.OutOfMemory,
        }
    }
    return builder.sequence();
}

/// A 32-bit half of an argument: 2 * argument + 1 for the high one.
const Word = u4;
const word_count = 2 * condition_types.argument_count;

fn low_word(argument: u3) Word {
    return @as(Word, argument) * 2;
}

fn high_word(argument: u3) Word {
    return low_word(argument) + 1;
}

const full = std.math.maxInt(u32);

/// What a tested word must be: (word & mask) `jump` value.
const Test = struct {
    word: Word,
    mask: u32,
    jump: graph_types.Jump,
    value: u32,
};

/// What is known of the arguments at a point of the tree.
const Facts = struct {
    min: [word_count]u32 = @splat(0),
    max: [word_count]u32 = @splat(full),
    /// Outcomes of equality tests that `min` and `max` do not express.
    outcomes: ?*const Known = null,

    const Known = struct {
        made: Test,
        holds: bool,
        next: ?*const Known,
    };

    fn known(facts: *const Facts, made: Test) ?bool {
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

    fn after(facts: *const Facts, arena: Allocator, made: Test, holds: bool) Allocator.Error!Facts {
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
};

/// What the accumulator holds: a whole word; null for anything else.
const Accumulator = ?Word;

const Builder = struct {
    graph: *Graph,
    alternatives: []const Alternative,
    otherwise: u32,
    endian: std.builtin.Endian,
    /// Tests that may still be made.
    budget: u32,

    const TreeError = error{BudgetExceeded} || Allocator.Error;

    fn tree(builder: *Builder, first: usize, facts: Facts, accumulator: Accumulator) TreeError!Id {
        for (builder.alternatives[first..], first..) |alternative, index| {
            switch (evaluate_all(alternative.conditions, &facts)) {
                .no => continue,
                .yes => return builder.graph.ret(alternative.action),
                .unknown => |needed| {
                    const made = builder.search_step(index, &facts, needed) orelse needed;
                    return builder.branch(index, facts, accumulator, made);
                },
            }
        }
        return builder.graph.ret(builder.otherwise);
    }

    fn branch(builder: *Builder, first: usize, facts: Facts, accumulator: Accumulator, made: Test) TreeError!Id {
        if (builder.budget == 0) return error.BudgetExceeded;
        builder.budget -= 1;
        const arena = builder.graph.arena;
        const inside: Accumulator = if (clobbers(made)) null else made.word;
        const yes = try builder.tree(first, try facts.after(arena, made, true), inside);
        const no = try builder.tree(first, try facts.after(arena, made, false), inside);
        // Without the test the accumulator is not `inside`; a return does not care.
        if (yes == no and (inside == null or builder.graph.node(yes).is_return())) return yes;
        return builder.emit_test(made, yes, no, accumulator);
    }

    /// A system call with many equalities on one word: where the next test is
    /// one of them, the middle one of them instead, as an inequality.
    fn search_step(builder: *const Builder, first: usize, facts: *const Facts, needed: Test) ?Test {
        if (needed.jump != .equal or needed.mask != full) return null;
        var values: [max_searched]u32 = undefined;
        var count: usize = 0;
        for (builder.alternatives[first..]) |alternative| {
            const candidate = switch (evaluate_all(alternative.conditions, facts)) {
                .unknown => |it| it,
                else => continue,
            };
            if (candidate.jump != .equal or candidate.mask != full or candidate.word != needed.word) continue;
            if (std.mem.indexOfScalar(u32, values[0..count], candidate.value) != null) continue;
            values[count] = candidate.value;
            count += 1;
            if (count == values.len) break;
        }
        if (count < min_searched) return null;
        std.sort.insertion(u32, values[0..count], {}, std.sort.asc(u32));
        return .{ .word = needed.word, .mask = full, .jump = .greater, .value = values[count / 2 - 1] };
    }

    const min_searched = 4;
    const max_searched = 64;

    /// The alternatives one after the other, last one first as successors
    /// have to exist before what leads to them.
    fn sequence(builder: *Builder) Allocator.Error!Id {
        var next = try builder.graph.ret(builder.otherwise);
        var index = builder.alternatives.len;
        while (index > 0) {
            index -= 1;
            const alternative = builder.alternatives[index];
            var target = try builder.graph.ret(alternative.action);
            var position = alternative.conditions.len;
            while (position > 0) {
                position -= 1;
                target = try builder.single(alternative.conditions[position], .{}, target, next);
            }
            next = target;
        }
        return next;
    }

    /// One condition on its own.
    fn single(builder: *Builder, condition: Condition, facts: Facts, yes: Id, no: Id) Allocator.Error!Id {
        const made = switch (evaluate(condition, &facts)) {
            .yes => return yes,
            .no => return no,
            .unknown => |it| it,
        };
        const arena = builder.graph.arena;
        const if_true = try builder.single(condition, try facts.after(arena, made, true), yes, no);
        const if_false = try builder.single(condition, try facts.after(arena, made, false), yes, no);
        return builder.emit_test(made, if_true, if_false, null);
    }

    /// Nodes for one test; its successors may rely on the accumulator as
    /// `branch` tells them.
    fn emit_test(builder: *Builder, made: Test, yes: Id, no: Id, accumulator: Accumulator) Allocator.Error!Id {
        const graph = builder.graph;
        var id: Id = undefined;
        if (made.mask == full) {
            id = try graph.jump(made.jump, made.value, yes, no);
        } else if (made.value == 0) {
            id = try graph.jump(.any_bit, made.mask, no, yes);
        } else if (made.value == made.mask and @popCount(made.mask) == 1) {
            id = try graph.jump(.any_bit, made.mask, yes, no);
        } else {
            id = try graph.mask(made.mask, try graph.jump(.equal, made.value, yes, no));
        }
        if (accumulator == made.word) return id;
        return graph.load(offset_of(made.word, builder.endian), id);
    }
};

/// Whether the test leaves something else than the word in the accumulator.
fn clobbers(made: Test) bool {
    if (made.mask == full or made.value == 0) return false;
    return made.value != made.mask or @popCount(made.mask) != 1;
}

fn offset_of(word: Word, endian: std.builtin.Endian) u32 {
    const high: u32 = word & 1;
    const second = if (endian == .little) high else 1 - high;
    return bpf.offset_arguments + @as(u32, word >> 1) * 8 + second * 4;
}

const Evaluation = union(enum) {
    yes,
    no,
    /// The test that brings the answer nearer.
    unknown: Test,
};

fn evaluate_all(conditions: []const Condition, facts: *const Facts) Evaluation {
    var needed: ?Test = null;
    for (conditions) |condition| switch (evaluate(condition, facts)) {
        .yes => {},
        .no => return .no,
        .unknown => |it| if (needed == null) {
            needed = it;
        },
    };
    return if (needed) |it| .{ .unknown = it } else .yes;
}

fn evaluate(condition: Condition, facts: *const Facts) Evaluation {
    return switch (condition.operator) {
        .SCMP_CMP_EQ, .SCMP_CMP_MASKED_EQ => evaluate_equal(condition, facts),
        .SCMP_CMP_NE => negate(evaluate_equal(condition, facts)),
        .SCMP_CMP_GT => evaluate_greater(condition, facts, condition.value),
        .SCMP_CMP_LE => negate(evaluate_greater(condition, facts, condition.value)),
        // a >= v is a > v - 1 for v > 0.
        .SCMP_CMP_GE => if (condition.value == 0) .yes else evaluate_greater(condition, facts, condition.value - 1),
        .SCMP_CMP_LT => if (condition.value == 0) .no else negate(evaluate_greater(condition, facts, condition.value - 1)),
    };
}

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

test "tree and sequence decide as the alternatives do" {
    const testing = std.testing;
    const interpreter = @import("interpreter.zig");
    const emit = @import("emit.zig");
    const profile = @import("profile.zig");
    var arena_state: std.heap.ArenaAllocator = .init(testing.allocator);
    defer arena_state.deinit();

    var random_state: std.Random.DefaultPrng = .init(0x5ec0);
    const random = random_state.random();
    const pool = [_]u64{ 0, 1, 2, 5, 0xffff_ffff, 0x1_0000_0000, 0x1_0000_0001, 0x5_0000_0002, std.math.maxInt(u64) };
    for (0..2000) |round| {
        _ = arena_state.reset(.retain_capacity);
        const arena = arena_state.allocator();
        const wide = random.boolean();
        const endian: std.builtin.Endian = if (random.boolean()) .little else .big;
        const alternatives = try arena.alloc(Alternative, random.intRangeAtMost(usize, 1, 8));
        for (alternatives, 0..) |*alternative, index| {
            const conditions = try arena.alloc(Condition, random.intRangeAtMost(usize, 1, 3));
            var count: usize = 0;
            for (conditions, 0..) |*condition, argument| {
                condition.* = Condition.from(.{
                    .index = @intCast(argument),
                    .value = .{ .value = pool[random.uintLessThan(usize, pool.len)] },
                    .value_two = .{ .value = pool[random.uintLessThan(usize, pool.len)] },
                    .op = random.enumValue(profile.Operator),
                }, wide) orelse continue;
                std.mem.swap(Condition, condition, &conditions[count]);
                count += 1;
            }
            alternative.* = .{
                .conditions = conditions[0..count],
                .action = random.uintLessThan(u32, 3) + 1,
                .rule = @intCast(index),
            };
        }
        for ([_]Strategy{ .tree, .sequence }) |strategy| {
            var graph: Graph = try .init(arena);
            const program = try emit.emit(arena, &graph, try build(&graph, alternatives, 0, endian, strategy));
            try bpf.check(program);
            for (0..60) |_| {
                var data: interpreter.Data = .{ .number = 0, .architecture = 0 };
                for (&data.arguments) |*argument| {
                    argument.* = pool[random.uintLessThan(usize, pool.len)] +% random.uintLessThan(u64, 2);
                }
                var expected: u32 = 0;
                for (alternatives) |alternative| {
                    if (!condition_types.all_match(alternative.conditions, data.arguments)) continue;
                    expected = alternative.action;
                    break;
                }
                testing.expectEqual(expected, interpreter.run(program, &data, endian).value) catch |err| {
                    std.debug.print("round {d}, {t}\n", .{ round, strategy });
                    return err;
                };
            }
        }
    }
}
