//! Run one hook as a child process and report its result. Used in two processes: in the bunc process
//! (runtime-namespace hooks: prestart, createRuntime, poststart, poststop) and in bunc-init, stage 2
//! (container-namespace hooks). runtime-spec config.md, POSIX-platform Hooks.
//!
//! The bunc process has threads, so the child shares its memory (CLONE_VM | CLONE_VFORK) and makes nothing
//! but system calls on a stack of its own until execve: no page tables are copied, no lock is touched. The
//! hook gets the state on its standard input, from a memfd: it may read it, or not, at any time, and nobody
//! has to wait for it. Its standard output and error are one pipe, of which the last 4 KiB are kept, or
//! files.

const std = @import("std");
const sys = @import("sys.zig");
const plan = @import("plan.zig");
const process_tree = @import("process_tree.zig");
const Tail = @import("tail.zig").Tail;
const Relay = @import("relay/relay.zig").Relay;
const linux = std.os.linux;

const hook_result = @import("hook_result.zig");
pub const Outcome = hook_result.Outcome;
pub const Result = hook_result.Result;
pub const output_size_max = hook_result.output_size_max;
pub const description_size_max = hook_result.description_size_max;

/// Where a hook's standard output and error go instead of the pipe; -1: to the pipe.
pub const Redirect = struct {
    stdout: sys.fd_t = -1,
    stderr: sys.fd_t = -1,

    pub fn close(self: Redirect) void {
        if (self.stdout >= 0) sys.close(self.stdout);
        if (self.stderr >= 0) sys.close(self.stderr);
    }
};

/// The file at `file` to append to, made if it is missing; "": -1.
pub fn open_output(file: []const u8) sys.Error!sys.fd_t {
    if (file.len == 0) return -1;
    return sys.create(sys.AT.FDCWD, file, sys.O.WRONLY | sys.O.APPEND, 0o644);
}

pub const Surroundings = struct {
    /// Where it runs; null: where the caller is.
    cwd: ?[]const u8 = null,
    redirect: Redirect = .{},
    /// Carried on meanwhile, so that a hook may wait for a container with much output.
    beside: ?*Relay = null,
    /// A pidfd of the process that it is run for, and without which it is of no use; -1: none.
    container: sys.fd_t = -1,
    /// Whether a hook that is killed takes along what it has started: where /proc can be trusted
    /// (process_tree.zig).
    with_descendants: bool = false,
};

/// `state`: JSON for its standard input. `output` holds Result.output. `allocator`: freed before the return.
pub fn run(
    allocator: std.mem.Allocator,
    hook: plan.Hook,
    state: []const u8,
    around: Surroundings,
    output: *[output_size_max]u8,
) Result {
    var arena: std.heap.ArenaAllocator = .init(allocator);
    defer arena.deinit();
    var attempt: Attempt = .{ .arena = arena.allocator(), .output = .{ .buffer = output }, .around = around };
    const started_ms = sys.monotonic_ms();
    var result = attempt.run(hook, state) catch |err| not_run: {
        if (err == error.OutOfMemory) sys.backend.errno = .NOMEM;
        break :not_run Result{ .outcome = .not_run, .op = attempt.op, .errno = sys.backend.errno };
    };
    result.timeout_ms = hook.timeout_ms;
    result.duration_ms = sys.monotonic_ms() - started_ms;
    result.output = attempt.output.last();
    return result;
}

