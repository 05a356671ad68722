//! Make a process of a container: start bunc-init, give it its plan, do for it what only the parent can (id
//! maps, cgroup membership, limits), and follow it until TypeScript must act. Runs in the bunc process. The
//! conversation is drawn in sync.zig.

const std = @import("std");
const sys = @import("../sys.zig");
const sync = @import("../sync.zig");
const trace = @import("../trace.zig");
const wire = @import("../wire.zig");
const plan_types = @import("../plan.zig");
const Affinity = @import("affinity.zig").Affinity;
const clone = @import("clone.zig");
const init_image = @import("init_image.zig");
const id_maps = @import("id_maps.zig");
const process_limits = @import("limits.zig");
const network_device = @import("network_device.zig");
const process = @import("process.zig");
const process_stat = @import("../process_stat.zig");
const Sources = @import("sources.zig").Sources;
const start_socket = @import("start_socket.zig");
const is_direct = @import("../stages.zig").is_direct;
const streams = @import("streams.zig");
const Terminal = @import("terminal.zig").Terminal;
const Call = @import("../call.zig").Call;
const Plan = plan_types.Plan;
const CLONE = std.os.linux.CLONE;

pub const SpawnRequest = struct { plan: Plan };

/// Where bunc-init waits, or what it reports.
pub const Progress = enum {
    /// For the prestart and createRuntime hooks; goes on with `advance`.
    hooks,
    /// For its seccomp agent to get `fd`; goes on with `advance`.
    seccomp_listener,
    /// For `start` (Start.parent: `advance`; Start.socket: the `start` call).
    ready,
    /// It is the user's program now.
    executed,
    /// It does not wait: it works on its steps until the next report; `follow` waits for that.
    started,
    /// Before its first step, for somebody to move it into its cgroup; goes on with `release`. Only
    /// `spawn_held`.
    held,
};

pub const Spawned = struct {
    pid: i32,
    pidfd: i32,
    /// Field 22 of /proc/pid/stat: with the pid it names the process for good. proc_pid_stat(5).
    start_time: plan_types.U64,
    /// To bunc-init; close it when the process is left alone.
    channel: i32,
    progress: Progress,
    /// The seccomp listener at Progress.seccomp_listener, and only there; ours to close.
    fd: ?i32,
    /// Master of the terminal, once it was made.
    console: ?i32,
    /// Which file bunc-init is executed from (process.zig, `identity`); "" from calls that did not execute
    /// it.
    executable: []const u8,
};

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
    const plan_file = init_image.sealed("bunc-plan", bytes.items) catch return call.fail("memfd_create", "plan");
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
        cgroup = sys.open(path, sys.O.PATH | sys.O.DIRECTORY | sys.O.CLOEXEC, 0) catch return call.fail("open", path);
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

