//! Bytes in, bytes out: finds the call, decodes its request, encodes its reply or its Failure.
//! Runs in the bunc process. The one place that knows how the boundary is written down.

const std = @import("std");
const Call = @import("call.zig").Call;
const Failure = @import("failure.zig").Failure;
const calls = @import("calls.zig");

/// Memory of the call that is under way: there is one at a time. It is kept for the next one, because mapping it, touching
/// it and unmapping it costs more than most calls do.
var arena: std.heap.ArenaAllocator = .init(std.heap.page_allocator);
const kept_bytes_max = 256 * 1024;

/// Length of the reply in `out`; negative: of a Failure in `out`. docs/BOUNDARY.md
pub fn dispatch(id: u32, request: []const u8, out: []u8) i32 {
    inline for (calls.table, 0..) |entry, index| {
        if (id == index) return run(entry.function, request, out);
    }
    return write_failure(protocol_failure("dispatch", "unknown call"), out);
}

fn run(comptime function: anytype, request: []const u8, out: []u8) i32 {
    const Request = calls.RequestOf(function);
    defer _ = arena.reset(.{ .retain_with_limit = kept_bytes_max });
    const decoded = std.json.parseFromSliceLeaky(Request, arena.allocator(), request, .{
        // The request outlives the call, so strings without escapes need no copy.
        .allocate = .alloc_if_needed,
    }) catch |err| return write_failure(protocol_failure("request", @errorName(err)), out);

    var call: Call = .{ .arena = arena.allocator() };
    const reply = function(&call, decoded) catch |err| switch (err) {
        error.Failed => return write_failure(call.failure.?, out),
        error.OutOfMemory => return write_failure(protocol_failure("allocate", "out of memory"), out),
    };
    var writer: std.Io.Writer = .fixed(out);
    std.json.Stringify.value(reply, .{}, &writer) catch
        return write_failure(.{
            .code = .limit,
            .stage = .library,
            .op = "reply",
            .errno = 0,
            .subject = "",
            .target = "",
            .detail = "the reply does not fit into the caller's buffer",
        }, out);
    return @intCast(writer.end);
}

fn protocol_failure(op: []const u8, detail: []const u8) Failure {
    return .{ .code = .protocol, .stage = .library, .op = op, .errno = 0, .subject = "", .target = "", .detail = detail };
}

fn write_failure(record: Failure, out: []u8) i32 {
    var writer: std.Io.Writer = .fixed(out);
    // The caller's buffer is far larger than any Failure.
    std.json.Stringify.value(record, .{}, &writer) catch unreachable;
    return -@as(i32, @intCast(writer.end));
}

test "a bad request is a protocol failure that names what is wrong" {
    var out: [1024]u8 = undefined;
    const length = dispatch(9999, "{}", &out);
    try std.testing.expect(length < 0);
    try std.testing.expect(std.mem.indexOf(u8, out[0..@intCast(-length)], "unknown call") != null);
    const bad = dispatch(0, "{\"nonsense\":1}", &out);
    try std.testing.expect(bad < 0);
    try std.testing.expect(std.mem.indexOf(u8, out[0..@intCast(-bad)], "\"protocol\"") != null);
}
