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
const facts_types = @import("facts.zig");
const Facts = facts_types.Facts;
const Test = facts_types.Test;
const full = facts_types.full;
const Word = facts_types.Word;

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
            switch (facts.evaluate_all(alternative.conditions)) {
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

    fn branch(
        builder: *Builder,
        first: usize,
        facts: Facts,
        accumulator: Accumulator,
        made: Test,
    ) TreeError!Id {
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
            const candidate = switch (facts.evaluate_all(alternative.conditions)) {
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
        const made = switch (facts.evaluate(condition)) {
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
    fn emit_test(
        builder: *Builder,
        made: Test,
        yes: Id,
        no: Id,
        accumulator: Accumulator,
    ) Allocator.Error!Id {
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

test "tree and sequence decide as the alternatives do" {
    const testing = std.testing;
    const interpreter = @import("interpreter.zig");
    const emit = @import("emit.zig");
    const profile = @import("profile.zig");
    var arena_state: std.heap.ArenaAllocator = .init(testing.allocator);
    defer arena_state.deinit();

    var random_state: std.Random.DefaultPrng = .init(0x5ec0);
    const random = random_state.random();
    const pool = [_]u64{
        0,
        1,
        2,
        5,
        0xffff_ffff,
        0x1_0000_0000,
        0x1_0000_0001,
        0x5_0000_0002,
        std.math.maxInt(u64),
    };
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
            const program =
                try emit.emit(arena, &graph, try build(&graph, alternatives, 0, endian, strategy));
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
