//! What `create` and `start` would do on this machine, without doing it: the core a second time, on a
//! kernel that is willing and does nothing (rehearsal/host.zig), with bunc-init in it
//! (rehearsal/willing.zig). What they did not make themselves is the machine's, which is only read. For
//! `explain` (src/explain/recording.ts).

const std = @import("std");
const backend = @import("rehearsal/backend.zig");
const host_types = @import("rehearsal/host.zig");
const kernels = @import("rehearsal/kernels.zig");
const peer = @import("rehearsal/peer.zig");
const plan_types = @import("plan.zig");
const request = @import("rehearsal/request.zig");
const sys = @import("sys.zig");
const tree = @import("rehearsal/tree.zig");

const Host = host_types.Host;
const Plan = plan_types.Plan;

pub const Backend = kernels.Backend;

var memory: std.heap.ArenaAllocator = .init(std.heap.page_allocator);
var calls: std.ArrayList(Operation) = .empty;
/// Of bunc-init's, how many are among them.
var told: usize = 0;
var reported: usize = 0;
var of_host: usize = 0;
var stuck: []const u8 = "";

const Operation = struct {
    by: backend.Actor,
    call: []const u8,
    target: []const u8,
    detail: []const u8,
    subject: []const u8,
};

const File = struct { path: []const u8, text: ?[]const u8 };
const Beginning = struct {
    /// Of a machine that is made up; directories have no text. Null: on this machine.
    files: ?[]const File,
    mounts: []const tree.Mount,
    /// From 0: what the caller gives to the container.
    descriptors: u32,
    working_directory: []const u8,
};
const Request = struct { begin: ?Beginning };
const Report = struct {
    /// Some of those since the last report; empty: there are no more.
    operations: []const Operation,
    /// What must never happen; "": it did not.
    wrong: []const u8,
};

/// As `bunc_call`, on the rehearsed machine. With the number of `control`: begins anew, or reports.
pub export fn bunc_rehearse(id: u32, in: [*]const u8, in_length: u32, out: [*]u8, out_capacity: u32) i32 {
    if (id == control) return answer_control(in[0..in_length], out[0..out_capacity]) catch -1;
    sys.backend.about("");
    const outcome = request.make(id, in[0..in_length], out[0..out_capacity]);
    if (outcome == .stuck) stuck = outcome.stuck;
    take_told();
    return if (stuck.len == 0) outcome.length else std.math.minInt(i32);
}

/// Target and detail have hardly more than a path of 4 KiB each: there is room for as many in what
/// src/explain/recording.ts gives.
const report_max = 1024;
const control = std.math.maxInt(u32) - 1;
fn answer_control(in: []const u8, out: []u8) !i32 {
    const asked =
        try std.json.parseFromSliceLeaky(Request, memory.allocator(), in, .{ .allocate = .alloc_always });
    if (asked.begin) |beginning| try begin(beginning);
    var writer: std.Io.Writer = .fixed(out);
    const some = calls.items[reported..@min(reported + report_max, calls.items.len)];
    try std.json.Stringify.value(Report{ .operations = some, .wrong = stuck }, .{}, &writer);
    reported += some.len;
    return @intCast(writer.end);
}

fn begin(beginning: Beginning) !void {
    const arena = memory.allocator();
    const host = try arena.create(Host);
    host.* = .{
        .arena = arena,
        .tree = .{ .arena = arena, .mounts = beginning.mounts },
        .children = .{ .arena = arena, .next_pid = no_process },
        .directory = beginning.working_directory,
        .on_machine = beginning.files == null,
        .run_init = run_init,
    };
    for (beginning.files orelse &.{}) |file| host.tree.add(file.path, file.text == null, file.text orelse "");
    for (0..beginning.descriptors) |fd| host.descriptors[fd] = if (host.on_machine)
        .{ .kind = .machine, .machine = fd, .cloexec = false, .path = host.print("/proc/self/fd/{d}", .{fd}) }
    else
        .{ .kind = .stdio, .cloexec = false };
    sys.backend.* = .{ .host = .{ .kernel = host, .notes = true, .describes = true } };
    calls = .empty;
    reported = 0;
    stuck = "";
    told = 0;
    of_host = 0;
}

/// Above any that a kernel gives.
const no_process = (1 << 22) + 1;

/// → what it says to the bunc process, and when that has to wait for it.
fn run_init(host: *Host, plan: *const Plan, encoded: []const u8, stage: []const u8) peer.Script {
    const arena = host.arena;
    const kept_plan = arena.create(Plan) catch @panic("no memory");
    kept_plan.* = plan.*;
    const kept_bytes = arena.dupe(u8, encoded) catch @panic("no memory");
    return kernels.script_of_init(arena, kept_plan, kept_bytes, stage, host);
}

/// Calls of both, in the order in which they are made.
fn take_told() void {
    const of_bunc = sys.backend.host.noted.items;
    for (of_bunc[of_host..]) |call| {
        take_init(call.init_made);
        add(call);
    }
    of_host = of_bunc.len;
    take_init(sys.backend.host.kernel.init_made);
}

fn take_init(count: usize) void {
    if (count <= told) return;
    for (sys.backend.init.noted.items[told..count]) |call| add(call);
    told = count;
}

fn add(call: backend.Noted) void {
    if (!call.is_shown) return;
    calls.append(memory.allocator(), .{
        .by = call.by,
        .call = @tagName(call.number),
        .target = utf8(call.description.target),
        .detail = utf8(call.description.detail),
        .subject = if (call.by == .bunc) call.topic else call.subject,
    }) catch @panic("no memory");
}

/// Paths are any bytes; JSON is text.
fn utf8(bytes: []const u8) []const u8 {
    if (std.unicode.utf8ValidateSlice(bytes)) return bytes;
    return std.fmt.allocPrint(
        memory.allocator(),
        "{f}",
        .{std.zig.fmtString(bytes)},
    ) catch @panic("no memory");
}

pub const panic = @import("panic.zig").panic;
