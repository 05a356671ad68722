//! The socket in the state directory on which a created container waits for `start`. Runs in the bunc
//! process.
//!
//! A socket rather than runc's fifo, because it carries an answer: the connection becomes bunc-init's
//! channel, so that `start` hears of a failing startContainer hook or execve, and of success as end of file.

const std = @import("std");
const sys = @import("../sys.zig");
const sync = @import("../sync.zig");
const trace = @import("../trace.zig");
const process = @import("process.zig");
const conversation = @import("conversation.zig");
const U64 = @import("../integer.zig").U64;
const Call = @import("../call.zig").Call;

/// Of a bunc-init that has said why it fails.
const end_timeout_ms = 2000;

/// sun_path holds 108 bytes; a state directory's path may be longer, /proc/self/fd/N/NAME never is.
pub fn short_path(call: *Call, path: []const u8, directory: *sys.fd_t) Call.Error![]const u8 {
    const parent = std.fs.path.dirnamePosix(path) orelse
        return call.fail_as(.protocol, "bind", path, "not absolute");
    directory.* = sys.open(parent, sys.O.PATH | sys.O.DIRECTORY) catch return call.fail("open", parent);
    return std.fmt.allocPrint(
        call.arena,
        "/proc/self/fd/{d}/{s}",
        .{ directory.*, std.fs.path.basenamePosix(path) },
    );
}

/// A listening socket at `path`, its number at least `minimum`.
pub fn listen(call: *Call, path: []const u8, minimum: sys.fd_t) Call.Error!sys.fd_t {
    var directory: sys.fd_t = -1;
    const short = try short_path(call, path, &directory);
    defer sys.close(directory);
    const fd = sys.unix_socket(sys.SOCK_SEQPACKET) catch return call.fail("socket", path);
    defer sys.close(fd);
    sys.bind_unix(fd, short) catch return call.fail("bind", path);
    sys.listen(fd, 1) catch return call.fail("listen", path);
    return sys.dup_at_least(fd, minimum) catch call.fail("fcntl", path);
}

pub const StartRequest = struct {
    /// Process.start_socket of the container's plan.
    socket: []const u8,
    /// The process that waits there.
    pid: i32,
    start_time: U64,
    /// As Plan.trace, for what bunc-init does from now on.
    trace: bool,
};

pub const StartReply = struct {
    /// False: nobody listens there any more: bunc-init has ended, or was started before.
    started: bool,
};

/// Tells a created container to start, and returns when its program runs.
pub fn start(call: *Call, request: StartRequest) Call.Error!StartReply {
    const channel = connect(call, request.socket) catch |err| switch (err) {
        error.Refused => return .{ .started = false },
        error.Failed, error.OutOfMemory => |other| return other,
    };
    defer sys.close(channel);
    sync.send(channel, .proceed, if (request.trace) "\x01" else "", -1) catch return .{ .started = false };
    // From here on the container is running to everybody who asks, whatever its startContainer hooks do.
    sys.unlinkat(sys.AT.FDCWD, request.socket, 0) catch {
        if (!sys.is(.NOENT)) return call.fail("unlink", request.socket);
    };
    var executing = false;
    while (true) {
        var buffer: [sync.size_max]u8 = undefined;
        const message = try conversation.receive(call, channel, &buffer) orelse {
            // Its filter may have refused it to say so; execve has closed the socket all the same.
            if (executing or process.has_program(request.pid, request.start_time.value)) {
                return .{ .started = true };
            }
            const pid = try std.fmt.allocPrint(call.arena, "{d}", .{request.pid});
            return call.fail_as(.died, "bunc-init", pid, "it ended before it could start the program");
        };
        switch (message.kind) {
            .executing => executing = true,
            .trace => trace.keep_message(message.payload),
            .failure => {
                const record = try conversation.failure_of(call, message);
                // Who asks now shall hear that it has stopped. Where its filter refuses it exit_group(2),
                // its end takes some time.
                const end: process.AwaitEndRequest = .{
                    .pid = request.pid,
                    .start_time = request.start_time,
                    .timeout_ms = end_timeout_ms,
                };
                _ = process.await_end(call, end) catch {};
                return call.fail_with(record);
            },
            else => return call.fail_as(.protocol, "receive", "bunc-init", @tagName(message.kind)),
        }
    }
}

fn connect(call: *Call, path: []const u8) (Call.Error || error{Refused})!sys.fd_t {
    var directory: sys.fd_t = -1;
    const short = try short_path(call, path, &directory);
    defer sys.close(directory);
    const fd = sys.unix_socket(sys.SOCK_SEQPACKET) catch return call.fail("socket", path);
    errdefer sys.close(fd);
    sys.connect_unix(fd, short) catch {
        if (sys.is(.CONNREFUSED) or sys.is(.NOENT)) return error.Refused;
        return call.fail("connect", path);
    };
    return fd;
}
