//! Binary form of a boundary type, derived from the type itself: how a Plan travels from libbunc to
//! bunc-init in a sealed memfd. Not a file format: both ends are of the same build.
//!
//! Slices of bytes are not copied on decoding (they point into the input); every other slice is
//! allocated from the caller's allocator, so a bounded allocator bounds the decoder.

const std = @import("std");
const Allocator = std.mem.Allocator;

pub const DecodeError = error{ Truncated, Malformed, OutOfMemory };

/// Appends the binary form of `value` to `out`.
pub fn encode(comptime T: type, value: T, out: *std.ArrayList(u8), gpa: Allocator) Allocator.Error!void {
    switch (@typeInfo(T)) {
        .int => {
            var bytes: [@sizeOf(T)]u8 = undefined;
            std.mem.writeInt(T, &bytes, value, .little);
            try out.appendSlice(gpa, &bytes);
        },
        .bool => try out.append(gpa, @intFromBool(value)),
        .@"enum" => try out.append(gpa, @intCast(@intFromEnum(value))),
        .optional => |info| {
            try out.append(gpa, @intFromBool(value != null));
            if (value) |inner| try encode(info.child, inner, out, gpa);
        },
        .pointer => |info| {
            comptime std.debug.assert(info.size == .slice);
            try encode(u32, @intCast(value.len), out, gpa);
            if (info.child == u8) {
                try out.appendSlice(gpa, value);
            } else {
                for (value) |item| try encode(info.child, item, out, gpa);
            }
        },
        .@"struct" => |info| inline for (info.fields) |field| {
            try encode(field.type, @field(value, field.name), out, gpa);
        },
        .@"union" => {
            const tag = std.meta.activeTag(value);
            try out.append(gpa, @intCast(@intFromEnum(tag)));
            switch (value) {
                inline else => |payload| try encode(@TypeOf(payload), payload, out, gpa),
            }
        },
        else => @compileError("no binary form for " ++ @typeName(T)),
    }
}

/// `value` with all that it points to, in memory of `arena`.
pub fn copy(comptime T: type, value: T, arena: Allocator) Allocator.Error!T {
    var bytes: std.ArrayList(u8) = .empty;
    try encode(T, value, &bytes, arena);
    var decoder: Decoder = .{ .bytes = bytes.items, .allocator = arena };
    return decoder.decode(T) catch |err| switch (err) {
        error.OutOfMemory => error.OutOfMemory,
        error.Truncated, error.Malformed => unreachable,
    };
}

pub const Decoder = struct {
    bytes: []const u8,
    allocator: Allocator,

    fn take(self: *Decoder, length: usize) DecodeError![]const u8 {
        if (length > self.bytes.len) return error.Truncated;
        defer self.bytes = self.bytes[length..];
        return self.bytes[0..length];
    }

    pub fn decode(self: *Decoder, comptime T: type) DecodeError!T {
        switch (@typeInfo(T)) {
            .int => return std.mem.readInt(T, (try self.take(@sizeOf(T)))[0..@sizeOf(T)], .little),
            .bool => return switch ((try self.take(1))[0]) {
                0 => false,
                1 => true,
                else => error.Malformed,
            },
            .@"enum" => return std.enums.fromInt(T, (try self.take(1))[0]) orelse error.Malformed,
            .optional => |info| return if (try self.decode(bool)) try self.decode(info.child) else null,
            .pointer => |info| {
                const length = try self.decode(u32);
                if (info.child == u8) return self.take(length);
                // An item takes at least one byte unless it is empty: a hostile length cannot make us
                // allocate more than a small multiple of the input.
                if (length > self.bytes.len and @sizeOf(info.child) > 0) return error.Truncated;
                const items = try self.allocator.alloc(info.child, length);
                for (items) |*item| item.* = try self.decode(info.child);
                return items;
            },
            .@"struct" => |info| {
                var value: T = undefined;
                inline for (info.fields) |field| @field(value, field.name) = try self.decode(field.type);
                return value;
            },
            .@"union" => |info| {
                const Tag = info.tag_type.?;
                const tag = std.enums.fromInt(Tag, (try self.take(1))[0]) orelse return error.Malformed;
                switch (tag) {
                    inline else => |known| {
                        const Payload = @FieldType(T, @tagName(known));
                        return @unionInit(T, @tagName(known), try self.decode(Payload));
                    },
                }
            },
            else => @compileError("no binary form for " ++ @typeName(T)),
        }
    }
};

const Shape = union(enum) { nothing: struct {}, pair: struct { a: u32, b: []const u8 } };
const Sample = struct {
    name: []const u8,
    flag: bool,
    shapes: []const Shape,
    maybe: ?u16,
    list: []const []const u8,
};

test "every kind of value survives the trip" {
    const gpa = std.testing.allocator;
    const sample: Sample = .{
        .name = "x\x00y",
        .flag = true,
        .shapes = &.{ .{ .nothing = .{} }, .{ .pair = .{ .a = 0xffff_ffff, .b = "" } } },
        .maybe = 7,
        .list = &.{ "a", "", "ccc" },
    };
    var bytes: std.ArrayList(u8) = .empty;
    defer bytes.deinit(gpa);
    try encode(Sample, sample, &bytes, gpa);
    var arena: std.heap.ArenaAllocator = .init(gpa);
    defer arena.deinit();
    var decoder: Decoder = .{ .bytes = bytes.items, .allocator = arena.allocator() };
    try std.testing.expectEqualDeep(sample, try decoder.decode(Sample));
    try std.testing.expectEqual(@as(usize, 0), decoder.bytes.len);
    try std.testing.expectEqualDeep(sample, try copy(Sample, sample, arena.allocator()));
}

test "no prefix and no flipped byte of an encoding crashes the decoder" {
    const gpa = std.testing.allocator;
    var bytes: std.ArrayList(u8) = .empty;
    defer bytes.deinit(gpa);
    try encode(
        Sample,
        .{
            .name = "n",
            .flag = false,
            .shapes = &.{.{ .pair = .{ .a = 1, .b = "b" } }},
            .maybe = null,
            .list = &.{"l"},
        },
        &bytes,
        gpa,
    );
    var memory: [4096]u8 = undefined;
    for (0..bytes.items.len) |length| {
        var fixed: std.heap.FixedBufferAllocator = .init(&memory);
        var decoder: Decoder = .{ .bytes = bytes.items[0..length], .allocator = fixed.allocator() };
        try std.testing.expectError(error.Truncated, decoder.decode(Sample));
    }
    for (bytes.items) |*byte| {
        for (0..256) |value| {
            const before = byte.*;
            defer byte.* = before;
            byte.* = @intCast(value);
            var fixed: std.heap.FixedBufferAllocator = .init(&memory);
            var decoder: Decoder = .{ .bytes = bytes.items, .allocator = fixed.allocator() };
            _ = decoder.decode(Sample) catch continue;
        }
    }
}
