//! The core of the bunc process on a kernel that does nothing (rehearsal/host.zig), as a library: requests
//! from TypeScript become system calls that are recorded, and one of them can be made to fail
//! (test/contract/rehearsed-host.ts).

const std = @import("std");
const calls = @import("calls.zig");
const criu = @import("rehearsal/criu.zig");
const errnos = @import("rehearsal/errnos.zig");
const files = @import("rehearsal/host_files.zig");
const kernels = @import("rehearsal/kernels.zig");
const peer = @import("rehearsal/peer.zig");
const plan_types = @import("plan.zig");
const request = @import("rehearsal/request.zig");
const tree = @import("rehearsal/tree.zig");
const sys = @import("sys.zig");
const wire = @import("wire.zig");

const Host = @import("rehearsal/host.zig").Host;
const Plan = plan_types.Plan;
pub const Backend = kernels.Backend;

/// Untouched pages cost nothing.
var memory: [64 << 20]u8 = undefined;
var fixed: std.heap.FixedBufferAllocator = .init(&memory);
/// State that is kept from one rehearsal to the next.
var kept: std.heap.ArenaAllocator = .init(std.heap.page_allocator);
var subject: []const u8 = "";
var stuck: []const u8 = "";

const File = struct { path: []const u8, text: ?[]const u8 };
const Beginning = struct {
    files: []const File,
    mounts: []const tree.Mount,
    /// The answers of each CRIU that will be started.
    criu: []const []const criu.Answer = &.{},
};

/// Makes a new host. `json`: a Beginning, in which directories have no text. False if it is not valid.
pub export fn rehearsal_begin(json: [*]const u8, length: u32) bool {
    fixed.reset();
    stuck = "";
    const arena = fixed.allocator();
    const text = arena.dupe(u8, json[0..length]) catch return false;
    const beginning = std.json.parseFromSliceLeaky(Beginning, arena, text, .{}) catch return false;
    const host = arena.create(Host) catch return false;
    host.* = .{
        .arena = arena,
        .tree = .{ .arena = arena, .mounts = beginning.mounts },
        .children = .{ .arena = arena },
        .criu_answers = beginning.criu,
        .run_init = script_for,
    };
    for (beginning.files) |file| host.tree.add(file.path, file.text == null, file.text orelse "");
    for (0..3) |fd| host.descriptors[fd] = .{ .kind = .stdio, .cloexec = false };
    sys.backend.* = .{ .host = .{ .kernel = host } };
    sys.backend.watch(&subject);
    return true;
}

/// From here on calls are counted; with `notes` also recorded. Call `index` fails with `errno`; -1 for none.
pub export fn rehearsal_watch(notes: bool, index: i32, errno: u16) void {
    const host = sys.backend.host.kernel;
    sys.backend.* = .{ .host = .{ .kernel = host, .notes = notes } };
    sys.backend.watch(&subject);
    if (index >= 0) sys.backend.host.fault = .{ .index = @intCast(index), .errno = @enumFromInt(errno) };
    host.effects = .empty;
}

/// Like `bunc_call`. Returns the least integer if the call would wait forever.
pub export fn rehearsal_call(id: u32, in: [*]const u8, in_length: u32, out: [*]u8, out_capacity: u32) i32 {
    subject = name_of(id);
    switch (request.make(id, in[0..in_length], out[0..out_capacity])) {
        .length => |length| return length,
        .stuck => |why| stuck = why,
    }
    return std.math.minInt(i32);
}

/// The same for another process: its calls are not counted.
pub export fn rehearsal_beside(id: u32, in: [*]const u8, in_length: u32, out: [*]u8, out_capacity: u32) i32 {
    const counted = sys.backend.*;
    defer sys.backend.* = counted;
    sys.backend.* = .{ .host = .{ .kernel = counted.host.kernel } };
    return rehearsal_call(id, in, in_length, out, out_capacity);
}

/// Indexed by the binary form of a plan and a stage, because bunc-init does the same each time.
var scripts: std.StringHashMapUnmanaged(peer.Script) = .empty;

fn script_for(host: *Host, _: *const Plan, encoded: []const u8, stage: []const u8) peer.Script {
    return find_script(host.arena, encoded, stage) catch @panic("no memory");
}

/// `scratch`: for what does not last.
fn find_script(scratch: std.mem.Allocator, encoded: []const u8, stage: []const u8) !peer.Script {
    const wanted = try std.mem.concat(scratch, u8, &.{ stage, "\x00", encoded });
    if (scripts.get(wanted)) |found| return found;
    const arena = kept.allocator();
    const key = try arena.dupe(u8, wanted);
    const bytes = key[stage.len + 1 ..];
    var decoder: wire.Decoder = .{ .bytes = bytes, .allocator = arena };
    const plan = try arena.create(Plan);
    plan.* = try decoder.decode(Plan);
    const script = kernels.script_of_init(arena, plan, bytes, stage, null);
    try scripts.put(arena, key, script);
    return script;
}

fn name_of(id: u32) []const u8 {
    inline for (calls.table, 0..) |entry, index| if (id == index) return entry.name;
    return "";
}

const Noted = struct { subject: []const u8, text: []const u8, errnos: []const u16 };
const Report = struct {
    calls: []const Noted,
    effects: []const []const u8,
    /// What exists: descriptors, processes, files, a network device that is down.
    held: []const []const u8,
    /// The call that failed was repeated at once.
    repeated: bool,
    /// The fault had no call to act on.
    unchanged: bool,
    /// An error that must never happen; "" if there was none.
    wrong: []const u8,
};

/// Writes a Report as JSON to `out`. → its length; 0 if there is no room.
pub export fn rehearsal_report(out: [*]u8, capacity: u32) u32 {
    const host = sys.backend.host.kernel;
    const arena = host.arena;
    var noted: std.ArrayList(Noted) = .empty;
    for (sys.backend.host.noted.items) |call| {
        const list = arena.alloc(u16, errnos.of(call.number).len) catch return 0;
        for (list, errnos.of(call.number)) |*number, errno| number.* = @intFromEnum(errno);
        noted.append(arena, .{ .subject = call.subject, .text = call.text, .errnos = list }) catch return 0;
    }
    const report: Report = .{
        .calls = noted.items,
        .effects = host.effects.items,
        .held = held(host) catch return 0,
        .repeated = sys.backend.host.repeated,
        .unchanged = sys.backend.host.unchanged,
        .wrong = if (stuck.len > 0) stuck else if (host.stray) |number| host.print(
            "{t}: a closed descriptor is used",
            .{number},
        ) else "",
    };
    var writer: std.Io.Writer = .fixed(out[0..capacity]);
    std.json.Stringify.value(report, .{}, &writer) catch return 0;
    return @intCast(writer.end);
}

fn held(host: *Host) ![]const []const u8 {
    var list: std.ArrayList([]const u8) = .empty;
    for (host.descriptors, 0..) |fd, number| {
        if (fd.kind != .closed) {
            try list.append(host.arena, host.print("descriptor {d} {t} {s}", .{ number, fd.kind, fd.path }));
        }
    }
    for (host.children.list.items) |child| {
        if (child.state != .reaped) {
            try list.append(host.arena, host.print("process {d} {t}", .{ child.pid, child.state }));
        }
    }
    for (host.tree.nodes.items) |node| {
        if (node.is_directory or !files.is_of_kernel(host, node.path)) {
            try list.append(host.arena, host.print("file {s}", .{node.path}));
        }
    }
    if (!host.device_is_up) try list.append(host.arena, "network device that is down");
    return list.items;
}