const Attempt = struct {
    /// The call under way.
    op: []const u8 = "",
    arena: std.mem.Allocator,
    output: Tail,
    around: Surroundings,

    fn run(self: *Attempt, hook: plan.Hook, state: []const u8) !Result {
        const arena = self.arena;
        self.op = "execve";
        var child: Child = .{
            .path = hook.path,
            .args = try vector(arena, hook.args),
            .env = try vector(arena, hook.env),
            .cwd = self.around.cwd,
            .redirect = self.around.redirect,
        };
        self.op = "memfd_create";
        child.input = try sys.memfd_create("state");
        defer sys.close(child.input);
        try sys.write_all(child.input, state);
        try sys.rewind(child.input);

        self.op = "pipe2";
        var pipe: [2]sys.fd_t = undefined;
        try sys.pipe(&pipe);
        defer sys.close(pipe[0]);
        child.output = pipe[1];
        const process = spawn(&child) catch |err| {
            sys.close(pipe[1]);
            self.op = child.op;
            return err;
        };
        sys.close(pipe[1]);
        defer sys.close(process.pidfd);

        self.op = "ppoll";
        const end = self.follow(process.pidfd, pipe[0], hook.timeout_ms) catch {
            const errno = sys.backend.errno;
            self.kill(process);
            _ = sys.wait4(process.pid, wait_all) catch {};
            return sys.fail(errno);
        };
        if (end != .own) self.kill(process);
        self.op = "wait4";
        const status = try sys.wait4(process.pid, wait_all);
        // What it wrote before it ended; a descendant that keeps the pipe open is not waited for.
        for (0..pipe_pages) |_| if (!try self.drain(pipe[0])) break;

        switch (end) {
            .own => {},
            .time => return .{ .outcome = .timed_out },
            .container => return .{ .outcome = .outlived },
        }
        const signal = status & 0x7f;
        if (signal != 0) return .{ .outcome = .signaled, .status = @intCast(signal) };
        return .{ .outcome = .exited, .status = @truncate(status >> 8) };
    }

    fn kill(self: *Attempt, process: Process) void {
        if (self.around.with_descendants) return process_tree.kill(self.arena, process.pid, process.pidfd);
        sys.pidfd_send_signal(process.pidfd, 9) catch {};
    }

    /// The wait ends with this process.
    const End = enum { own, time, container };

    /// Reads its output meanwhile.
    fn follow(self: *Attempt, pidfd: sys.fd_t, pipe: sys.fd_t, timeout_ms: u32) sys.Error!End {
        const started_ms = sys.monotonic_ms();
        var pipe_events: i16 = linux.POLL.IN;
        while (true) {
            var left_ms: i32 = -1;
            if (timeout_ms != 0) {
                const passed_ms = sys.monotonic_ms() - started_ms;
                if (passed_ms >= timeout_ms) return .time;
                left_ms = @intCast(@min(timeout_ms - passed_ms, std.math.maxInt(i32)));
            }
            var fds: [3 + Relay.polls_count]sys.PollFd = undefined;
            fds[0] = .{ .fd = pidfd, .events = linux.POLL.IN, .revents = 0 };
            fds[1] = .{ .fd = if (pipe_events == 0) -1 else pipe, .events = pipe_events, .revents = 0 };
            fds[2] = .{ .fd = self.around.container, .events = linux.POLL.IN, .revents = 0 };
            const beside = self.around.beside;
            if (beside) |relay| relay.polls(fds[3..]);
            _ = try sys.poll(fds[0..if (beside == null) 3 else fds.len], left_ms);
            if (beside) |relay| relay.turn(fds[3..]);
            if (fds[0].revents != 0) return .own;
            if (fds[2].revents != 0) return .container;
            // Closed by the hook, which goes on: only its end is waited for now.
            if (fds[1].revents != 0 and !try self.drain(pipe)) pipe_events = 0;
        }
    }

    /// One read without waiting. False: nothing there, or the end.
    fn drain(self: *Attempt, pipe: sys.fd_t) sys.Error!bool {
        var chunk: [4096]u8 = undefined;
        const count = sys.read(pipe, &chunk) catch {
            if (sys.is(.AGAIN)) return false;
            return error.Sys;
        };
        self.output.add(chunk[0..count]);
        return count > 0;
    }
};

/// All that a pipe can hold when its writer is gone (pipe(7)): more comes only from somebody who still
/// writes.
const pipe_pages = 16;

/// __WALL: whatever signal the child reports its end with.
const wait_all = 0x40000000;

fn vector(arena: std.mem.Allocator, texts: []const []const u8) ![:null]?[*:0]const u8 {
    const items = try arena.allocSentinel(?[*:0]const u8, texts.len, null);
    for (texts, items) |text, *item| item.* = try arena.dupeZ(u8, text);
    return items;
}

const Child = struct {
    path: []const u8,
    args: [:null]?[*:0]const u8,
    env: [:null]?[*:0]const u8,
    cwd: ?[]const u8,
    redirect: Redirect,
    input: sys.fd_t = -1,
    output: sys.fd_t = -1,
    /// Written by the child, in memory that it shares with us until execve.
    op: []const u8 = "clone",
    errno: sys.E = .SUCCESS,
};

const Process = struct { pid: i32, pidfd: sys.fd_t };

fn spawn(child: *Child) sys.Error!Process {
    var stack: [32 * 1024]u8 align(16) = undefined;
    var pidfd: i32 = -1;
    const args: sys.CloneArgs = .{
        .flags = linux.CLONE.VM | linux.CLONE.VFORK | linux.CLONE.PIDFD,
        .pidfd = @intFromPtr(&pidfd),
        .exit_signal = @intFromEnum(linux.SIG.CHLD),
        .stack = @intFromPtr(&stack),
        .stack_size = stack.len,
    };
    // No signal handler may run in the child, which shares the caller's memory.
    var mask: sys.SignalSet = undefined;
    sys.sigprocmask(sys.SIG.SETMASK, ~@as(sys.SignalSet, 0), &mask);
    const cloned = sys.clone_vfork(&args, child_main, @intFromPtr(child));
    sys.sigprocmask(sys.SIG.SETMASK, mask, null);
    const pid = try cloned;
    if (child.errno != .SUCCESS) {
        _ = sys.wait4(pid, wait_all) catch {};
        sys.close(pidfd);
        return sys.fail(child.errno);
    }
    return .{ .pid = pid, .pidfd = pidfd };
}

fn child_main(address: usize) callconv(.c) noreturn {
    const child: *Child = @ptrFromInt(address);
    start(child) catch {
        child.errno = sys.backend.errno;
    };
    sys.exit(127);
}

