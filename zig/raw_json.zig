//! A text that is JSON already, as a part of a reply. Runs in the bunc process.

const std = @import("std");
const Stringify = std.json.Stringify;

/// What is nested deeper is left to those who may refuse it.
const depth_max = 64;
/// Every integer of so many digits is a number of JavaScript's.
const digits_max = 15;

pub const RawJson = struct {
    text: []const u8,

    /// Null: `text` is not plain JSON. It must be valid UTF-8.
    pub fn of(text: []const u8) ?RawJson {
        return if (is_plain(text)) .{ .text = text } else null;
    }

    pub fn jsonStringify(self: RawJson, json: *Stringify) Stringify.Error!void {
        try json.beginWriteRaw();
        try json.writer.writeAll(self.text);
        json.endWriteRaw();
    }
};

/// RFC 8259, and JavaScript's JSON.parse loses nothing of it: numbers are integers of few digits.
fn is_plain(text: []const u8) bool {
    var reader: Reader = .{ .rest = text };
    return reader.value(0) and reader.token() == null;
}

const Reader = struct {
    rest: []const u8,

    /// The next byte that is not white space; null: the end.
    fn token(self: *Reader) ?u8 {
        for (self.rest, 1..) |byte, length| switch (byte) {
            ' ', '\t', '\n', '\r' => {},
            else => {
                self.rest = self.rest[length..];
                return byte;
            },
        };
        self.rest = "";
        return null;
    }

    fn value(self: *Reader, depth: u32) bool {
        const first = self.token() orelse return false;
        return switch (first) {
            '{' => self.list(true, '}', depth),
            '[' => self.list(false, ']', depth),
            '"' => self.string(),
            '-' => self.rest.len > 0 and self.integer_after(self.take()),
            '0'...'9' => self.integer_after(first),
            't' => self.word("rue"),
            'f' => self.word("alse"),
            'n' => self.word("ull"),
            else => false,
        };
    }

    /// After the bracket that opens it.
    fn list(self: *Reader, comptime named: bool, close: u8, depth: u32) bool {
        if (depth == depth_max) return false;
        const before = self.rest;
        if (self.token() == close) return true;
        self.rest = before;
        while (true) {
            if (named and !(self.token() == '"' and self.string() and self.token() == ':')) return false;
            if (!self.value(depth + 1)) return false;
            const after = self.token() orelse return false;
            if (after == close) return true;
            if (after != ',') return false;
        }
    }

    /// After the quotation mark that opens it.
    fn string(self: *Reader) bool {
        while (self.rest.len > 0) switch (self.take()) {
            '"' => return true,
            0...0x1f => return false,
            '\\' => if (!self.escape()) return false,
            else => {},
        };
        return false;
    }

    fn escape(self: *Reader) bool {
        if (self.rest.len == 0) return false;
        switch (self.take()) {
            '"', '\\', '/', 'b', 'f', 'n', 'r', 't' => return true,
            'u' => {},
            else => return false,
        }
        if (self.rest.len < 4) return false;
        for (self.rest[0..4]) |digit| if (!std.ascii.isHex(digit)) return false;
        self.rest = self.rest[4..];
        return true;
    }

    fn integer_after(self: *Reader, first: u8) bool {
        if (!std.ascii.isDigit(first)) return false;
        var digits: u32 = 1;
        while (self.rest.len > 0) : (digits += 1) switch (self.rest[0]) {
            '0'...'9' => self.rest = self.rest[1..],
            '.', 'e', 'E' => return false,
            else => break,
        };
        return digits <= digits_max and (first != '0' or digits == 1);
    }

    fn word(self: *Reader, comptime end: []const u8) bool {
        if (!std.mem.startsWith(u8, self.rest, end)) return false;
        self.rest = self.rest[end.len..];
        return true;
    }

    fn take(self: *Reader) u8 {
        defer self.rest = self.rest[1..];
        return self.rest[0];
    }
};

test "plain JSON" {
    for ([_][]const u8{
        "{}",
        " [ ] \n",
        "{\"a\":{\"b\":[1,-2,0,-0,999999999999999],\"\":null},\"c\":true,\"d\":false}\n",
        "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00ff\\ud800 größe\u{10ffff}\"",
        "\t1",
        "[" ** depth_max ++ "]" ** depth_max,
    }) |text| try std.testing.expect(is_plain(text));
}

test "what JSON.parse would refuse, or lose something of" {
    for ([_][]const u8{
        "",        " ",         "{",                "}",         "[1",      "[1,]",       "[,1]",
        "{\"a\"}", "{\"a\":}",  "{\"a\":1,}",       "{\"a\" 1}", "{a:1}",   "{1:1}",      "[1 2]",
        "[1}",     "{\"a\":1]", "\"",               "\"\\\"",    "\"\\x\"", "\"\\u00f\"", "\"\\u00fg\"",
        "\"\n\"",  "\"\x00\"",  "\"\\",             "tru",       "nulll",   "undefined",  "'a'",
        "01",      "-",         "-a",               "--1",       "+1",      ".5",         "1.0",
        "1e3",     "1E3",       "1000000000000000", "1x",        "{} {}",   "\u{feff}{}", "//\n1",
        "\u{a0}1", "[1]]",      "-01",              "NaN",
    }) |text| try std.testing.expect(!is_plain(text));
    try std.testing.expect(!is_plain("[" ** (depth_max + 1) ++ "]" ** (depth_max + 1)));
}

test "what is taken for JSON is JSON, whatever is changed in it" {
    var random: std.Random.DefaultPrng = .init(1);
    const sample = "{\"a\":[1,-20,{\"b\\n\":\"c\\u00e9\"}],\"d\":null,\"e\":[true,false,[]],\"f\":{}}\n";
    var arena: std.heap.ArenaAllocator = .init(std.testing.allocator);
    defer arena.deinit();
    var plain: u32 = 0;
    for (0..20_000) |_| {
        var bytes = sample.*;
        for (0..1 + random.random().int(u8) % 3) |_| {
            const at = random.random().int(usize) % bytes.len;
            bytes[at] = if (random.random().boolean())
                bytes[random.random().int(usize) % bytes.len]
            else
                random.random().int(u8) & 0x7f;
        }
        if (!is_plain(&bytes)) continue;
        plain += 1;
        try std.testing.expect(try std.json.validate(arena.allocator(), &bytes));
        _ = arena.reset(.retain_capacity);
    }
    try std.testing.expect(plain > 100);
}
