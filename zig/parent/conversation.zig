//! What the bunc process and bunc-init say to each other from the start of the process to where TypeScript
//! must act: id maps, stage 2, limits, the sources of mounts, network devices, failures. Drawn in sync.zig.

const std = @import("std");
const sys = @import("../sys.zig");
const sync = @import("../sync.zig");
const trace = @import("../trace.zig");
const plan_types = @import("../plan.zig");
const id_maps = @import("id_maps.zig");
const process_limits = @import("limits.zig");
const network_device = @import("network_device.zig");
const process = @import("process.zig");
const process_stat = @import("../process_stat.zig");
const Sources = @import("sources.zig").Sources;
const is_direct = @import("../stages.zig").is_direct;
const streams = @import("streams.zig");
const Call = @import("../call.zig").Call;
const Plan = plan_types.Plan;

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

pub const Conversation = struct {
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

    pub fn of(call: *Call, plan: Plan, channel: sys.fd_t, pid: i32, pidfd: sys.fd_t) Conversation {
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
    pub fn go(self: *Conversation, plan: Plan) Call.Error!Spawned {
        try self.give_limits(plan);
        return self.follow();
    }

    /// A process that is stage 2 at once waits for its limits; another gets them when stage 1 has made it.
    pub fn give_limits(self: *Conversation, plan: Plan) Call.Error!void {
        if (!is_direct(&plan)) return;
        sys.backend.about("process.user");
        streams.hand_over(self.stdio, 0);
        try process_limits.apply(self.call, self.limits, self.pid);
        try self.proceed();
    }

    pub fn proceed(self: *Conversation) Call.Error!void {
        // If the process is gone, `follow` finds its last report or its end.
        sync.send(self.channel, .proceed, "", -1) catch {
            if (!sys.is(.PIPE) and !sys.is(.CONNRESET)) return self.call.fail("sendmsg", "bunc-init");
        };
    }

    pub fn follow(self: *Conversation) Call.Error!Spawned {
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
                .network_device => try network_device.move(
                    self.call,
                    message.payload,
                    self.pid,
                    self.channel,
                ),
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

    /// Waits for a message, or the channel's end. False: the process has ended, and one that it made holds
    /// the channel open: stage 2 of a stage 1 that was killed before it told of it.
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
        const pid = try std.fmt.allocPrint(self.call.arena, "{d}", .{self.pid});
        const reaped = sys.wait4(self.pid, &status, 0) catch 0;
        self.pid = 0;
        const detail = if (reaped == 0) "" else process.describe_status(self.call.arena, status);
        return self.call.fail_as(.died, "bunc-init", pid, detail);
    }

    /// Takes over `fd`.
    pub fn report(self: *Conversation, progress: Progress, fd: ?sys.fd_t) Call.Error!Spawned {
        errdefer if (fd) |it| sys.close(it);
        self.sources.close();
        return .{
            .pid = self.pid,
            .pidfd = self.pidfd,
            .start_time = .{
                .value = process_stat.start_time(self.pid) catch
                    return self.call.fail("read", "/proc/pid/stat"),
            },
            .channel = self.channel,
            .progress = progress,
            .fd = fd,
            .console = self.console,
            .executable = self.executable,
        };
    }

    /// Kills and reaps the process; its last report has been read. Nothing is left, no descriptor either.
    pub fn abandon(self: *Conversation) void {
        self.sources.close();
        sys.close(self.channel);
        if (self.console) |console| sys.close(console);
        process.kill_and_reap(self.pid, self.pidfd);
        streams.end();
    }
};
