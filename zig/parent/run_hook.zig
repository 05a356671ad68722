//! Hooks of the runtime namespace (prestart, createRuntime, poststart, poststop), run by bunc itself.
//! runtime-spec config.md, POSIX-platform Hooks.

const sys = @import("../sys.zig");
const plan = @import("../plan.zig");
const hook = @import("../hook.zig");
const process = @import("process.zig");
const streams = @import("streams.zig");
const Call = @import("../call.zig").Call;

pub const RunHookRequest = struct {
    hook: plan.Hook,
    /// The container's state, as JSON, for its stdin.
    state: []const u8,
    /// Directory in which it runs; where that is gone (a bundle may be, once the container is made): the
    /// caller's.
    directory: []const u8,
    /// Absolute paths of files that its output is appended to; empty: its end is kept for the error.
    stdout: []const u8,
    stderr: []const u8,
    /// The container's process: when it ends, the hook is killed. pid 0: the hook is run whether it lives or
    /// not.
    pid: i32,
    start_time: plan.U64,
};
pub const RunHookReply = struct {};

/// Returns when the hook has succeeded; everything else is a Failure with Code.hook.
pub fn run_hook(call: *Call, request: RunHookRequest) Call.Error!RunHookReply {
    var output: [hook.output_size_max]u8 = undefined;
    var redirect: hook.Redirect = .{};
    const subject = request.hook.subject;
    sys.backend.about(subject);
    defer redirect.close();
    redirect.stdout = hook.open_output(request.stdout) catch
        return call.fail_on(subject, "open", request.stdout);
    redirect.stderr = hook.open_output(request.stderr) catch
        return call.fail_on(subject, "open", request.stderr);
    const directory = existing(request.directory);
    const mask = streams.hold_terminal_signals();
    defer streams.release_signals(mask);
    const started = request.start_time.value;
    const container = if (request.pid == 0) -1 else process.open(request.pid, started) catch {
        if (!sys.is(.SRCH)) return call.fail_on(subject, "pidfd_open", "the container's process");
        const late = "not run, because the container had ended";
        return fail_as(call, request.hook, "hook", .SUCCESS, late);
    };
    defer if (container >= 0) sys.close(container);
    const result = hook.run(call.arena, request.hook, request.state, .{
        .cwd = directory,
        .redirect = redirect,
        .beside = &streams.relay,
        .container = container,
        .with_descendants = true,
    }, &output);
    if (result.succeeded()) return .{};
    return fail(call, request.hook, result, "hook");
}

fn existing(directory: []const u8) ?[]const u8 {
    _ = sys.statx(sys.AT.FDCWD, directory, 0) catch if (sys.is(.NOENT)) return null;
    return directory;
}

/// A hook, or another program run as one, did not succeed.
pub fn fail(call: *Call, failed: plan.Hook, result: hook.Result, op: []const u8) Call.Failed {
    var description: [hook.description_size_max]u8 = undefined;
    const what = if (result.outcome == .not_run) result.op else op;
    return fail_as(call, failed, what, result.errno, result.describe(&description));
}

fn fail_as(call: *Call, failed: plan.Hook, op: []const u8, errno: sys.E, detail: []const u8) Call.Failed {
    return call.fail_with(.{
        .code = .hook,
        .stage = .parent,
        .op = op,
        .errno = @intFromEnum(errno),
        .subject = failed.subject,
        .target = failed.path,
        .detail = detail,
    });
}
