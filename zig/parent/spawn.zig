//! Make a process of a container: start bunc-init in its cgroup and namespaces, give it its plan, and follow
//! it until TypeScript must act (conversation.zig). Between the calls the core keeps where that stands: a
//! command makes one process at a time. Runs in the bunc process.

const std = @import("std");
const sys = @import("../sys.zig");
const trace = @import("../trace.zig");
const wire = @import("../wire.zig");
const plan_types = @import("../plan.zig");
const Affinity = @import("affinity.zig").Affinity;
const clone = @import("clone.zig");
const Conversation = @import("conversation.zig").Conversation;
const Spawned = @import("conversation.zig").Spawned;
const init_image = @import("init_image.zig");
const process_limits = @import("limits.zig");
const process = @import("process.zig");
const start_socket = @import("start_socket.zig");
const is_direct = @import("../stages.zig").is_direct;
const streams = @import("streams.zig");
const Call = @import("../call.zig").Call;
const Plan = plan_types.Plan;
const CLONE = std.os.linux.CLONE;

pub const SpawnRequest = struct { plan: Plan, until: Until };

/// When `spawn` returns: at Progress.held or .started, or at the first report.
pub const Until = enum {
    /// systemd makes the cgroup of a scope from a process that is there already, and a cgroup namespace must
    /// come after that.
    held,
    /// The caller has work of its own meanwhile.
    started,
    reported,
};

pub const SpawnReply = struct {
    process: Spawned,
    /// Which file bunc-init is executed from (process.zig, `identity`).
    executable: []const u8,
    /// As MakeStreamsReply.names.
    pipes: []const []const u8,
};

/// With the process that this command made last, until it is the user's program.
var current: ?Conversation = null;

pub fn spawn(call: *Call, request: SpawnRequest) Call.Error!SpawnReply {
    current = null;
    const pipes = try streams.make(call, request.plan.stdio.streams);
    const executable = try begin(call, request.plan, request.until == .held);
    const first = try settle(first_report(&current.?, request.until));
    return .{ .process = first, .executable = executable, .pipes = pipes };
}

fn first_report(conversation: *Conversation, until: Until) Call.Error!Spawned {
    if (until == .held) return conversation.report(.held, null);
    try conversation.begin();
    return if (until == .started) conversation.report(.started, null) else conversation.follow();
}

/// A Failure ends the conversation, and the process; so does its program, which is on its own.
fn settle(outcome: Call.Error!Spawned) Call.Error!Spawned {
    const spawned = outcome catch |err| {
        end();
        return err;
    };
    if (spawned.progress != .executed) return spawned;
    sys.close(current.?.channel);
    current = null;
    return spawned;
}

fn end() void {
    if (current) |*conversation| conversation.abandon();
    current = null;
}

pub const ProceedRequest = struct {
    /// Spawned.console, unless it was given away.
    console: ?i32,
};

/// Lets bunc-init go on from where it waits, and returns at its next report. After a Failure it is gone, and
/// the console closed.
pub fn proceed(call: *Call, request: ProceedRequest) Call.Error!Spawned {
    if (current == null) return call.fail_as(.protocol, "proceed", "bunc-init", "no process waits");
    const conversation = &current.?;
    conversation.call = call;
    conversation.console = request.console;
    return settle(conversation.proceed());
}

pub const AbandonReply = struct {};

/// The same end for a process that waits; where there is none, nothing.
pub fn abandon(_: *Call, request: ProceedRequest) Call.Error!AbandonReply {
    if (current) |*conversation| conversation.console = request.console;
    end();
    return .{};
}

/// Makes the process. → which file it is executed from.
fn begin(call: *Call, plan: Plan, held: bool) Call.Error![]const u8 {
    var pair: [2]sys.fd_t = undefined;
    sys.socketpair_seqpacket(&pair) catch return call.fail("socketpair", "");
    const channel = pair[0];
    const started = start_init(call, plan, pair[1], held);
    // Our copy of the other end would keep the channel open after bunc-init's end.
    sys.close(pair[1]);
    const first = started catch |err| {
        sys.close(channel);
        return err;
    };
    current = .of(call, plan, channel, first.process.pid, first.process.pidfd);
    return first.executable;
}

const StartedInit = struct { process: clone.Started, executable: []const u8 };

fn start_init(call: *Call, plan: Plan, channel: sys.fd_t, held: bool) Call.Error!StartedInit {
    var bytes: std.ArrayList(u8) = .empty;
    try wire.encode(Plan, plan, &bytes, call.arena);

    // Above the numbers that the process keeps for preserved descriptors.
    const minimum: sys.fd_t = @intCast(3 + plan.stdio.preserve_fds);
    var keep: [3]sys.fd_t = undefined;
    keep[0] = sys.dup_at_least(channel, minimum) catch return call.fail("fcntl", "channel");
    defer sys.close(keep[0]);
    const plan_file = init_image.sealed("bunc-plan", bytes.items) catch
        return call.fail("memfd_create", "plan");
    defer sys.close(plan_file);
    keep[1] = sys.dup_at_least(plan_file, minimum) catch return call.fail("fcntl", "plan");
    defer sys.close(keep[1]);
    var kept: usize = 2;
    var listener: sys.fd_t = -1;
    if (plan.process.start == .socket) {
        listener = try start_socket.listen(call, plan.process.start_socket, minimum);
        keep[kept] = listener;
        kept += 1;
    }
    defer if (listener >= 0) sys.close(listener);

    const executable = init_image.open() catch return call.fail("memfd_create", "bunc-init");
    defer sys.close(executable);
    const executable_stat = sys.fstat(executable) catch return call.fail("fstat", "bunc-init");
    const args = [_:null]?[*:0]const u8{
        "bunc-init",
        try std.fmt.allocPrintSentinel(call.arena, "{d}", .{keep[0]}, 0),
        try std.fmt.allocPrintSentinel(call.arena, "{d}", .{keep[1]}, 0),
        try std.fmt.allocPrintSentinel(call.arena, "{d}", .{listener}, 0),
        if (is_direct(&plan)) (if (held) "held-init" else "init") else (if (held) "held-join" else "join"),
    };
    const child: clone.Child = .{
        .args = &args,
        .executable = executable,
        .keep = keep[0..kept],
        .preserve_fds = plan.stdio.preserve_fds,
        .stack_limit = process_limits.stack(plan.limits),
    };

    var cgroup: sys.fd_t = -1;
    if (plan.placement.into) |into| {
        cgroup = sys.open(into, sys.O.PATH | sys.O.DIRECTORY) catch return call.fail("open", into);
    }
    defer if (cgroup >= 0) sys.close(cgroup);
    const flags: u64 = if (is_direct(&plan)) plan.namespaces.create & ~@as(u32, CLONE.NEWCGROUP) else 0;
    var affinity: Affinity = .{};
    try affinity.lend(call, plan.initial_cpus);
    defer affinity.restore();
    const executable_name = try process.identity(call, executable_stat);
    const began_us = sys.monotonic_us();
    sys.backend.about("linux.namespaces");
    defer sys.backend.about("");
    const started = clone.spawn(&child, flags, cgroup) catch {
        const op = sys.backend.failed_op;
        // Only there does it depend on the cgroup: exec looks for another then.
        const concerned = if (std.mem.eql(u8, op, "clone3")) plan.placement.into orelse "" else "";
        return call.fail(op, concerned);
    };
    if (plan.trace) trace.keep(.{
        .point = .cloned,
        .index = 0,
        .duration_us = @truncate(sys.monotonic_us() - began_us),
        .text = affinity.text(call.arena) catch "",
    });
    return .{ .process = started, .executable = executable_name };
}
