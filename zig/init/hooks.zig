//! Hooks that run in the container's namespaces: createContainer (before pivot_root) and startContainer (just
//! before exec). runtime-spec config.md, POSIX-platform Hooks. Runs in bunc-init, stage 2.

const std = @import("std");
const sys = @import("../sys.zig");
const environment = @import("environment.zig");
const hook_core = @import("../hook.zig");
const plan = @import("../plan.zig");
const seccomp = @import("seccomp.zig");
const Context = @import("context.zig").Context;

fn process_environment(context: *Context) Context.Failed![]const []const u8 {
    const vector = try environment.build(context);
    const texts = context.allocator.alloc([]const u8, vector.len) catch
        return context.fail_as(.limit, "execve", "", "no room for the environment");
    for (vector, texts) |variable, *text| text.* = std.mem.span(variable.?);
    return texts;
}

/// Opens what the hooks of this process write to, while it has the host's files and rights. All sets have the
/// same.
pub fn open_output(context: *Context) Context.Failed!void {
    const set = first_set(context.plan) orelse return;
    context.hook_output.stdout = hook_core.open_output(set.stdout) catch
        return context.fail("open", set.stdout);
    context.hook_output.stderr = hook_core.open_output(set.stderr) catch
        return context.fail("open", set.stderr);
}

fn first_set(of: *const plan.Plan) ?plan.HookSet {
    for (of.steps) |step| switch (step.op) {
        .hooks => |set| return set,
        else => {},
    };
    return of.process.start_hooks;
}

/// Runs them one after the other; the first that fails ends the container.
pub fn run(context: *Context, op: plan.HookSet) Context.Failed!void {
    // Programs of the container's file system are confined like the container's own.
    if (op.kind == .startContainer) try seccomp.install(context);
    // As runc has it, and the hooks written for runc: in the container's root, which is not "/" yet. The rest
    // of them (startContainer) run where the process will.
    if (op.kind == .createContainer) sys.fchdir(context.root) catch return context.fail("fchdir", "root");

    const state = std.fmt.allocPrint(
        context.allocator,
        "{s}{d}{s}",
        .{ op.state_head, sys.getpid(), op.state_tail },
    ) catch return context.fail_as(.limit, @tagName(op.kind), "", "no room for the state");
    const own_umask = sys.umask(context.umask);
    defer _ = sys.umask(own_umask);
    for (op.hooks) |configured| {
        var hook = configured;
        context.subject = hook.subject;
        if (hook.env_of_process) hook.env = try process_environment(context);
        var output: [hook_core.output_size_max]u8 = undefined;
        // A hook may mount over what was opened before.
        context.last_parent.forget();
        const result =
            hook_core.run(context.allocator, hook, state, .{ .redirect = context.hook_output }, &output);
        if (result.succeeded()) continue;
        var detail: [hook_core.description_size_max]u8 = undefined;
        sys.backend.errno = result.errno;
        return context.fail_as(.hook, @tagName(op.kind), hook.path, result.describe(&detail));
    }
}
