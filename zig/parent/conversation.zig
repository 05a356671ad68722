//! What the bunc process and bunc-init say to each other from the start of the process to where TypeScript
//! must act: id maps, stage 2, limits, the sources of mounts, network devices, failures. Drawn in sync.zig.

const std = @import("std");
const sys = @import("../sys.zig");
const sync = @import("../sync.zig");
const trace = @import("../trace.zig");
const wire = @import("../wire.zig");
const plan_types = @import("../plan.zig");
const id_maps = @import("id_maps.zig");
const process_limits = @import("limits.zig");
const network = @import("network_device.zig");
const process = @import("process.zig");
const process_stat = @import("../process_stat.zig");
const Sources = @import("sources.zig").Sources;
const is_direct = @import("../stages.zig").is_direct;
const streams = @import("streams.zig");
const Terminal = @import("terminal.zig").Terminal;
const Call = @import("../call.zig").Call;
const Failure = @import("../failure.zig").Failure;
const Plan = plan_types.Plan;

/// Where bunc-init waits, or what it reports; `proceed` goes on from all but the last.
pub const Progress = enum {
    /// Before its first step, for somebody to move it into its cgroup.
    held,
    /// It does not wait: it works on its steps until its first report.
    started,
    /// For the prestart and createRuntime hooks.
    hooks,
    /// For its seccomp agent to get `fd`.
    seccomp_listener,
    /// For `start` (Start.parent: `proceed`; Start.socket: the `start` call).
    ready,
    /// It is the user's program now.
    executed,
};

pub const Spawned = struct {
    pid: i32,
    pidfd: i32,
    /// Field 22 of /proc/pid/stat: with the pid it names the process for good. proc_pid_stat(5).
    start_time: plan_types.U64,
    progress: Progress,
    /// The seccomp listener at Progress.seccomp_listener, and only there; the caller's to close.
    fd: ?i32,
    /// Master of the terminal, once it was made.
    console: ?i32,
};

/// What the parent has to do before the first report.
const Preparation = struct {
    stdio: plan_types.Stdio,
    limits: plan_types.Limits,
    namespaces: plan_types.Namespaces,
};

/// Of preparations that later calls make.
var memory: std.heap.ArenaAllocator = .init(std.heap.page_allocator);

/// What bunc-init says next; null: it has closed the channel.
pub fn receive(call: *Call, channel: sys.fd_t, buffer: *[sync.size_max]u8) Call.Error!?sync.Message {
    return sync.receive(channel, buffer) catch |err| switch (err) {
        error.Closed => null,
        error.Malformed => call.fail_as(.protocol, "receive", "bunc-init", ""),
        error.Sys => call.fail("recvmsg", "bunc-init"),
    };
}

pub fn failure_of(call: *Call, message: sync.Message) Call.Error!Failure {
    return sync.decode(Failure, message.payload) orelse call.fail_as(.protocol, "receive", "bunc-init", "");
}

