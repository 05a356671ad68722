//! A process has ended, and descendants of it still have its standard output or error open: a shell that left
//! something in the background. The caller gets the status now, and their output still arrives: a bunc-init
//! that does nothing else carries it until they have closed it. Runs in the bunc process; the other half is
//! init/linger.zig.

const std = @import("std");
const sys = @import("../sys.zig");
const clone = @import("clone.zig");
const init_image = @import("init_image.zig");
const Relay = @import("../relay/relay.zig").Relay;

const Child = struct {
    executable: sys.fd_t,
    /// -1: closed by then.
    output: sys.fd_t,
    errors: sys.fd_t,
};

/// Nothing is under way in the relay. Where no process can be made, it is carried to its end here.
pub fn hand_over(relay: *Relay) void {
    start_child(relay) catch relay.linger() catch {};
}

fn start_child(relay: *const Relay) sys.Error!void {
    const executable = try init_image.open();
    defer sys.close(executable);
    // Above the numbers that the child gives them.
    const child: Child = .{
        .executable = executable,
        .output = try duplicate(relay.output.from.fd),
        .errors = try duplicate(relay.errors.from.fd),
    };
    defer for ([_]sys.fd_t{ child.output, child.errors }) |fd| if (fd >= 0) sys.close(fd);
    var shared: clone.Shared = .{ .argument = &child, .start = start };
    const started = try clone.run_child(&shared, 0, -1);
    sys.close(started.pidfd);
}

fn duplicate(fd: sys.fd_t) sys.Error!sys.fd_t {
    return if (fd < 0) -1 else sys.dup_at_least(fd, first_free);
}

/// `bunc-init linger` finds the pipes under these numbers, or closed, and our standard output and error.
const output_number = 3;
const first_free = output_number + 2;

/// In the child.
fn start(shared: *clone.Shared) sys.Error!void {
    const child: *const Child = @ptrCast(@alignCast(shared.argument));
    shared.op = "dup3";
    const executable = try sys.dup_at_least(child.executable, first_free);
    // Input is for other programs now.
    sys.close(0);
    for ([_]sys.fd_t{ child.output, child.errors }, output_number..) |fd, number| {
        if (fd >= 0) try sys.dup3(fd, @intCast(number), 0) else sys.close(@intCast(number));
    }
    shared.op = "close_range";
    try sys.close_range(first_free, std.math.maxInt(u32), true);
    shared.op = "execveat";
    const args = [_:null]?[*:0]const u8{ "bunc-init", "linger" };
    const no_environment = [_:null]?[*:0]const u8{};
    try sys.execveat(executable, "", &args, &no_environment, sys.AT.EMPTY_PATH);
}
