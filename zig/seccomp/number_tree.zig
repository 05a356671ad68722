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
};

/// The node that finds the range of the number in the accumulator.
pub fn build(graph: *Graph, ranges: []const Range) Allocator.Error!Id {
    std.debug.assert(ranges.len > 0);
    // Leaf by leaf, so that the tree over them is as flat as can be.
    const leaves = try graph.arena.alloc(Leaf, ranges.len);
    var count: usize = 0;
    var index: usize = 0;
    while (index < ranges.len) : (count += 1) {
        const rest = ranges[index..];
        const exception = rest.len >= 3 and is_exception(rest[0..3]);
        leaves[count] = .{
            .first = rest[0].first,
            .node = if (exception)
                try graph.jump(.equal, rest[1].first, rest[1].node, rest[0].node)
            else
                rest[0].node,
        };
        index += if (exception) 3 else 1;
    }
    return tree(graph, leaves[0..count]);
}

/// A range, or a range with one number in it that goes elsewhere.
const Leaf = struct {
    first: u32,
    node: Id,
};

fn is_exception(ranges: *const [3]Range) bool {
    return ranges[0].node == ranges[2].node and ranges[2].first - ranges[1].first == 1;
}

fn tree(graph: *Graph, leaves: []const Leaf) Allocator.Error!Id {
    if (leaves.len == 1) return leaves[0].node;
    const middle = leaves.len / 2;
    const low = try tree(graph, leaves[0..middle]);
    const high = try tree(graph, leaves[middle..]);
    return graph.jump(.greater_or_equal, leaves[middle].first, high, low);
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
            try ranges.from(@intCast(number), try graph.ret(expected[number]));
            try ranges.from(@intCast(number + 1), try graph.ret(9));
        }
        try ranges.from(std.math.maxInt(u32), try graph.ret(5));
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
