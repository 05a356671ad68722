//! Hooks of the runtime namespace (prestart, createRuntime, poststart, poststop), run by bunc itself.
//! runtime-spec config.md, POSIX-platform Hooks.

const sys = @import("../sys.zig");
const plan = @import("../plan.zig");
const hook = @import("../hook.zig");
const Call = @import("../call.zig").Call;

pub const RunHookRequest = struct {
    hook: plan.Hook,
    /// The container's state, as JSON, for its stdin.
    state: []const u8,
};
pub const RunHookReply = struct {};

/// Returns when the hook has succeeded; everything else is a Failure with Code.hook.
pub fn run_hook(call: *Call, request: RunHookRequest) Call.Error!RunHookReply {
    const outcome = try hook.run(call.arena, request.hook, request.state);
    if (outcome.succeeded()) return .{};
    return call.fail_with(.{
        .code = .hook,
        .stage = .parent,
        .op = "hook",
        .errno = outcome.errno,
        .subject = request.hook.subject,
        .target = request.hook.path,
        .detail = try outcome.describe(call.arena),
    });
}
