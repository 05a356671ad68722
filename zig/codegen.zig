//! Writes src/native/boundary.gen.ts: the TypeScript side of every boundary type, the call table, the ABI
//! fingerprint and the kernel constants that TypeScript needs. Runs at build time (`zig build gen`).

const std = @import("std");
const calls = @import("calls.zig");
const abi = @import("abi.zig");
const Failure = @import("failure.zig").Failure;
const U64 = @import("integer.zig").U64;
const RawJson = @import("raw_json.zig").RawJson;
const linux = std.os.linux;

pub fn main(init: std.process.Init) !void {
    var buffer: [4096]u8 = undefined;
    var file = std.Io.File.stdout().writer(init.io, &buffer);
    try generate(&file.interface);
    try file.interface.flush();
}

fn generate(out: *std.Io.Writer) !void {
    @setEvalBranchQuota(4_000_000);
    try out.writeAll(
        \\// Generated from zig/ by `npm run gen`. Do not edit: test/tidy fails when it is stale.
        \\
        \\/** A 64-bit integer as a decimal string. */
        \\export type U64 = string;
        \\
        \\
    );
    try out.print("export const abiFingerprint = {d};\n\n", .{abi.fingerprint});
    inline for (comptime reachable()) |T| try declare(out, T);
    try out.writeAll("/** Call numbers of bunc_call. */\nexport const callNumbers = {\n");
    inline for (calls.table, 0..) |entry, index| try out.print("  {s}: {d},\n", .{ entry.name, index });
    try out.writeAll("} as const;\n\n/** Request and reply of every call. */\nexport type Calls = {\n");
    inline for (calls.table) |entry| {
        try out.print("  {s}: [", .{entry.name});
        try reference(out, calls.RequestOf(entry.function()));
        try out.writeAll(", ");
        try reference(out, calls.ReplyOf(entry.function()));
        try out.writeAll("];\n");
    }
    try out.writeAll("};\n\n");
    try constants(out, "CLONE", linux.CLONE, "NEW");
    try constants(out, "MS", linux.MS, "");
    try constants(out, "MOUNT_ATTR", @import("sys.zig").mount_attr, "");
    try constants(out, "CAP", linux.CAP, "");
    try enumeration(out, "RLIMIT", linux.rlimit_resource);
    try enumeration(out, "SIG", linux.SIG);
    try enumeration(out, "ERRNO", linux.E);
}

/// Every named type that the calls mention, in the order of first mention.
/// Names must differ: TypeScript has one scope for all of them.
fn reachable() []const type {
    var found: []const type = &.{Failure};
    var queue: []const type = &.{Failure};
    for (calls.table) |entry| {
        queue = queue ++ .{ calls.RequestOf(entry.function()), calls.ReplyOf(entry.function()) };
    }
    var index: usize = 0;
    while (index < queue.len) : (index += 1) {
        const T = queue[index];
        if (!contains(found, T) and isNamed(T)) {
            for (found) |other| {
                if (std.mem.eql(u8, baseName(other), baseName(T))) {
                    @compileError("two boundary types of one name: " ++ @typeName(T));
                }
            }
            found = found ++ .{T};
        }
        if (index > 0 and contains(queue[0..index], T)) continue;
        switch (@typeInfo(T)) {
            .optional => |info| queue = queue ++ .{info.child},
            .pointer => |info| queue = queue ++ .{info.child},
            .@"struct" => |info| {
                if (T == U64 or T == RawJson) continue;
                for (info.fields) |field| queue = queue ++ .{field.type};
            },
            .@"union" => |info| for (info.fields) |field| {
                queue = queue ++ .{field.type};
            },
            else => {},
        }
    }
    return found;
}

fn contains(list: []const type, T: type) bool {
    for (list) |item| if (item == T) return true;
    return false;
}

fn isNamed(T: type) bool {
    if (T == U64 or T == RawJson) return false;
    return switch (@typeInfo(T)) {
        .@"struct", .@"union", .@"enum" => true,
        else => false,
    };
}

fn declare(out: *std.Io.Writer, comptime T: type) !void {
    const name = comptime baseName(T);
    switch (@typeInfo(T)) {
        .@"struct" => |info| {
            if (info.fields.len == 0) {
                return out.print("export type {s} = Record<string, never>;\n\n", .{name});
            }
            try out.print("export type {s} = {{\n", .{name});
            inline for (info.fields) |field| {
                try out.print("  {s}: ", .{field.name});
                try reference(out, field.type);
                try out.writeAll(";\n");
            }
            try out.writeAll("};\n\n");
        },
        .@"enum" => |info| {
            try out.print("export type {s} =", .{name});
            inline for (info.fields, 0..) |field, index| {
                try out.print("{s} \"{s}\"", .{ if (index == 0) "" else " |", field.name });
            }
            try out.writeAll(";\n\n");
        },
        .@"union" => |info| {
            try out.print("export type {s} =\n", .{name});
            inline for (info.fields, 0..) |field, index| {
                try out.print("  | {{ {s}: ", .{field.name});
                try reference(out, field.type);
                try out.writeAll(if (index + 1 == info.fields.len) " };\n\n" else " }\n");
            }
        },
        else => comptime unreachable,
    }
}

fn reference(out: *std.Io.Writer, comptime T: type) !void {
    if (T == U64) return out.writeAll("U64");
    if (T == RawJson) return out.writeAll("unknown");
    switch (@typeInfo(T)) {
        .int => try out.writeAll("number"),
        .bool => try out.writeAll("boolean"),
        .optional => |info| {
            try reference(out, info.child);
            try out.writeAll(" | null");
        },
        .pointer => |info| {
            if (info.child == u8) return out.writeAll("string");
            try out.writeAll("readonly ");
            try reference(out, info.child);
            try out.writeAll("[]");
        },
        .@"struct", .@"union", .@"enum" => try out.writeAll(comptime baseName(T)),
        else => @compileError("not a boundary type: " ++ @typeName(T)),
    }
}

fn baseName(comptime T: type) []const u8 {
    const full = @typeName(T);
    const dot = std.mem.lastIndexOfScalar(u8, full, '.') orelse return full;
    return full[dot + 1 ..];
}

/// Those whose names begin with `prefix`.
fn constants(out: *std.Io.Writer, comptime name: []const u8, comptime T: type, prefix: []const u8) !void {
    try out.print("export const {s} = {{\n", .{name});
    inline for (@typeInfo(T).@"struct".decls) |decl| {
        const value = @field(T, decl.name);
        const is_integer = @typeInfo(@TypeOf(value)) == .int or @typeInfo(@TypeOf(value)) == .comptime_int;
        if (is_integer and std.mem.startsWith(u8, decl.name, prefix)) {
            try out.print("  {s}: {d},\n", .{ decl.name, value });
        }
    }
    try out.writeAll("} as const;\n\n");
}

fn enumeration(out: *std.Io.Writer, comptime name: []const u8, comptime T: type) !void {
    try out.print("export const {s} = {{\n", .{name});
    inline for (@typeInfo(T).@"enum".fields) |field| {
        // "2BIG" is no identifier.
        const quote = comptime if (std.ascii.isDigit(field.name[0])) "\"" else "";
        try out.print("  {s}{s}{s}: {d},\n", .{ quote, field.name, quote, field.value });
    }
    try out.writeAll("} as const;\n\n");
}