const Conversation = struct {
    call: *Call,
    start: plan_types.Start,
    /// What the parent has to do before the first report; not used after that.
    stdio: ?plan_types.Stdio = null,
    limits: plan_types.Limits = .{ .rlimits = &.{}, .oom_score_adj = null },
    namespaces: ?plan_types.Namespaces = null,
    channel: sys.fd_t,
    pid: i32,
    pidfd: sys.fd_t,
    console: ?sys.fd_t = null,
    executable: []const u8 = "",
    sources: Sources = .{},
    executing: bool = false,

    fn of(call: *Call, plan: Plan, channel: sys.fd_t, pid: i32, pidfd: sys.fd_t) Conversation {
        return .{
            .call = call,
            .start = plan.process.start,
            .stdio = plan.stdio,
            .limits = plan.limits,
            .namespaces = plan.namespaces,
            .channel = channel,
            .pid = pid,
            .pidfd = pidfd,
        };
    }

    /// From the first step of bunc-init to its first report.
    fn go(self: *Conversation, plan: Plan) Call.Error!Spawned {
        try self.give_limits(plan);
        return self.follow();
    }

    /// A process that is stage 2 at once waits for its limits; another gets them when stage 1 has made it.
    fn give_limits(self: *Conversation, plan: Plan) Call.Error!void {
        if (!is_direct(&plan)) return;
        sys.backend.about("process.user");
        streams.hand_over(self.stdio, 0);
        try process_limits.apply(self.call, self.limits, self.pid);
        try self.proceed();
    }

    fn proceed(self: *Conversation) Call.Error!void {
        // If the process is gone, `follow` finds its last report or its end.
        sync.send(self.channel, .proceed, "", -1) catch {
            if (!sys.is(.PIPE) and !sys.is(.CONNRESET)) return self.call.fail("sendmsg", "bunc-init");
        };
    }

    fn follow(self: *Conversation) Call.Error!Spawned {
        while (true) {
            if (!try self.is_heard()) return self.ended();
            var buffer: [sync.size_max]u8 = undefined;
            const message = sync.receive(self.channel, &buffer) catch |err| switch (err) {
                error.Closed => return self.ended(),
                error.Malformed => return self.call.fail_as(.protocol, "receive", "bunc-init", ""),
                error.Sys => return self.call.fail("recvmsg", "bunc-init"),
            };
            switch (message.kind) {
                .map_ids => {
                    const namespaces = self.namespaces orelse return self.unexpected(message.kind);
                    try id_maps.write(self.call, namespaces, self.pid);
                    try self.proceed();
                },
                .child => try self.adopt(message.payload),
                .hooks => return self.report(.hooks, null),
                .console => self.console = message.fd,
                .seccomp_listener => return self.report(.seccomp_listener, message.fd),
                .ready => if (self.start != .immediately) return self.report(.ready, null),
                .executing => self.executing = true,
                .trace => trace.keep_message(message.payload),
                .network_device => try network_device.move(self.call, message.payload, self.pid, self.channel),
                .mount_namespace => self.sources.mount_namespace = message.fd,
                .source => try self.sources.answer(self.call, self.channel, message),
                .failure => {
                    const record = sync.decode_failure(message.payload) catch
                        return self.call.fail_as(.protocol, "receive", "bunc-init", "");
                    return self.call.fail_with(record);
                },
                .proceed, .source_refused => return self.unexpected(message.kind),
            }
        }
    }

    /// Waits for a message, or the channel's end. False: the process has ended, and one that it made holds the
    /// channel open: stage 2 of a stage 1 that was killed before it told of it.
    fn is_heard(self: *Conversation) Call.Error!bool {
        var polled = [_]sys.PollFd{
            .{ .fd = self.channel, .events = sys.POLL.IN, .revents = 0 },
            .{ .fd = self.pidfd, .events = sys.POLL.IN, .revents = 0 },
        };
        _ = sys.poll(&polled, -1) catch return self.call.fail("ppoll", "bunc-init");
        if (polled[0].revents != 0) return true;
        // Its last message may have come between the two looks.
        return (sys.poll(polled[0..1], 0) catch return self.call.fail("ppoll", "bunc-init")) != 0;
    }

    fn unexpected(self: *Conversation, kind: sync.Kind) error{Failed} {
        return self.call.fail_as(.protocol, "receive", "bunc-init", @tagName(kind));
    }

    /// Stage 1 made stage 2, which is our child too (CLONE_PARENT), and ends.
    fn adopt(self: *Conversation, payload: []const u8) Call.Error!void {
        if (payload.len != 4) return self.call.fail_as(.protocol, "receive", "bunc-init", "child");
        var status: u32 = 0;
        const stage_1 = self.pid;
        const stage_2 = std.mem.readInt(i32, payload[0..4], .little);
        const pidfd = sys.pidfd_open(stage_2) catch {
            const failed = self.call.fail("pidfd_open", "");
            process.kill_child(stage_2);
            return failed;
        };
        sys.close(self.pidfd);
        self.pid = stage_2;
        self.pidfd = pidfd;
        _ = sys.wait4(stage_1, &status, 0) catch return self.call.fail("wait4", "bunc-init");
        streams.hand_over(self.stdio, self.pid);
        try process_limits.apply(self.call, self.limits, self.pid);
        try self.proceed();
    }

    /// End of file: execve closed the channel, or the process died without a word. Its filter may have
    /// refused it to say which.
    fn ended(self: *Conversation) Call.Error!Spawned {
        const lives = if (process_stat.read(self.pid)) |stat| stat.has_memory else |_| false;
        if (self.executing or lives) return self.report(.executed, null);
        var status: u32 = 0;
        const reaped = sys.wait4(self.pid, &status, 0) catch 0;
        self.pid = 0;
        const detail = if (reaped == 0) "" else process.describe_status(self.call.arena, status);
        return self.call.fail_as(.died, "bunc-init", "", detail);
    }

    /// Takes over `fd`.
    fn report(self: *Conversation, progress: Progress, fd: ?sys.fd_t) Call.Error!Spawned {
        errdefer if (fd) |it| sys.close(it);
        self.sources.close();
        return .{
            .pid = self.pid,
            .pidfd = self.pidfd,
            .start_time = .{ .value = process_stat.start_time(self.pid) catch return self.call.fail("read", "/proc/pid/stat") },
            .channel = self.channel,
            .progress = progress,
            .fd = fd,
            .console = self.console,
            .executable = self.executable,
        };
    }

    /// Kills and reaps the process; its last report has been read. Nothing is left, no descriptor either.
    fn abandon(self: *Conversation) void {
        self.sources.close();
        sys.close(self.channel);
        if (self.console) |console| sys.close(console);
        process.kill_and_reap(self.pid, self.pidfd);
        streams.end();
    }
};
