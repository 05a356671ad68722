//! The decision tree over system call numbers: all 2^32 of them as ranges with
//! equal treatment, and a balanced binary search over the ranges.
//!
//! Runs in the library (process `bunc`); pure.

const std = @import("std");
const Allocator = std.mem.Allocator;
const graph_types = @import("graph.zig");
const Graph = graph_types.Graph;
const Id = graph_types.Id;

/// From `first` to the next range's first.
pub const Range = struct {
    first: u32,
    node: Id,
};

/// Ranges in ascending order that cover everything from 0.
pub const Ranges = struct {
    arena: Allocator,
    list: std.ArrayList(Range) = .empty,

    /// All numbers from `first` on go to `node`, until told otherwise.
    pub fn from(ranges: *Ranges, first: u32, node: Id) Allocator.Error!void {
        const list = &ranges.list;
        if (list.getLastOrNull()) |last| {
            std.debug.assert(first >= last.first);
            if (first == last.first) _ = list.pop();
        } else std.debug.assert(first == 0);
        if (list.getLastOrNull()) |last| if (last.node == node) return;
        try list.append(ranges.arena, .{ .first = first, .node = node });
    }

    /// `number` alone goes to `node`, what follows to `after`.
    pub fn only(ranges: *Ranges, number: u32, node: Id, after: Id) Allocator.Error!void {
        try ranges.from(number, node);
        if (number < std.math.maxInt(u32)) try ranges.from(number + 1, after);
    }
};

/// The node that finds the range of the number in the accumulator.
pub fn build(graph: *Graph, ranges: []const Range) Allocator.Error!Id {
    std.debug.assert(ranges.len > 0);
    if (ranges.len == 1) return ranges[0].node;
    if (ranges.len == 3 and isException(ranges)) {
        return graph.jump(.equal, ranges[1].first, ranges[1].node, ranges[0].node);
    }
    const middle = split(ranges);
    const low = try build(graph, ranges[0..middle]);
    const high = try build(graph, ranges[middle..]);
    return graph.jump(.greater_or_equal, ranges[middle].first, high, low);
}

/// One number amid a range: a single equality finds it.
fn isException(ranges: []const Range) bool {
    return ranges[0].node == ranges[2].node and ranges[2].first - ranges[1].first == 1;
}

/// Where to cut so that both sides take equally many tests, an exception with
/// its surroundings counting as one leaf.
fn split(ranges: []const Range) usize {
    const total = leaves(ranges);
    var best: usize = 1;
    var best_excess: usize = std.math.maxInt(usize);
    const middle = ranges.len / 2;
    const reach = 3;
    for (@max(1, middle -| reach)..@min(ranges.len, middle + reach + 1)) |cut| {
        const low = leaves(ranges[0..cut]);
        const high = leaves(ranges[cut..]);
        // A cut through an exception makes more leaves.
        const excess = (low + high - total) * 4 + @max(low, high) - @min(low, high);
        if (excess < best_excess) {
            best_excess = excess;
            best = cut;
        }
    }
    return best;
}

fn leaves(ranges: []const Range) usize {
    var count: usize = 0;
    var index: usize = 0;
    while (index < ranges.len) : (count += 1) {
        const rest = ranges[index..];
        index += if (rest.len >= 3 and isException(rest[0..3])) 3 else 1;
    }
    return count;
}

test "every number finds its range" {
    const testing = std.testing;
    const bpf = @import("bpf.zig");
    const emit = @import("emit.zig");
    const interpreter = @import("interpreter.zig");
    var arena_state: std.heap.ArenaAllocator = .init(testing.allocator);
    defer arena_state.deinit();
    var random_state: std.Random.DefaultPrng = .init(7);
    const random = random_state.random();
    for (0..200) |_| {
        _ = arena_state.reset(.retain_capacity);
        const arena = arena_state.allocator();
        var graph: Graph = try .init(arena);
        var ranges: Ranges = .{ .arena = arena };
        var expected: [600]u32 = @splat(9);
        try ranges.from(0, try graph.ret(9));
        for (0..500) |number| {
            if (random.uintLessThan(u32, 3) == 0) continue;
            expected[number] = random.uintLessThan(u32, 2);
            try ranges.only(@intCast(number), try graph.ret(expected[number]), try graph.ret(9));
        }
        try ranges.only(std.math.maxInt(u32), try graph.ret(5), undefined);
        const root = try graph.load(bpf.offset_number, try build(&graph, ranges.list.items));
        const program = try emit.emit(arena, &graph, root);
        try bpf.check(program);
        for (expected, 0..) |value, number| {
            const data: interpreter.Data = .{ .number = @intCast(number), .architecture = 0 };
            try testing.expectEqual(value, interpreter.run(program, &data, .little).value);
        }
        const last: interpreter.Data = .{ .number = std.math.maxInt(u32), .architecture = 0 };
        try testing.expectEqual(5, interpreter.run(program, &last, .little).value);
    }
}
