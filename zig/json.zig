//! Boundary values as JSON, whatever bytes their texts hold. Used by dispatch.zig alone.
//!
//! A name on Linux is any bytes but NUL and "/"; JSON, and a string of JavaScript, are Unicode. So a byte
//! that is not part of valid UTF-8 crosses as U+0000 and two hexadecimal digits ("\u0000ff"), and so does a
//! NUL itself ("\u000000"). No path, name or argument holds a NUL, so nothing else looks like that, and
//! JavaScript may compare, cut and join such texts and send them back: they become the same bytes again.

const std = @import("std");
const Stringify = std.json.Stringify;

/// Writes `value` of a boundary type.
pub fn encode(value: anytype, out: *std.Io.Writer) std.Io.Writer.Error!void {
    var json: Stringify = .{ .writer = out };
    try write(&json, value);
}

fn write(json: *Stringify, value: anytype) Stringify.Error!void {
    const T = @TypeOf(value);
    switch (@typeInfo(T)) {
        .pointer => |info| {
            comptime std.debug.assert(info.size == .slice);
            if (info.child == u8) return write_text(json, value);
            try json.beginArray();
            for (value) |item| try write(json, item);
            try json.endArray();
        },
        .@"struct" => |info| {
            if (@hasDecl(T, "jsonStringify")) return json.write(value);
            try json.beginObject();
            inline for (info.fields) |field| {
                try json.objectField(field.name);
                try write(json, @field(value, field.name));
            }
            try json.endObject();
        },
        .@"union" => {
            try json.beginObject();
            switch (value) {
                inline else => |payload, tag| {
                    try json.objectField(@tagName(tag));
                    try write(json, payload);
                },
            }
            try json.endObject();
        },
        .optional => if (value) |some| try write(json, some) else try json.write(null),
        .int, .bool, .@"enum" => try json.write(value),
        else => @compileError("not a boundary type: " ++ @typeName(T)),
    }
}

fn write_text(json: *Stringify, text: []const u8) Stringify.Error!void {
    if (std.mem.indexOfScalar(u8, text, 0) == null and std.unicode.utf8ValidateSlice(text)) {
        return json.write(text);
    }
    try json.beginWriteRaw();
    const out = json.writer;
    try out.writeByte('"');
    var rest = text;
    while (rest.len > 0) {
        const length = valid_prefix(rest);
        if (length == 0) {
            try out.print("\\u0000{x:0>2}", .{rest[0]});
            rest = rest[1..];
            continue;
        }
        try Stringify.encodeJsonStringChars(rest[0..length], .{}, out);
        rest = rest[length..];
    }
    try out.writeByte('"');
    json.endWriteRaw();
}

/// Length of the valid UTF-8 without NUL that `text` begins with.
fn valid_prefix(text: []const u8) usize {
    var end: usize = 0;
    while (end < text.len and text[end] != 0) {
        const length = std.unicode.utf8ByteSequenceLength(text[end]) catch break;
        if (end + length > text.len or !std.unicode.utf8ValidateSlice(text[end..][0..length])) break;
        end += length;
    }
    return end;
}

pub const DecodeError = std.json.ParseError(std.json.Scanner) || error{BadByteEscape};

/// Reads a value of a boundary type. Texts may point into `source`; what else it needs comes from `arena`.
pub fn decode(comptime T: type, source: []const u8, arena: std.mem.Allocator) DecodeError!T {
    var value = try std.json.parseFromSliceLeaky(T, arena, source, .{ .allocate = .alloc_if_needed });
    if (std.mem.indexOf(u8, source, "\\u0000") != null) try restore(T, &value, arena);
    return value;
}

