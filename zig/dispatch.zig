//! Bytes in, bytes out: finds the call, decodes its request, encodes its reply or its Failure. Runs in the
//! bunc process. The only place that knows the encoding.

const std = @import("std");
const json = @import("json.zig");
const Call = @import("call.zig").Call;
const Failure = @import("failure.zig").Failure;
const calls = @import("calls.zig");

/// Memory of the call that is under way: there is one at a time. It is kept for the next one, because mapping
/// it, touching it and unmapping it costs more than most calls do.
var arena: std.heap.ArenaAllocator = .init(std.heap.page_allocator);
const kept_bytes_max = 256 * 1024;

/// A reply that was larger than the caller's buffer: kept, in `arena`, until the caller comes for it.
var waiting: []const u8 = "";
/// The number of the call that fetches it.
pub const take_waiting = std.math.maxInt(u32);

/// Length of the reply in `out`; negative: of a Failure in `out`. A length above that of `out`: nothing was
/// written, and the caller fetches the reply with a buffer of that length. docs/BOUNDARY.md
pub fn dispatch(id: u32, request: []const u8, out: []u8) i32 {
    if (id == take_waiting) return take(out);
    // What nobody came for.
    waiting = "";
    defer if (waiting.len == 0) {
        _ = arena.reset(.{ .retain_with_limit = kept_bytes_max });
    };
    inline for (calls.table, 0..) |entry, index| {
        if (id == index) return run(entry.function(), request, out);
    }
    return write_failure(protocol_failure("dispatch", "unknown call"), out);
}

fn run(comptime function: anytype, request: []const u8, out: []u8) i32 {
    const decoded = json.decode(calls.RequestOf(function), request, arena.allocator()) catch |err|
        return write_failure(protocol_failure("request", @errorName(err)), out);

    var call: Call = .{ .arena = arena.allocator() };
    const reply = function(&call, decoded) catch |err| switch (err) {
        error.Failed => return write_failure(call.failure.?, out),
        error.OutOfMemory => return write_failure(protocol_failure("allocate", "out of memory"), out),
    };
    var writer: std.Io.Writer = .fixed(out);
    if (json.encode(reply, &writer)) return @intCast(writer.end) else |_| {}
    return keep(reply) catch write_failure(.{
        .code = .limit,
        .stage = .library,
        .op = "reply",
        .detail = "the reply is larger than memory, or than 2 GiB",
    }, out);
}

fn keep(reply: anytype) error{ WriteFailed, Overflow }!i32 {
    var writer: std.Io.Writer.Allocating = .init(arena.allocator());
    try json.encode(reply, &writer.writer);
    const length = std.math.cast(i32, writer.written().len) orelse return error.Overflow;
    waiting = writer.written();
    return length;
}

fn take(out: []u8) i32 {
    if (waiting.len == 0 or waiting.len > out.len) {
        return write_failure(protocol_failure("reply", "no such reply"), out);
    }
    @memcpy(out[0..waiting.len], waiting);
    const length: i32 = @intCast(waiting.len);
    waiting = "";
    _ = arena.reset(.{ .retain_with_limit = kept_bytes_max });
    return length;
}

fn protocol_failure(op: []const u8, detail: []const u8) Failure {
    return .{ .code = .protocol, .stage = .library, .op = op, .detail = detail };
}

fn write_failure(record: Failure, out: []u8) i32 {
    var writer: std.Io.Writer = .fixed(out);
    // The caller's buffer is far larger than any Failure.
    json.encode(record, &writer) catch unreachable;
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

test "a reply larger than the buffer waits, and is given once" {
    const id = comptime for (calls.table, 0..) |entry, index| {
        if (std.mem.eql(u8, entry.name, "working_directory")) break index;
    } else unreachable;
    var whole: [8192]u8 = undefined;
    const length: usize = @intCast(dispatch(id, "{}", &whole));
    var small: [8]u8 = undefined;
    try std.testing.expectEqual(@as(i32, @intCast(length)), dispatch(id, "{}", &small));
    var fetched: [8192]u8 = undefined;
    try std.testing.expectEqual(@as(i32, @intCast(length)), dispatch(take_waiting, "", fetched[0..length]));
    try std.testing.expectEqualStrings(whole[0..length], fetched[0..length]);
    try std.testing.expect(dispatch(take_waiting, "", &fetched) < 0);
}
