//! Gives the nodes of a graph their positions in a program, from the last instruction to the first. BPF jumps
//! forward only, and a conditional one by at most 255: where a successor has come to lie farther away, a copy
//! of it (of a return) or a long jump to it is put right behind the jump, and serves the nodes that follow.
//! So no jump is ever too long, whatever the graph.
//!
//! Runs in the library (process `bunc`); pure.

const std = @import("std");
const Allocator = std.mem.Allocator;
const bpf = @import("bpf.zig");
const op = bpf.op;
const graph_types = @import("graph.zig");
const Graph = graph_types.Graph;
const Id = graph_types.Id;

pub const Error = error{ProgramTooLarge} || Allocator.Error;

/// The program that starts at `root`. error.ProgramTooLarge if it needs more
/// than bpf.max_instructions.
pub fn emit(arena: Allocator, graph: *const Graph, root: Id) Error![]bpf.Instruction {
    // A node is at most itself and a stand-in for each side.
    const bound = @min(bpf.max_instructions, 3 * graph.nodes.items.len);
    var emitter: Emitter = .{
        .graph = graph,
        .positions = try arena.alloc(u32, graph.nodes.items.len),
        .instructions = try arena.alloc(bpf.Instruction, bound),
    };
    @memset(emitter.positions, unplaced);

    // A node is placed once its successors are, the `no` side farther away.
    var stack: std.ArrayList(Id) = .empty;
    try stack.append(arena, root);
    while (stack.items.len > 0) {
        const id = stack.items[stack.items.len - 1];
        if (emitter.positions[id] != unplaced) {
            _ = stack.pop();
            continue;
        }
        const node = graph.node(id);
        if (!node.is_return() and emitter.positions[node.no] == unplaced) {
            try stack.append(arena, node.no);
        } else if (!node.is_return() and emitter.positions[node.yes] == unplaced) {
            try stack.append(arena, node.yes);
        } else {
            try emitter.place(id);
            _ = stack.pop();
        }
    }
    return emitter.instructions[bound - emitter.count ..];
}

const unplaced = std.math.maxInt(u32);

/// The farthest a conditional jump reaches: jt and jf are bytes.
const max_distance = 255;

const Emitter = struct {
    graph: *const Graph,
    /// Of each placed node, or of its latest stand-in: counted from the end of
    /// the program, so that what comes before does not move it.
    positions: []u32,
    /// Filled from the end.
    instructions: []bpf.Instruction,
    count: u32 = 0,

    fn place(emitter: *Emitter, id: Id) error{ProgramTooLarge}!void {
        const node = emitter.graph.node(id);
        if (node.is_jump()) {
            // A stand-in for one side pushes the other one farther away.
            while (true) {
                const yes = emitter.distance(node.yes);
                const no = emitter.distance(node.no);
                if (yes <= max_distance and no <= max_distance) {
                    try emitter.prepend(
                        .{ .code = node.code, .jt = @intCast(yes), .jf = @intCast(no), .k = node.k },
                    );
                    break;
                }
                try emitter.stand_in(if (yes > max_distance) node.yes else node.no);
            }
        } else {
            if (!node.is_return() and emitter.distance(node.yes) != 0) try emitter.stand_in(node.yes);
            try emitter.prepend(.{ .code = node.code, .jt = 0, .jf = 0, .k = node.k });
        }
        emitter.positions[id] = emitter.count - 1;
    }

    /// Instructions to skip from one prepended now.
    fn distance(emitter: *const Emitter, target: Id) u32 {
        return emitter.count - emitter.positions[target] - 1;
    }

    fn stand_in(emitter: *Emitter, target: Id) error{ProgramTooLarge}!void {
        const node = emitter.graph.node(target);
        if (node.is_return()) {
            try emitter.prepend(.{ .code = node.code, .jt = 0, .jf = 0, .k = node.k });
        } else {
            try emitter.prepend(.{ .code = op.ja, .jt = 0, .jf = 0, .k = emitter.distance(target) });
        }
        emitter.positions[target] = emitter.count - 1;
    }

    fn prepend(emitter: *Emitter, instruction: bpf.Instruction) error{ProgramTooLarge}!void {
        if (emitter.count == bpf.max_instructions) return error.ProgramTooLarge;
        emitter.count += 1;
        emitter.instructions[emitter.instructions.len - emitter.count] = instruction;
    }
};

test "long distances get stand-ins" {
    const testing = std.testing;
    const interpreter = @import("interpreter.zig");
    var arena_state: std.heap.ArenaAllocator = .init(testing.allocator);
    defer arena_state.deinit();
    const arena = arena_state.allocator();
    var graph: Graph = try .init(arena);
    const allow = try graph.ret(1);
    const far = try graph.jump(.any_bit, 1, try graph.ret(2), try graph.ret(3));
    var next = try graph.ret(4);
    for (0..1500) |value| {
        next = try graph.jump(.equal, @intCast(value), if (value % 3 == 0) far else allow, next);
    }
    const program = try emit(arena, &graph, try graph.load(bpf.offset_number, next));
    try bpf.check(program);
    for (0..1501) |number| {
        const data: interpreter.Data = .{ .number = @intCast(number), .architecture = 0 };
        const others: u32 = if (number % 3 != 0) 1 else if (number & 1 != 0) 2 else 3;
        const expected: u32 = if (number == 1500) 4 else others;
        try testing.expectEqual(expected, interpreter.run(program, &data, .little).value);
    }
}

test "a program beyond the kernel's limit is refused" {
    const testing = std.testing;
    var arena_state: std.heap.ArenaAllocator = .init(testing.allocator);
    defer arena_state.deinit();
    const arena = arena_state.allocator();
    var graph: Graph = try .init(arena);
    var next = try graph.ret(0);
    for (0..bpf.max_instructions) |value| next = try graph.jump(
        .equal,
        @intCast(value),
        try graph.ret(1),
        next,
    );
    try testing.expectError(error.ProgramTooLarge, emit(arena, &graph, next));
}
