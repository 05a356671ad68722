//! Plans as bytes: any plan survives its way to bunc-init, and no damage to the bytes crashes their reader.
//! This is all tests.

const std = @import("std");
const wire = @import("wire.zig");
const Plan = @import("plan.zig").Plan;

const Allocator = std.mem.Allocator;

/// Any value of a boundary type; lists are short.
fn arbitrary(comptime T: type, random: std.Random, arena: Allocator) !T {
    switch (@typeInfo(T)) {
        .int => return random.int(T),
        .bool => return random.boolean(),
        .@"enum" => return random.enumValue(T),
        .optional => |info| return if (random.boolean()) null else try arbitrary(info.child, random, arena),
        .pointer => |info| {
            const items = try arena.alloc(info.child, random.uintLessThan(usize, 4));
            for (items) |*item| item.* = try arbitrary(info.child, random, arena);
            return items;
        },
        .@"struct" => |info| {
            var value: T = undefined;
            inline for (info.fields) |field| @field(value, field.name) = try arbitrary(
                field.type,
                random,
                arena,
            );
            return value;
        },
        .@"union" => |info| switch (random.enumValue(info.tag_type.?)) {
            inline else => |tag| {
                const Payload = @FieldType(T, @tagName(tag));
                return @unionInit(T, @tagName(tag), try arbitrary(Payload, random, arena));
            },
        },
        else => @compileError("no random value for " ++ @typeName(T)),
    }
}

fn encoded(random: std.Random, arena: Allocator) !struct { Plan, std.ArrayList(u8) } {
    const plan = try arbitrary(Plan, random, arena);
    var bytes: std.ArrayList(u8) = .empty;
    try wire.encode(Plan, plan, &bytes, arena);
    return .{ plan, bytes };
}

test "any plan survives its way" {
    var state: std.Random.DefaultPrng = .init(15);
    var arena: std.heap.ArenaAllocator = .init(std.testing.allocator);
    defer arena.deinit();
    for (0..300) |_| {
        defer _ = arena.reset(.retain_capacity);
        const plan, const bytes = try encoded(state.random(), arena.allocator());
        var decoder: wire.Decoder = .{ .bytes = bytes.items, .allocator = arena.allocator() };
        try std.testing.expectEqualDeep(plan, try decoder.decode(Plan));
        try std.testing.expectEqual(0, decoder.bytes.len);
    }
}

/// Some bytes are others, gone, or more; a length among them may be any.
fn damage(bytes: *std.ArrayList(u8), random: std.Random, arena: Allocator) !void {
    for (0..1 + random.uintLessThan(usize, 4)) |_| {
        if (bytes.items.len == 0) return;
        const at = random.uintLessThan(usize, bytes.items.len);
        switch (random.uintLessThan(u8, 5)) {
            0 => bytes.shrinkRetainingCapacity(at),
            1 => _ = bytes.orderedRemove(at),
            2 => try bytes.insert(arena, at, random.int(u8)),
            3 => @memset(bytes.items[at..@min(at + 4, bytes.items.len)], 0xff),
            else => bytes.items[at] = random.int(u8),
        }
    }
}

test "no damage to a plan's bytes crashes what reads them, or makes it take more memory than it has" {
    var state: std.Random.DefaultPrng = .init(2026);
    const random = state.random();
    var arena: std.heap.ArenaAllocator = .init(std.testing.allocator);
    defer arena.deinit();
    var refused: usize = 0;
    const rounds = 5000;
    for (0..rounds) |_| {
        defer _ = arena.reset(.retain_capacity);
        _, var bytes = try encoded(random, arena.allocator());
        try damage(&bytes, random, arena.allocator());
        // As bunc-init has it: init/main.zig.
        const room = try arena.allocator().alloc(u8, 32 * bytes.items.len + 256 * 1024);
        var memory: std.heap.FixedBufferAllocator = .init(room);
        var decoder: wire.Decoder = .{ .bytes = bytes.items, .allocator = memory.allocator() };
        _ = decoder.decode(Plan) catch {
            refused += 1;
        };
    }
    try std.testing.expect(refused > rounds / 10);
    try std.testing.expect(refused < rounds);
}