/// Puts the bytes back into every text of `value`.
fn restore(comptime T: type, value: *T, arena: std.mem.Allocator) error{ BadByteEscape, OutOfMemory }!void {
    switch (@typeInfo(T)) {
        .pointer => |info| {
            if (info.child == u8) {
                if (std.mem.indexOfScalar(u8, value.*, 0) != null) value.* = try with_bytes(value.*, arena);
                return;
            }
            const items = try arena.dupe(info.child, value.*);
            for (items) |*item| try restore(info.child, item, arena);
            value.* = items;
        },
        .@"struct" => |info| inline for (info.fields) |field| try restore(
            field.type,
            &@field(value, field.name),
            arena,
        ),
        .@"union" => switch (value.*) {
            inline else => |*payload| try restore(@TypeOf(payload.*), payload, arena),
        },
        .optional => |info| if (value.*) |*some| try restore(info.child, some, arena),
        else => {},
    }
}

fn with_bytes(text: []const u8, arena: std.mem.Allocator) error{ BadByteEscape, OutOfMemory }![]const u8 {
    const bytes = try arena.alloc(u8, text.len);
    var length: usize = 0;
    var index: usize = 0;
    while (index < text.len) : (length += 1) {
        if (text[index] != 0) {
            bytes[length] = text[index];
            index += 1;
            continue;
        }
        if (index + 3 > text.len) return error.BadByteEscape;
        _ = std.fmt.hexToBytes(bytes[length..][0..1], text[index + 1 ..][0..2]) catch
            return error.BadByteEscape;
        index += 3;
    }
    return bytes[0..length];
}

const Sample = struct {
    name: []const u8,
    list: []const []const u8,
    choice: union(enum) { nothing: struct {}, path: []const u8 },
    maybe: ?[]const u8,
    number: u32,
};

fn expect_round_trip(arena: std.mem.Allocator, bytes: []const u8) !void {
    const sample: Sample = .{
        .name = bytes,
        .list = &.{ "a", bytes, "" },
        .choice = .{ .path = bytes },
        .maybe = bytes,
        .number = 7,
    };
    var out: std.Io.Writer.Allocating = .init(arena);
    try encode(sample, &out.writer);
    const json = out.written();
    try std.testing.expect(std.unicode.utf8ValidateSlice(json));
    try std.testing.expectEqualDeep(sample, try decode(Sample, json, arena));
}

test "every byte, alone and between others, comes back as it was" {
    var arena: std.heap.ArenaAllocator = .init(std.testing.allocator);
    defer arena.deinit();
    for (0..256) |value| {
        const byte: u8 = @intCast(value);
        try expect_round_trip(arena.allocator(), &.{byte});
        try expect_round_trip(arena.allocator(), &.{ '/', 'x', byte, 'f', 'f' });
        try expect_round_trip(arena.allocator(), &.{ 0xc3, byte, 0xe2, 0x82, byte, 0xf0 });
    }
}

test "random bytes come back as they were" {
    var random: std.Random.DefaultPrng = .init(1);
    var arena: std.heap.ArenaAllocator = .init(std.testing.allocator);
    defer arena.deinit();
    var bytes: [64]u8 = undefined;
    for (0..2000) |_| {
        random.random().bytes(&bytes);
        try expect_round_trip(arena.allocator(), bytes[0 .. random.random().int(u8) % 64]);
        _ = arena.reset(.retain_capacity);
    }
}

test "valid text crosses as itself" {
    var buffer: [256]u8 = undefined;
    var out: std.Io.Writer = .fixed(&buffer);
    try encode(@as([]const u8, "/srv/größe/\"€\"\n\u{10ffff}"), &out);
    try std.testing.expectEqualStrings("\"/srv/größe/\\\"€\\\"\\n\u{10ffff}\"", out.buffered());
}

test "a NUL that no byte follows is refused" {
    var arena: std.heap.ArenaAllocator = .init(std.testing.allocator);
    defer arena.deinit();
    for ([_][]const u8{ "\"\\u0000\"", "\"\\u0000f\"", "\"\\u0000xy\"", "\"a\\u0000+1b\"" }) |text| {
        try std.testing.expectError(error.BadByteEscape, decode([]const u8, text, arena.allocator()));
    }
}
