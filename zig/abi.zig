//! The ABI fingerprint: a hash of every boundary type's shape, computed when the library is compiled.

const std = @import("std");
const calls = @import("calls.zig");
const Failure = @import("failure.zig").Failure;

pub const fingerprint: u32 = blk: {
    @setEvalBranchQuota(1_000_000);
    var text: []const u8 = shape(Failure);
    for (calls.table) |entry| {
        text = text ++ entry.name ++ shape(
            calls.RequestOf(entry.function()),
        ) ++ shape(calls.ReplyOf(entry.function()));
    }
    break :blk std.hash.Fnv1a_32.hash(text);
};

fn shape(comptime T: type) []const u8 {
    if (T == @import("integer.zig").U64) return "U64";
    if (T == @import("raw_json.zig").RawJson) return "JSON";
    return switch (@typeInfo(T)) {
        .int, .bool => @typeName(T),
        .optional => |info| "?" ++ shape(info.child),
        .pointer => |info| if (info.child == u8) "string" else "[]" ++ shape(info.child),
        .@"enum" => |info| names: {
            var text: []const u8 = "enum{";
            for (info.fields) |field| text = text ++ field.name ++ ",";
            break :names text ++ "}";
        },
        .@"struct" => |info| fields: {
            var text: []const u8 = "{";
            for (info.fields) |field| text = text ++ field.name ++ ":" ++ shape(field.type) ++ ",";
            break :fields text ++ "}";
        },
        .@"union" => |info| fields: {
            var text: []const u8 = "union{";
            for (info.fields) |field| text = text ++ field.name ++ ":" ++ shape(field.type) ++ ",";
            break :fields text ++ "}";
        },
        else => @compileError("not a boundary type: " ++ @typeName(T)),
    };
}
