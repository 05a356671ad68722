//! One command of the guest's agent: fork, own session, own cgroup, exec; pipes for its output and a memory
//! file for its input, so that a command which never reads cannot block the agent.
const std = @import("std");
const linux = std.os.linux;
const system = @import("system.zig");

const string_count_max = 4096;

pub const Request = struct {
    cwd: [*:0]const u8,
    argv: [string_count_max:null]?[*:0]const u8,
    envp: [string_count_max:null]?[*:0]const u8,
    stdin: []const u8,
};

pub const Started = struct { pid: i32, stdout: i32, stderr: i32 };
pub const StartResult = union(enum) { started: Started, failed: struct { step: Step, errno: linux.E } };
pub const Step = enum(u8) { cgroup, pipe, fork, chdir, execute };

/// Starts the command in the new cgroup `cgroup`; reports the step that failed, also in the child before
/// exec.
pub fn start(request: *const Request, cgroup: []const u8) StartResult {
    var cgroup_buffer: [system.path_max]u8 = undefined;
    var procs_buffer: [system.path_max]u8 = undefined;
    const made = linux.mkdir(system.join(&cgroup_buffer, &.{cgroup}), 0o755);
    if (linux.errno(made) != .SUCCESS) return failed(.cgroup, linux.errno(made));
    const procs = system.join(&procs_buffer, &.{ cgroup, "/cgroup.procs" });

    const stdin = linux.memfd_create("stdin", linux.MFD.CLOEXEC);
    if (linux.errno(stdin) != .SUCCESS) return failed(.pipe, linux.errno(stdin));
    defer _ = linux.close(@intCast(stdin));
    var written: usize = 0;
    while (written < request.stdin.len) {
        const rest = request.stdin[written..];
        const count = linux.write(@intCast(stdin), rest.ptr, rest.len);
        if (linux.errno(count) != .SUCCESS) return failed(.pipe, linux.errno(count));
        written += count;
    }
    _ = linux.lseek(@intCast(stdin), 0, linux.SEEK.SET);

    var pipes: [3][2]i32 = undefined;
    for (&pipes) |*pair| {
        const result = linux.pipe2(pair, .{ .CLOEXEC = true });
        if (linux.errno(result) != .SUCCESS) return failed(.pipe, linux.errno(result));
    }
    const forked = linux.fork();
    if (linux.errno(forked) != .SUCCESS) return failed(.fork, linux.errno(forked));
    if (forked == 0) child(request, procs, .{ @intCast(stdin), pipes[0][1], pipes[1][1] }, pipes[2][1]);
    for (pipes) |pair| _ = linux.close(pair[1]);
    defer _ = linux.close(pipes[2][0]);

    // End of file means that exec closed the report pipe: the program runs.
    var report: [2]u8 = undefined;
    if (linux.read(pipes[2][0], &report, report.len) == report.len) {
        _ = linux.close(pipes[0][0]);
        _ = linux.close(pipes[1][0]);
        return failed(@enumFromInt(report[0]), @enumFromInt(report[1]));
    }
    for (pipes[0..2]) |pair| {
        const nonblocking: u32 = @bitCast(linux.O{ .NONBLOCK = true });
        _ = linux.fcntl(pair[0], linux.F.SETFL, nonblocking);
    }
    return .{ .started = .{ .pid = @intCast(forked), .stdout = pipes[0][0], .stderr = pipes[1][0] } };
}

fn failed(step: Step, errno: linux.E) StartResult {
    return .{ .failed = .{ .step = step, .errno = errno } };
}

fn child(request: *const Request, procs: [*:0]const u8, stdio: [3]i32, report: i32) noreturn {
    _ = linux.setsid();
    const joined = system.writeFile(procs, "0");
    if (joined != .SUCCESS) abandon(report, .cgroup, joined);
    for (stdio, 0..) |fd, target| _ = linux.dup2(fd, @intCast(target));
    const none = linux.sigemptyset();
    _ = linux.sigprocmask(linux.SIG.SETMASK, &none, null);
    const moved = linux.chdir(request.cwd);
    if (linux.errno(moved) != .SUCCESS) abandon(report, .chdir, linux.errno(moved));
    abandon(report, .execute, execute(request));
}

fn abandon(report: i32, step: Step, errno: linux.E) noreturn {
    const bytes = [2]u8{ @intFromEnum(step), @intCast(@intFromEnum(errno)) };
    _ = linux.write(report, &bytes, bytes.len);
    linux.exit_group(127);
}

/// execvp(3): a name without a slash is looked up in the command's own PATH.
fn execute(request: *const Request) linux.E {
    const name = std.mem.span(request.argv[0].?);
    if (std.mem.indexOfScalar(u8, name, '/') != null) {
        return linux.errno(linux.execve(name.ptr, &request.argv, &request.envp));
    }
    var last: linux.E = .NOENT;
    var directories = std.mem.splitScalar(u8, searchPath(request), ':');
    while (directories.next()) |directory| {
        var buffer: [system.path_max]u8 = undefined;
        if (directory.len + name.len + 2 > buffer.len) continue;
        const path = system.join(&buffer, &.{ directory, "/", name });
        const errno = linux.errno(linux.execve(path, &request.argv, &request.envp));
        if (errno != .NOENT and errno != .NOTDIR) last = errno;
    }
    return last;
}

fn searchPath(request: *const Request) []const u8 {
    for (request.envp) |entry| {
        const text = std.mem.span(entry orelse break);
        if (std.mem.startsWith(u8, text, "PATH=")) return text["PATH=".len..];
    }
    return "/usr/sbin:/usr/bin:/sbin:/bin";
}

/// Parses the strings of a `run` payload; null when it is malformed.
pub fn parse(payload: []const u8, argument_count: u32, environment_count: u32, request: *Request) bool {
    if (argument_count == 0 or argument_count >= string_count_max or environment_count >= string_count_max) {
        return false;
    }
    var rest = payload;
    request.cwd = take(&rest) orelse return false;
    for (0..argument_count) |index| request.argv[index] = take(&rest) orelse return false;
    request.argv[argument_count] = null;
    for (0..environment_count) |index| request.envp[index] = take(&rest) orelse return false;
    request.envp[environment_count] = null;
    request.stdin = rest;
    return true;
}

fn take(rest: *[]const u8) ?[*:0]const u8 {
    const end = std.mem.indexOfScalar(u8, rest.*, 0) orelse return null;
    const text = rest.*[0..end :0];
    rest.* = rest.*[end + 1 ..];
    return text.ptr;
}