fn start(child: *Child) sys.Error!void {
    // Ours alone: clone without CLONE_FILES and CLONE_SIGHAND copies both tables.
    child.op = "dup3";
    // Away from 0-2 first: they may themselves be 0-2 where the caller has closed those.
    const input = try sys.dup_at_least(child.input, 3);
    const output = try sys.dup_at_least(child.output, 3);
    const redirect = child.redirect;
    const stdout = if (redirect.stdout >= 0) try sys.dup_at_least(redirect.stdout, 3) else output;
    const stderr = if (redirect.stderr >= 0) try sys.dup_at_least(redirect.stderr, 3) else output;
    try sys.dup3(input, 0, 0);
    try sys.dup3(stdout, 1, 0);
    try sys.dup3(stderr, 2, 0);
    child.op = "close_range";
    try sys.close_range(3, std.math.maxInt(u32), false);
    if (child.cwd) |cwd| {
        child.op = "chdir";
        try sys.chdir(cwd);
    }
    sys.reset_signal_dispositions();
    sys.sigprocmask(sys.SIG.SETMASK, 0, null);
    child.op = "execve";
    try sys.execve(child.path, child.args, child.env);
}

test "a hook's end, output, input and time" {
    const Case = struct {
        script: []const u8,
        timeout_ms: u32 = 0,
        outcome: Outcome,
        status: u8 = 0,
        output: ?[]const u8 = "",
    };
    const cases = [_]Case{
        .{ .script = "exit 0", .outcome = .exited },
        .{ .script = "exit 3", .outcome = .exited, .status = 3 },
        .{ .script = "kill -9 $$", .outcome = .signaled, .status = 9 },
        .{
            .script = "cat; echo bad >&2; exit 1",
            .outcome = .exited,
            .status = 1,
            .output = "{\"pid\":1}bad\n",
        },
        .{ .script = "echo $A $0 $1", .outcome = .exited, .output = "b name one\n" },
        .{
            .script = "echo early; exec sleep 100",
            .timeout_ms = 50,
            .outcome = .timed_out,
            .output = "early\n",
        },
        // A descendant that keeps the pipe does not delay us.
        .{
            .script = "sleep 100 & echo $! >/dev/null; kill $!; exit 0",
            .timeout_ms = 60_000,
            .outcome = .exited,
        },
        .{ .script = "yes & exit 0", .timeout_ms = 60_000, .outcome = .exited, .output = null },
        .{
            .script = "yes | head -c 1000000; exit 6",
            .outcome = .exited,
            .status = 6,
            .output = "y\n" ** (output_size_max / 2),
        },
        .{ .script = "exec >&- 2>&-; exit 5", .outcome = .exited, .status = 5 },
        .{ .script = "ls /proc/self/fd | tr '\\n' ' '", .outcome = .exited, .output = "0 1 2 3 " },
        .{
            .script = "grep SigBlk /proc/self/status",
            .outcome = .exited,
            .output = "SigBlk:\t0000000000000000\n",
        },
    };
    for (cases) |case| {
        var output: [output_size_max]u8 = undefined;
        const args = [_][]const u8{ "sh", "-c", case.script, "name", "one" };
        const env = [_][]const u8{ "A=b", "PATH=/usr/bin:/bin" };
        const hook: plan.Hook = .{
            .path = "/bin/sh",
            .args = &args,
            .env = &env,
            .env_of_process = false,
            .timeout_ms = case.timeout_ms,
            .subject = "",
        };
        const result =
            run(std.testing.allocator, hook, "{\"pid\":1}", .{ .with_descendants = true }, &output);
        errdefer std.debug.print("{s}: {any} {s}\n", .{ case.script, result, result.output });
        try std.testing.expectEqual(case.outcome, result.outcome);
        try std.testing.expectEqual(case.status, result.status);
        if (case.output) |expected| try std.testing.expectEqualStrings(expected, result.output);
    }
}

test "a hook that cannot be run says which call failed" {
    const cases = [_]struct { path: []const u8, cwd: ?[:0]const u8, op: []const u8, errno: sys.E }{
        .{ .path = "/no/such/hook", .cwd = null, .op = "execve", .errno = .NOENT },
        .{ .path = "/etc/passwd", .cwd = null, .op = "execve", .errno = .ACCES },
        .{ .path = "/bin/true", .cwd = "/no/such/directory", .op = "chdir", .errno = .NOENT },
    };
    for (cases) |case| {
        var output: [output_size_max]u8 = undefined;
        const hook: plan.Hook = .{
            .path = case.path,
            .args = &.{case.path},
            .env = &.{},
            .env_of_process = false,
            .timeout_ms = 0,
            .subject = "",
        };
        const result = run(std.testing.allocator, hook, "", .{ .cwd = case.cwd }, &output);
        try std.testing.expectEqual(Outcome.not_run, result.outcome);
        try std.testing.expectEqualStrings(case.op, result.op);
        try std.testing.expectEqual(case.errno, result.errno);
        var text: [description_size_max]u8 = undefined;
        try std.testing.expect(std.mem.startsWith(u8, result.describe(&text), case.op));
    }
}
