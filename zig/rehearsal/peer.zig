//! bunc-init as the bunc process sees it: what it tells for a plan, one message after the other, and where it
//! waits for an answer (sync.zig). It fails only if its parent refuses it something.

const std = @import("std");
const sys = @import("../sys.zig");
const sync = @import("../sync.zig");
const failure = @import("../failure.zig");
const is_direct = @import("../stages.zig").is_direct;
const plan_types = @import("../plan.zig");
const Plan = plan_types.Plan;
const CLONE = std.os.linux.CLONE;

pub const Message = struct {
    kind: sync.Kind,
    payload: []const u8 = "",
    /// It comes with a descriptor of this name.
    passes: []const u8 = "",
    /// The config path, for what its refusal is reported with.
    subject: []const u8 = "",
};

pub const Turn = union(enum) {
    tell: Message,
    /// Until the parent has sent something.
    wait,
    /// Like that, with its id maps written.
    wait_mapped,
    /// Stage 1 has made stage 2, told it, and ends.
    become_child,
    /// It executes the program: the channel is closed.
    execute,
    end,
    /// For `start`, which comes from another process.
    wait_for_start,
};

pub const Script = struct {
    turns: []const Turn,
    /// How many calls bunc-init has made at the end of each turn; empty: not known.
    made: []const usize = &.{},
};

pub const Peer = struct {
    plan: Plan,
    pid: i32,
    channel: u32,
    script: Script,
    at: usize = 0,
    /// Messages of the parent that were not waited for yet.
    heard: usize = 0,
    told: ?Message = null,

    pub fn turn(self: *const Peer) Turn {
        return if (self.at < self.script.turns.len) self.script.turns[self.at] else .end;
    }

    pub fn hear(self: *Peer, arena: std.mem.Allocator, packet: []const u8) void {
        self.heard += 1;
        if (packet[0] != @intFromEnum(sync.Kind.source_refused)) return;
        const refusal = sync.SourceRefusal.decode(packet[1..]) orelse @panic("not a refusal");
        const bytes = encode(arena, .{
            .code = .system,
            .stage = .init,
            .op = refusal.op,
            .errno = @intFromEnum(refusal.errno),
            .subject = self.told.?.subject,
            .target = "",
            .detail = "",
        });
        self.script = .{
            .turns = arena.dupe(
                Turn,
                &.{ .{ .tell = .{ .kind = .failure, .payload = bytes } }, .end },
            ) catch @panic("no memory"),
        };
        self.at = 0;
    }
};

fn encode(arena: std.mem.Allocator, record: failure.Failure) []const u8 {
    var bytes: std.ArrayList(u8) = .empty;
    @import("../wire.zig").encode(failure.Failure, record, &bytes, arena) catch @panic("no memory");
    return bytes.items;
}

pub fn script(arena: std.mem.Allocator, plan: Plan, stage: []const u8) Script {
    var turns: std.ArrayList(Turn) = .empty;
    write(arena, plan, stage, &turns) catch @panic("no memory");
    return .{ .turns = turns.items };
}

fn write(arena: std.mem.Allocator, plan: Plan, stage: []const u8, turns: *std.ArrayList(Turn)) !void {
    if (std.mem.startsWith(u8, stage, "held-")) try turns.append(arena, .wait);
    if (!is_direct(&plan)) {
        if (plan.namespaces.create & CLONE.NEWUSER != 0) {
            try turns.appendSlice(arena, &.{ .{ .tell = .{ .kind = .map_ids } }, .wait_mapped });
        }
        try turns.append(arena, .become_child);
    }
    try turns.append(arena, .wait);
    var has_listener = false;
    var has_namespace = false;
    for (plan.steps) |step| switch (step.op) {
        .network_device => |op| {
            const name = try std.fmt.allocPrint(arena, "{s}/{s}", .{ op.name, op.new_name });
            try turns.appendSlice(
                arena,
                &.{ .{ .tell = .{ .kind = .network_device, .payload = name } }, .wait },
            );
        },
        .mount => |op| {
            // Sources that bunc-init may open itself are not asked for.
            const map = op.id_map orelse continue;
            if (!plan.parent_opens_sources or op.source != .bind) continue;
            if (!has_namespace) try turns.append(
                arena,
                .{ .tell = .{ .kind = .mount_namespace, .passes = "mount namespace" } },
            );
            has_namespace = true;
            const request: sync.SourceRequest = .{
                .recursive = op.source.bind.recursive,
                .map_recursive = map.recursive,
                .path = op.source.bind.path,
            };
            var buffer: [sync.size_max]u8 = undefined;
            const payload = try arena.dupe(u8, request.encode(&buffer).?);
            try turns.appendSlice(
                arena,
                &.{
                    .{
                        .tell = .{
                            .kind = .source,
                            .payload = payload,
                            .passes = "user namespace",
                            .subject = step.subject,
                        },
                    },
                    .wait,
                },
            );
        },
        .parent_hooks => try turns.appendSlice(arena, &.{ .{ .tell = .{ .kind = .hooks } }, .wait }),
        .console => try turns.append(arena, .{ .tell = .{ .kind = .console, .passes = "console" } }),
        .seccomp => |op| has_listener = op.listener_path != null,
        else => {},
    };
    if (has_listener) {
        try turns.appendSlice(
            arena,
            &.{ .{ .tell = .{ .kind = .seccomp_listener, .passes = "seccomp listener" } }, .wait },
        );
    }
    try turns.append(arena, .{ .tell = .{ .kind = .ready } });
    switch (plan.process.start) {
        .never => return turns.append(arena, .end),
        .socket => try turns.append(arena, .wait_for_start),
        .parent => try turns.append(arena, .wait),
        .immediately => {},
    }
    try turns.appendSlice(arena, &.{ .{ .tell = .{ .kind = .executing } }, .execute });
}
