//! The two kernels in a rehearsal of a command: the bunc process's and bunc-init's. bunc-init runs to its end
//! as soon as it is executed. Its messages and waits are recorded as a script, which is then played to the
//! bunc process turn by turn (peer.zig).

const std = @import("std");
const sys = @import("../sys.zig");
const sync = @import("../sync.zig");
const backend = @import("backend.zig");
const init_run = @import("init_run.zig");
const peer = @import("peer.zig");
const process = @import("process.zig");
const is_direct = @import("../stages.zig").is_direct;
const Host = @import("host.zig").Host;
const Plan = @import("../plan.zig").Plan;
const Willing = @import("willing.zig").Willing;
const linux = std.os.linux;

pub const Backend = struct {
    errno: linux.E = .SUCCESS,
    failed_op: []const u8 = "",
    host: backend.BackendOn(Host) = .{},
    init: backend.BackendOn(Willing) = .{},
    in_init: bool = false,

    pub fn call(self: *Backend, number: linux.SYS, args: anytype) usize {
        return if (self.in_init) self.init.call(number, args) else self.host.call(number, args);
    }

    pub fn clone_vfork(
        self: *Backend,
        args: *const sys.CloneArgs,
        run: process.Function,
        argument: usize,
    ) usize {
        return if (self.in_init)
            self.init.clone_vfork(args, run, argument)
        else
            self.host.clone_vfork(args, run, argument);
    }

    pub fn watch(self: *Backend, subject: *const []const u8) void {
        if (self.in_init) self.init.watch(subject) else self.host.watch(subject);
    }

    pub fn about(self: *Backend, subject: []const u8) void {
        self.host.about(subject);
    }
};

/// Runs bunc-init. `plan` and `encoded`, its wire form, live as long as `arena`. `stage`: from its arguments.
/// `host`: the recorded machine on which it runs; null if its calls are not described. They are recorded in
/// `sys.backend.init`.
pub fn script_of_init(
    arena: std.mem.Allocator,
    plan: *const Plan,
    encoded: []const u8,
    stage: []const u8,
    host: ?*Host,
) peer.Script {
    const kernel = arena.create(Willing) catch @panic("no memory");
    kernel.* = .{
        .plan = plan,
        .encoded = encoded,
        .arena = arena,
        .on_machine = if (host) |it| it.on_machine else false,
        .host = host,
        .is_stage_1 = !is_direct(plan),
        .talk = .{ .arena = arena },
    };
    sys.backend.init = .{ .kernel = kernel, .notes = true, .describes = host != null };
    sys.backend.in_init = true;
    defer sys.backend.in_init = false;
    const end = init_run.run(kernel, stage);
    return script_of(kernel, sys.backend.init.noted.items, end) catch @panic("no memory");
}

fn script_of(kernel: *const Willing, noted: []const backend.Noted, end: process.End) !peer.Script {
    const arena = kernel.arena;
    var turns: std.ArrayList(peer.Turn) = .empty;
    var made: std.ArrayList(usize) = .empty;
    var packet: usize = 0;
    var asks_maps = false;
    for (noted, 1..) |call, count| {
        const turn: peer.Turn = if (call.number == .accept4)
            .wait_for_start
        else if (call.number == .clone3 and !call.is_fork and call.by == .stage_1)
            .become_child
        else if (has_listener(call))
            // Its sender, a child that is not followed, passes it on in the meantime (init/seccomp.zig).
            .{ .tell = tell(call, .seccomp_listener, "") }
        else if (!call.is_talk)
            continue
        else if (call.number == .recvmsg)
            if (asks_maps) .wait_mapped else .wait
        else blk: {
            const bytes = kernel.talk.packets.items[packet];
            packet += 1;
            const kind: sync.Kind = @enumFromInt(bytes[0]);
            asks_maps = kind == .map_ids;
            break :blk .{ .tell = tell(call, kind, bytes[1..]) };
        };
        if (turn == .wait or turn == .wait_mapped) asks_maps = false;
        try turns.append(arena, turn);
        try made.append(arena, count);
    }
    try turns.append(arena, switch (end) {
        .executed => .execute,
        .exited => .end,
        .stuck => |why| .{ .get_stuck = why },
        .finished => unreachable,
    });
    try made.append(arena, noted.len);
    return .{ .turns = turns.items, .made = made.items };
}

fn has_listener(call: backend.Noted) bool {
    return call.number == .seccomp and std.mem.indexOf(u8, call.text, "NEW_LISTENER") != null;
}

fn tell(call: backend.Noted, kind: sync.Kind, payload: []const u8) peer.Message {
    return .{ .kind = kind, .payload = payload, .passes = passed_with(kind), .subject = call.subject };
}

/// The name of the descriptor that is passed with a message.
fn passed_with(kind: sync.Kind) []const u8 {
    return switch (kind) {
        .mount_namespace => "mount namespace",
        .source => "user namespace",
        .console => "console",
        .seccomp_listener => "seccomp listener",
        else => "",
    };
}