pub const Conversation = struct {
    /// The one under way.
    call: *Call,
    start: plan_types.Start,
    is_direct: bool,
    /// null: it is done.
    preparation: ?Preparation,
    channel: sys.fd_t,
    pid: i32,
    pidfd: sys.fd_t,
    start_time: ?u64 = null,
    progress: Progress = .held,
    console: ?sys.fd_t = null,
    sources: Sources = .{},
    executing: bool = false,

    pub fn of(call: *Call, plan: Plan, channel: sys.fd_t, pid: i32, pidfd: sys.fd_t) Conversation {
        return .{
            .call = call,
            .start = plan.process.start,
            .is_direct = is_direct(&plan),
            .preparation = .{ .stdio = plan.stdio, .limits = plan.limits, .namespaces = plan.namespaces },
            .channel = channel,
            .pid = pid,
            .pidfd = pidfd,
        };
    }

    /// From the last report to the next one.
    pub fn proceed(self: *Conversation) Call.Error!Spawned {
        switch (self.progress) {
            .held => {
                try self.answer();
                try self.begin();
            },
            .started => {},
            .hooks, .seccomp_listener => try self.answer(),
            .ready => {
                // Before its program runs: a change of size later is a SIGWINCH to it.
                if (self.console) |console| Terminal.give_size(console);
                try self.answer();
            },
            .executed => unreachable,
        }
        return self.follow();
    }

    /// A process that is stage 2 at once waits for its limits; another gets them when stage 1 has made it.
    pub fn begin(self: *Conversation) Call.Error!void {
        if (!self.is_direct) return;
        sys.backend.about("process.user");
        try self.prepare(0);
    }

    /// `pid`: of the user namespace that its pipes are given in; 0: ours.
    fn prepare(self: *Conversation, pid: i32) Call.Error!void {
        const preparation = self.preparation orelse return self.unexpected(.child);
        streams.hand_over(preparation.stdio, pid);
        try process_limits.apply(self.call, preparation.limits, self.pid);
        self.preparation = null;
        try self.answer();
    }

    fn answer(self: *Conversation) Call.Error!void {
        // If the process is gone, `follow` finds its last report or its end.
        sync.send(self.channel, .proceed, "", -1) catch {
            if (!sys.is(.PIPE) and !sys.is(.CONNRESET)) return self.call.fail("sendmsg", "bunc-init");
        };
    }

    pub fn follow(self: *Conversation) Call.Error!Spawned {
        while (true) {
            if (!try self.is_heard()) return self.ended();
            var buffer: [sync.size_max]u8 = undefined;
            const message = try receive(self.call, self.channel, &buffer) orelse return self.ended();
            switch (message.kind) {
                .map_ids => {
                    const preparation = self.preparation orelse return self.unexpected(message.kind);
                    try id_maps.write(self.call, preparation.namespaces, self.pid);
                    try self.answer();
                },
                .child => try self.adopt(message.payload),
                .hooks => return self.report(.hooks, null),
                .console => self.console = message.fd,
                .seccomp_listener => return self.report(.seccomp_listener, message.fd),
                .ready => if (self.start != .immediately) return self.report(.ready, null),
                .executing => self.executing = true,
                .trace => trace.keep_message(message.payload),
                .network_device => try network.move(self.call, message.payload, self.pid, self.channel),
                .mount_namespace => self.sources.mount_namespace = message.fd,
                .source => try self.sources.answer(self.call, self.channel, message),
                .failure => return self.call.fail_with(try failure_of(self.call, message)),
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

    fn unexpected(self: *Conversation, kind: sync.Kind) Call.Failed {
        return self.call.fail_as(.protocol, "receive", "bunc-init", @tagName(kind));
    }

    /// Stage 1 made stage 2, which is our child too (CLONE_PARENT), and ends.
    fn adopt(self: *Conversation, payload: []const u8) Call.Error!void {
        if (payload.len != 4) return self.call.fail_as(.protocol, "receive", "bunc-init", "child");
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
        self.start_time = null;
        _ = sys.wait4(stage_1, 0) catch return self.call.fail("wait4", "bunc-init");
        try self.prepare(self.pid);
    }

    /// End of file: execve closed the channel, or the process died without a word. Its filter may have
    /// refused it to say which.
    fn ended(self: *Conversation) Call.Error!Spawned {
        const stat = process_stat.read(self.pid) catch null;
        if (stat) |it| self.start_time = it.start_time;
        if (self.executing or (stat != null and stat.?.has_memory)) return self.report(.executed, null);
        const pid = try std.fmt.allocPrint(self.call.arena, "{d}", .{self.pid});
        const status: ?u32 = sys.wait4(self.pid, 0) catch null;
        self.pid = 0;
        const detail = if (status) |it| process.describe_status(self.call.arena, it) else "";
        return self.call.fail_as(.died, "bunc-init", pid, detail);
    }

    /// Takes over `fd`.
    pub fn report(self: *Conversation, progress: Progress, fd: ?sys.fd_t) Call.Error!Spawned {
        errdefer if (fd) |it| sys.close(it);
        self.sources.close();
        const start_time = self.start_time orelse (process_stat.start_time(self.pid) catch
            return self.call.fail("read", "/proc/pid/stat"));
        self.start_time = start_time;
        self.progress = progress;
        // The plan is only there during its call.
        if (self.preparation) |it| self.preparation = try wire.copy(Preparation, it, memory.allocator());
        return .{
            .pid = self.pid,
            .pidfd = self.pidfd,
            .start_time = .{ .value = start_time },
            .progress = progress,
            .fd = fd,
            .console = self.console,
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
