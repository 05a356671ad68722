//! The end of bunc-init: become the user's program. Runs in bunc-init, stage 2.
//!
//! `prepare` does what may fail for reasons that `create` must report (program not found); `execute` does the
//! rest after `start`. After `execute` has begun, only descriptors 0-2, the preserved ones and the channel
//! (close-on-exec) exist: execve resolves its path while they are still open, and a path like /proc/self/fd/N
//! must not find one of ours (CVE-2024-21626).

const std = @import("std");
const sys = @import("../sys.zig");
const environment = @import("environment.zig");
const executable = @import("executable.zig");
const limits = @import("limits.zig");
const seccomp = @import("seccomp.zig");
const working_directory = @import("working_directory.zig");
const Context = @import("context.zig").Context;

pub const Program = struct {
    path: []const u8,
    args: [:null]?[*:0]const u8,
    env: environment.Vector,

    /// Returns only if execve failed, which has been reported: Code.executable, op "execve".
    pub fn execute(self: Program, context: *Context) Context.Failed {
        close_own(context) catch return context.fail("close_range", "");
        context.traced(.execute, 0, self.path);
        _ = sys.umask(context.umask);
        // The dispositions are the default ones since main.zig; the mask is libbunc's. Pending signals are
        // delivered here, as they would have been to the program.
        sys.sigprocmask(sys.SIG.SETMASK, 0, null);
        // A missing parent does not keep a started container from running; and a filter that is already in
        // place (a listener's, or for hooks) may deny this message.
        context.mention(.executing, "");
        seccomp.install(context) catch |err| return err;
        sys.execve(self.path, self.args, self.env) catch {};
        return context.fail_as(.executable, "execve", self.path, "");
    }
};

pub fn prepare(context: *Context) Context.Failed!Program {
    std.debug.assert(context.directory_pending.len == 0);
    try working_directory.verify(context);
    const program: Program = .{
        .path = try executable.find(context),
        .args = try build_args(context),
        .env = try environment.build(context),
    };
    context.traced(.program, 0, program.path);
    const sender = try seccomp.prepare_listener(context);
    try limits.apply(context);
    if (sender) |it| try seccomp.install_with_listener(context, it);
    return program;
}

fn build_args(context: *Context) Context.Failed![:null]?[*:0]const u8 {
    const args = context.plan.process.args;
    const no_room = "no room for the arguments";
    const vector = context.allocator.allocSentinel(?[*:0]const u8, args.len, null) catch
        return context.fail_as(.limit, "execve", "process.args", no_room);
    for (args, vector) |arg, *item| {
        item.* = context.allocator.dupeZ(u8, arg) catch
            return context.fail_as(.limit, "execve", "process.args", no_room);
    }
    return vector;
}

/// Closes every descriptor but stdio, the preserved ones and the channel.
fn close_own(context: *Context) sys.Error!void {
    const first: u32 = 3 + context.plan.stdio.preserve_fds;
    const last = std.math.maxInt(u32);
    if (context.channel < first) return sys.close_range(first, last, false);
    const channel: u32 = @intCast(context.channel);
    if (channel > first) try sys.close_range(first, channel - 1, false);
    try sys.close_range(channel + 1, last, false);
}
