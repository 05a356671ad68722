//! Make a process of a container: start bunc-init in its cgroup and namespaces, give it its plan, and follow
//! it until TypeScript must act (conversation.zig). Runs in the bunc process.

const std = @import("std");
const sys = @import("../sys.zig");
const trace = @import("../trace.zig");
const wire = @import("../wire.zig");
const plan_types = @import("../plan.zig");
const Affinity = @import("affinity.zig").Affinity;
const clone = @import("clone.zig");
const conversation_types = @import("conversation.zig");
const init_image = @import("init_image.zig");
const process_limits = @import("limits.zig");
const process = @import("process.zig");
const start_socket = @import("start_socket.zig");
const is_direct = @import("../stages.zig").is_direct;
const streams = @import("streams.zig");
const Terminal = @import("terminal.zig").Terminal;
const Call = @import("../call.zig").Call;
const Plan = plan_types.Plan;
const CLONE = std.os.linux.CLONE;
const Conversation = conversation_types.Conversation;
pub const Progress = conversation_types.Progress;
pub const Spawned = conversation_types.Spawned;

pub const SpawnRequest = struct { plan: Plan };

pub fn spawn(call: *Call, request: SpawnRequest) Call.Error!Spawned {
    var conversation = try begin(call, request.plan, false);
    // From here on a process exists: no error leaves it behind.
    errdefer conversation.abandon();
    return conversation.go(request.plan);
}

/// As `spawn`, but returns while bunc-init works, so that the caller can too; then `follow`.
pub fn spawn_started(call: *Call, request: SpawnRequest) Call.Error!Spawned {
    var conversation = try begin(call, request.plan, false);
    errdefer conversation.abandon();
    try conversation.give_limits(request.plan);
    return conversation.report(.started, null);
}

pub const FollowRequest = struct {
    /// Of the plan that `spawn_started` was given.
    start: plan_types.Start,
    stdio: plan_types.Stdio,
    limits: plan_types.Limits,
    namespaces: plan_types.Namespaces,
    pid: i32,
    pidfd: i32,
    channel: i32,
};

/// Waits for the first report after `spawn_started`. After a Failure the process is gone, as with `advance`.
pub fn follow(call: *Call, request: FollowRequest) Call.Error!Spawned {
    var conversation: Conversation = .{
        .call = call,
        .start = request.start,
        .stdio = request.stdio,
        .limits = request.limits,
        .namespaces = request.namespaces,
        .channel = request.channel,
        .pid = request.pid,
        .pidfd = request.pidfd,
    };
    errdefer conversation.abandon();
    return conversation.follow();
}

/// As `spawn`, but leaves bunc-init before its first step: systemd makes the cgroup of a scope from a process
/// that is there already, and a cgroup namespace must come after that.
pub fn spawn_held(call: *Call, request: SpawnRequest) Call.Error!Spawned {
    var conversation = try begin(call, request.plan, true);
    errdefer conversation.abandon();
    return conversation.report(.held, null);
}

pub const ReleaseRequest = struct {
    /// The plan that `spawn_held` was given.
    plan: Plan,
    pid: i32,
    pidfd: i32,
    channel: i32,
};

/// Lets bunc-init go on from where `spawn_held` left it. After a Failure it is gone, as with `advance`.
pub fn release(call: *Call, request: ReleaseRequest) Call.Error!Spawned {
    var conversation: Conversation = .of(call, request.plan, request.channel, request.pid, request.pidfd);
    errdefer conversation.abandon();
    try conversation.proceed();
    return conversation.go(request.plan);
}

fn begin(call: *Call, plan: Plan, held: bool) Call.Error!Conversation {
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
    var conversation: Conversation = .of(call, plan, channel, first.process.pid, first.process.pidfd);
    conversation.executable = first.executable;
    return conversation;
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
        const path = try call.path(into);
        cgroup = sys.open(path, sys.O.PATH | sys.O.DIRECTORY | sys.O.CLOEXEC, 0) catch
            return call.fail("open", path);
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

pub const AdvanceRequest = struct {
    /// Process.start of the plan.
    start: plan_types.Start,
    pid: i32,
    pidfd: i32,
    channel: i32,
    console: ?i32,
};

/// Lets bunc-init go on from where `spawn` or the last `advance` left it. After a Failure the process is gone
/// and the request's descriptors are closed.
pub fn advance(call: *Call, request: AdvanceRequest) Call.Error!Spawned {
    var conversation: Conversation = .{
        .call = call,
        .start = request.start,
        .channel = request.channel,
        .pid = request.pid,
        .pidfd = request.pidfd,
        .console = request.console,
    };
    errdefer conversation.abandon();
    // Before its program runs: a change of size later is a SIGWINCH to it.
    if (request.start == .parent) if (request.console) |console| Terminal.give_size(console);
    try conversation.proceed();
    return conversation.follow();
}

pub const AbandonRequest = struct { pid: i32, pidfd: i32, channel: i32 };
pub const AbandonReply = struct {};

/// Kills and reaps a process that `spawn` made and that will not be started after all.
pub fn abandon(call: *Call, request: AbandonRequest) Call.Error!AbandonReply {
    _ = call;
    sys.close(request.channel);
    process.kill_and_reap(request.pid, request.pidfd);
    streams.end();
    return .{};
}
