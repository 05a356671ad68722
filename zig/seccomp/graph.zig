//! The program as a graph before it has positions: every node is one BPF
//! instruction with explicit successors, and equal nodes are one node, so that
//! whatever ends alike shares its tail. Nodes only lead to older nodes: the
//! graph has no cycle by construction.
//!
//! Runs in the library (process `bunc`); pure.

const std = @import("std");
const Allocator = std.mem.Allocator;
const bpf = @import("bpf.zig");
const op = bpf.op;

pub const Id = u32;

pub const Node = struct {
    code: u16,
    k: u32,
    /// Successor; for a conditional jump the one taken if true. A return has
    /// none and holds zeros.
    yes: Id,
    /// Taken if a conditional jump is false; for other nodes the same as `yes`.
    no: Id,

    pub fn is_return(node: Node) bool {
        return node.code == op.ret_k;
    }

    pub fn is_jump(node: Node) bool {
        return switch (node.code) {
            op.jeq_k, op.jgt_k, op.jge_k, op.jset_k => true,
            else => false,
        };
    }
};

pub const Jump = enum(u16) {
    equal = op.jeq_k,
    greater = op.jgt_k,
    greater_or_equal = op.jge_k,
    any_bit = op.jset_k,
};

pub const Graph = struct {
    arena: Allocator,
    nodes: std.ArrayList(Node) = .empty,
    /// Open addressing over `nodes`: id + 1, or 0. Grows to stay half empty.
    buckets: []Id = &.{},

    pub fn init(arena: Allocator) Allocator.Error!Graph {
        const buckets = try arena.alloc(Id, 1024);
        @memset(buckets, 0);
        return .{ .arena = arena, .buckets = buckets };
    }

    pub fn ret(graph: *Graph, value: u32) Allocator.Error!Id {
        return graph.intern(.{ .code = op.ret_k, .k = value, .yes = 0, .no = 0 });
    }

    pub fn load(graph: *Graph, offset: u32, next: Id) Allocator.Error!Id {
        return graph.intern(.{ .code = op.ld_abs, .k = offset, .yes = next, .no = next });
    }

    pub fn mask(graph: *Graph, bits: u32, next: Id) Allocator.Error!Id {
        return graph.intern(.{ .code = op.and_k, .k = bits, .yes = next, .no = next });
    }

    pub fn jump(graph: *Graph, test_: Jump, value: u32, yes: Id, no: Id) Allocator.Error!Id {
        if (yes == no) return yes;
        return graph.intern(.{ .code = @intFromEnum(test_), .k = value, .yes = yes, .no = no });
    }

    pub fn node(graph: *const Graph, id: Id) Node {
        return graph.nodes.items[id];
    }

    fn intern(graph: *Graph, wanted: Node) Allocator.Error!Id {
        if ((graph.nodes.items.len + 1) * 2 > graph.buckets.len) try graph.grow();
        const bucket = graph.find(wanted);
        if (bucket.* != 0) return bucket.* - 1;
        const id: Id = @intCast(graph.nodes.items.len);
        std.debug.assert(wanted.is_return() or (wanted.yes < id and wanted.no < id));
        try graph.nodes.append(graph.arena, wanted);
        bucket.* = id + 1;
        return id;
    }

    /// The bucket that holds an equal node, or the empty one for it.
    fn find(graph: *const Graph, wanted: Node) *Id {
        var state: u64 = (@as(u64, wanted.k) << 16 | wanted.code) *% 0x9e37_79b9_7f4a_7c15;
        state = (state ^ (@as(u64, wanted.yes) << 32 | wanted.no)) *% 0xff51_afd7_ed55_8ccd;
        var index: usize = @intCast(state >> 40);
        while (true) : (index += 1) {
            const bucket = &graph.buckets[index & (graph.buckets.len - 1)];
            if (bucket.* == 0 or std.meta.eql(graph.nodes.items[bucket.* - 1], wanted)) return bucket;
        }
    }

    fn grow(graph: *Graph) Allocator.Error!void {
        graph.buckets = try graph.arena.alloc(Id, graph.buckets.len * 2);
        @memset(graph.buckets, 0);
        for (graph.nodes.items, 0..) |existing, id| graph.find(existing).* = @intCast(id + 1);
    }
};

test "equal nodes are one node" {
    const testing = std.testing;
    var arena_state: std.heap.ArenaAllocator = .init(testing.allocator);
    defer arena_state.deinit();
    var graph: Graph = try .init(arena_state.allocator());
    const allow = try graph.ret(1);
    const deny = try graph.ret(2);
    const first = try graph.jump(.equal, 7, allow, deny);
    try testing.expectEqual(first, try graph.jump(.equal, 7, allow, deny));
    try testing.expect(first != try graph.jump(.equal, 7, deny, allow));
    try testing.expectEqual(allow, try graph.jump(.equal, 7, allow, allow));
    for (0..5000) |value| _ = try graph.jump(.greater, @intCast(value), allow, deny);
    try testing.expectEqual(first, try graph.jump(.equal, 7, allow, deny));
}
