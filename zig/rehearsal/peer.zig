//! bunc-init as the bunc process sees it: its messages for a plan, one after another, and the points where it
//! waits for an answer (sync.zig). It fails only if its parent refuses something.

const std = @import("std");
const sys = @import("../sys.zig");
const sync = @import("../sync.zig");
const failure = @import("../failure.zig");
const plan_types = @import("../plan.zig");
const Plan = plan_types.Plan;

pub const Message = struct {
    kind: sync.Kind,
    payload: []const u8 = "",
    /// The name of a descriptor that is passed with it.
    passes: []const u8 = "",
    /// The config path that a refusal is reported with.
    subject: []const u8 = "",
};

pub const Turn = union(enum) {
    tell: Message,
    /// Waits until the parent has sent a message.
    wait,
    /// The same, and the parent has written its id maps.
    wait_mapped,
    /// Stage 1 has started and reported stage 2, and exits.
    become_child,
    /// It executes the program: the channel is closed.
    execute,
    end,
    /// It waits forever.
    get_stuck: []const u8,
    /// Waits for `start`, which comes from another process.
    wait_for_start,
};

pub const Script = struct {
    turns: []const Turn,
    /// The number of calls that bunc-init has made at the end of each turn; empty if unknown.
    made: []const usize = &.{},
};

pub const Peer = struct {
    plan: Plan,
    pid: i32,
    channel: u32,
    script: Script,
    at: usize = 0,
    /// Messages from the parent that have not been read yet.
    heard: usize = 0,
    told: ?Message = null,

    pub fn turn(self: *const Peer) Turn {
        return if (self.at < self.script.turns.len) self.script.turns[self.at] else .end;
    }

    pub fn hear(self: *Peer, arena: std.mem.Allocator, packet: []const u8) void {
        self.heard += 1;
        if (packet[0] != @intFromEnum(sync.Kind.source_refused)) return;
        const refusal = sync.decode(sync.SourceRefusal, packet[1..]) orelse @panic("not a refusal");
        const bytes = encode(arena, .{
            .code = .system,
            .stage = .init,
            .op = refusal.op,
            .errno = refusal.errno,
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
