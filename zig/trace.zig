//! What bunc-init tells about its work under --debug (Plan.trace): one message for each step, sent over the
//! channel and kept by libbunc until TypeScript takes it (`take_trace`). Without Plan.trace nothing is
//! measured or sent.

const std = @import("std");
const sync = @import("sync.zig");
const Call = @import("call.zig").Call;

/// What is done by now.
pub const TracePoint = enum {
    /// libbunc has made bunc-init; `text`: the CPUs that it began with, "0x3".
    cloned,
    /// Stage 1 is in its namespaces.
    joined,
    /// Stage 2 runs.
    init,
    /// Step `index` of Plan.steps.
    step,
    /// The program of process.args is found; `text`: its path.
    program,
    /// The startContainer hooks have run.
    start_hooks,
    /// The last word before execve; `text`: the path.
    execute,
};

pub const TraceRecord = struct {
    point: TracePoint,
    index: u32,
    /// Since the point before, of the same process.
    duration_us: u32,
    text: []const u8,
};

/// Bytes of a record without its text, at most.
pub const size_fixed = 32;

var arena: std.heap.ArenaAllocator = .init(std.heap.page_allocator);
var kept: std.ArrayList(TraceRecord) = .empty;

/// More than any plan has steps; what comes after is left out.
const records_max = 16 * 1024;

pub fn keep(record: TraceRecord) void {
    if (kept.items.len >= records_max) return;
    const memory = arena.allocator();
    var copy = record;
    copy.text = memory.dupe(u8, record.text) catch return;
    kept.append(memory, copy) catch {};
}

/// A record in wire form. One that is malformed is left out: a trace must not end what it tells about.
pub fn keep_message(payload: []const u8) void {
    keep(sync.decode(TraceRecord, payload) orelse return);
}

pub const TakeTraceRequest = struct {};
pub const TakeTraceReply = struct { records: []const TraceRecord };

/// What was kept since the last time.
pub fn take_trace(call: *Call, _: TakeTraceRequest) Call.Error!TakeTraceReply {
    const records = try call.arena.dupe(TraceRecord, kept.items);
    for (records) |*record| record.text = try call.arena.dupe(u8, record.text);
    kept = .empty;
    _ = arena.reset(.free_all);
    return .{ .records = records };
}

test "records are kept until they are taken" {
    var memory: std.heap.ArenaAllocator = .init(std.testing.allocator);
    defer memory.deinit();
    var call: Call = .{ .arena = memory.allocator() };
    const record: TraceRecord = .{ .point = .step, .index = 7, .duration_us = 12, .text = "/bin/true" };
    var buffer: [sync.size_max - 1]u8 = undefined;
    const bytes = sync.encode(record, &buffer).?;
    try std.testing.expect(bytes.len <= size_fixed + record.text.len);
    keep_message(bytes);
    keep_message("rubbish");
    const taken = try take_trace(&call, .{});
    try std.testing.expectEqual(1, taken.records.len);
    try std.testing.expectEqualDeep(record, taken.records[0]);
    try std.testing.expectEqual(0, (try take_trace(&call, .{})).records.len);
}
