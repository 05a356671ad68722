//! JSON output of the probe: one static buffer, written forwards, no allocation.

const std = @import("std");
const linux = std.os.linux;

/// Room for a report of a process with thousands of mounts; pages that are not written cost nothing.
var buffer: [4 * 1024 * 1024]u8 = undefined;
var length: usize = 0;
var need_comma = false;

pub fn reset() void {
    length = 0;
    need_comma = false;
}

pub fn text() []const u8 {
    return buffer[0..length];
}

fn put(bytes: []const u8) void {
    if (length + bytes.len > buffer.len) @panic("probe: report too large");
    @memcpy(buffer[length..][0..bytes.len], bytes);
    length += bytes.len;
}

fn separate() void {
    if (need_comma) put(",");
    need_comma = true;
}

pub fn begin_object() void {
    separate();
    put("{");
    need_comma = false;
}

pub fn end_object() void {
    put("}");
    need_comma = true;
}

pub fn begin_array() void {
    separate();
    put("[");
    need_comma = false;
}

pub fn end_array() void {
    put("]");
    need_comma = true;
}

pub fn key(name: []const u8) void {
    separate();
    quote(name);
    put(":");
    need_comma = false;
}

pub fn string(value: []const u8) void {
    separate();
    quote(value);
}

pub fn number(value: anytype) void {
    separate();
    var digits: [24]u8 = undefined;
    put(std.fmt.bufPrint(&digits, "{d}", .{value}) catch unreachable);
}

/// For values that do not fit a JavaScript number: a decimal string.
pub fn big(value: u64) void {
    separate();
    var digits: [24]u8 = undefined;
    put(std.fmt.bufPrint(&digits, "\"{d}\"", .{value}) catch unreachable);
}

pub fn boolean(value: bool) void {
    separate();
    put(if (value) "true" else "false");
}

pub fn field(name: []const u8, value: anytype) void {
    key(name);
    switch (@typeInfo(@TypeOf(value))) {
        .bool => boolean(value),
        .int, .comptime_int => number(value),
        else => string(value),
    }
}

/// `"errno": "ENOENT"`, or "ok".
pub fn outcome(rc: usize) void {
    key("errno");
    string(errno_name(rc));
}

pub fn errno_name(rc: usize) []const u8 {
    const code = linux.errno(rc);
    if (code == .SUCCESS) return "ok";
    const Static = struct {
        var name: [24]u8 = undefined;
    };
    const tag = std.enums.tagName(linux.E, code) orelse
        return std.fmt.bufPrint(&Static.name, "E{d}", .{@intFromEnum(code)}) catch unreachable;
    return std.fmt.bufPrint(&Static.name, "E{s}", .{tag}) catch unreachable;
}

/// Bytes that are no UTF-8 become U+00XX, so that any file content makes valid JSON.
fn quote(value: []const u8) void {
    put("\"");
    const valid_utf8 = std.unicode.utf8ValidateSlice(value);
    for (value) |byte| switch (byte) {
        '"' => put("\\\""),
        '\\' => put("\\\\"),
        '\n' => put("\\n"),
        '\t' => put("\\t"),
        else => if (byte < 0x20 or byte == 0x7f or (byte >= 0x80 and !valid_utf8)) {
            var escape: [6]u8 = undefined;
            put(std.fmt.bufPrint(&escape, "\\u{x:0>4}", .{byte}) catch unreachable);
        } else put(&.{byte}),
    };
    put("\"");
}
