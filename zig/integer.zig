//! 64-bit integers on a JSON boundary: decimal strings, because JavaScript numbers end at 2^53.

const std = @import("std");

pub const U64 = struct {
    value: u64,

    pub fn jsonParse(allocator: std.mem.Allocator, source: anytype, options: std.json.ParseOptions) !U64 {
        const text = try std.json.innerParse([]const u8, allocator, source, options);
        if (text.len == 0) return error.InvalidNumber;
        // std.fmt alone would also accept a sign and underscores.
        for (text) |byte| if (!std.ascii.isDigit(byte)) return error.InvalidNumber;
        const value = std.fmt.parseInt(u64, text, 10) catch return error.InvalidNumber;
        return .{ .value = value };
    }

    pub fn jsonStringify(self: U64, writer: anytype) !void {
        try writer.print("\"{d}\"", .{self.value});
    }
};

test "U64 crosses as a decimal string, to the last bit" {
    const gpa = std.testing.allocator;
    for ([_]u64{ 0, 1, 1 << 53, (1 << 53) + 1, std.math.maxInt(u64) }) |value| {
        const text = try std.json.Stringify.valueAlloc(gpa, U64{ .value = value }, .{});
        defer gpa.free(text);
        const parsed = try std.json.parseFromSlice(U64, gpa, text, .{});
        defer parsed.deinit();
        try std.testing.expectEqual(value, parsed.value.value);
    }
    for ([_][]const u8{
        "\"\"",
        "\"-1\"",
        "\"1e3\"",
        "\"18446744073709551616\"",
        "\"0x10\"",
        "\"1_000\"",
        "\"+1\"",
        "\" 1\"",
    }) |text| {
        try std.testing.expectError(error.InvalidNumber, std.json.parseFromSlice(U64, gpa, text, .{}));
    }
}
