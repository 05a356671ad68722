//! CRIU as a child that is controlled over a socket: `criu swrk 3` has a SOCK_SEQPACKET socket as descriptor
//! 3 and exchanges one protobuf message per packet (src/criu makes and reads them). Runs in the bunc process.
//!
//! A restored container is a child of ours, not of CRIU's (rst_sibling); CRIU ends when its work is done.

const std = @import("std");
const sys = @import("../sys.zig");
const clone = @import("clone.zig");
const process = @import("process.zig");
const streams = @import("streams.zig");
const Call = @import("../call.zig").Call;
const CLONE = std.os.linux.CLONE;
const MS = std.os.linux.MS;

/// Of one message: CRIU's own are far smaller (its buffer starts with 1 KiB).
const message_size_max = 64 * 1024;
/// The last output of CRIU before it has a log file.
const output_size_max = 16 * 1024;
/// The first descriptor of `CriuStartRequest.descriptors`, after the socket.
const descriptors_first = 4;

pub const CriuStdio = enum {
    /// Ours, or the pipes of `make_streams` in their place: a restored process may go on with them.
    inherited,
    /// /dev/null for input; output is kept for `criu_end`.
    captured,
};

/// CRIU wants the new root to be a mount point, whose parent it can see.
pub const CriuRoot = struct {
    /// Root file system.
    path: []const u8,
    /// Directory to bind it to, in a mount namespace of CRIU's own.
    target: []const u8,
};

pub const CriuStartRequest = struct {
    /// Absolute path of criu(8).
    executable: []const u8,
    env: []const []const u8,
    stdio: CriuStdio,
    /// CRIU has them from number 4 on, in this order.
    descriptors: []const i32,
    /// null: CRIU stays in our mount namespace.
    root: ?CriuRoot,
    /// Absolute paths of directories that requests name by descriptor: they are opened where CRIU is, because
    /// it mounts things in its working directory.
    directories: []const []const u8,
};

pub const CriuStarted = struct {
    pid: i32,
    pidfd: i32,
    socket: i32,
    /// What it writes, with CriuStdio.captured.
    output: ?i32,
    /// Ours to close. CRIU finds them by their number in our process.
    directories: []const i32,
};

const Child = struct {
    path: []const u8,
    args: [:null]const ?[*:0]const u8,
    env: [:null]const ?[*:0]const u8,
    socket: sys.fd_t,
    /// -1: the streams stay as they are.
    input: sys.fd_t = -1,
    output: sys.fd_t = -1,
    descriptors: []const sys.fd_t,
    root: ?CriuRoot,
    directories: []const []const u8,
};

pub fn criu_start(call: *Call, request: CriuStartRequest) Call.Error!CriuStarted {
    var pair: [2]sys.fd_t = undefined;
    sys.socketpair_seqpacket(&pair) catch return call.fail("socketpair", "");
    defer sys.close(pair[1]);
    errdefer sys.close(pair[0]);

    // Above every number that the child uses otherwise.
    const first_free: sys.fd_t = @intCast(descriptors_first + request.descriptors.len);
    var kept: std.ArrayList(sys.fd_t) = .empty;
    defer for (kept.items) |fd| sys.close(fd);
    try kept.ensureTotalCapacity(call.arena, request.descriptors.len + 3);
    for (request.descriptors) |fd| kept.appendAssumeCapacity(
        sys.dup_at_least(fd, first_free) catch return call.fail("fcntl", "descriptors"),
    );
    const descriptors = kept.items;
    const socket = sys.dup_at_least(pair[1], first_free) catch return call.fail("fcntl", "socket");
    kept.appendAssumeCapacity(socket);

    const env = try call.arena.allocSentinel(?[*:0]const u8, request.env.len, null);
    for (request.env, env) |text, *item| item.* = try call.arena.dupeZ(u8, text);
    var child: Child = .{
        .path = request.executable,
        .args = &[_:null]?[*:0]const u8{ "criu", "swrk", "3" },
        .env = env,
        .socket = socket,
        .descriptors = descriptors,
        .root = request.root,
        .directories = request.directories,
    };

    var output: ?sys.fd_t = null;
    errdefer if (output) |fd| sys.close(fd);
    if (request.stdio == .captured) {
        const file = sys.memfd_create("criu-output") catch return call.fail("memfd_create", "");
        output = file;
        child.output = sys.dup_at_least(file, first_free) catch return call.fail("fcntl", "output");
        kept.appendAssumeCapacity(child.output);
        const input = sys.open("/dev/null", sys.O.RDONLY) catch return call.fail("open", "/dev/null");
        defer sys.close(input);
        child.input = sys.dup_at_least(input, first_free) catch return call.fail("fcntl", "/dev/null");
        kept.appendAssumeCapacity(child.input);
    }

    var shared: clone.Shared = .{ .argument = &child, .start = start, .target = "criu" };
    const flags: u64 = if (child.root == null) 0 else CLONE.NEWNS;
    const started = clone.run_child(&shared, flags, -1) catch
        return call.fail(sys.backend.failed_op, shared.target);
    errdefer process.kill_and_reap(started.pid, started.pidfd);
    const directories = try call.arena.alloc(i32, request.directories.len);
    var received: usize = 0;
    errdefer for (directories[0..received]) |fd| sys.close(fd);
    // The child has execed: they are all there, one a message.
    while (received < directories.len) : (received += 1) {
        var buffer: [1]u8 = undefined;
        const message = sys.receive_message(pair[0], &buffer) catch return call.fail("recvmsg", "criu");
        directories[received] = message.fd;
    }
    return .{
        .pid = started.pid,
        .pidfd = started.pidfd,
        .socket = pair[0],
        .output = output,
        .directories = directories,
    };
}

/// In the child.
fn start(shared: *clone.Shared) sys.Error!void {
    const child: *const Child = @ptrCast(@alignCast(shared.argument));
    if (child.root) |root| {
        shared.op = "mount";
        // What is mounted on the host meanwhile arrives here; nothing of ours leaves.
        shared.target = "/";
        try sys.mount(null, "/", null, MS.REC | MS.SLAVE, null);
        shared.target = root.path;
        try sys.mount(root.path, root.target, null, MS.BIND | MS.REC, null);
    }
    for (child.directories) |path| {
        shared.op = "open";
        shared.target = path;
        const fd = try sys.open(path, sys.O.RDONLY | sys.O.DIRECTORY);
        defer sys.close(fd);
        shared.op = "sendmsg";
        try sys.send_message(child.socket, "d", fd);
    }
    shared.target = "criu";
    shared.op = "dup3";
    if (child.input >= 0) {
        try sys.dup3(child.input, 0, 0);
        try sys.dup3(child.output, 1, 0);
        try sys.dup3(child.output, 2, 0);
    } else try streams.take_in_child();
    try sys.dup3(child.socket, 3, 0);
    for (child.descriptors, descriptors_first..) |fd, number| try sys.dup3(fd, @intCast(number), 0);
    shared.op = "close_range";
    const first_free: u32 = @intCast(descriptors_first + child.descriptors.len);
    try sys.close_range(first_free, std.math.maxInt(u32), false);
    sys.reset_signal_dispositions();
    sys.sigprocmask(sys.SIG.SETMASK, 0, null);
    shared.op = "execve";
    shared.target = child.path;
    try sys.execve(child.path, child.args, child.env);
}

pub const CriuExchangeRequest = struct {
    socket: i32,
    /// base64; empty: only receive.
    message: []const u8,
};
pub const CriuExchangeReply = struct {
    /// base64; empty: CRIU has closed the socket.
    message: []const u8,
    /// The descriptor that came with it, ours to close.
    fd: ?i32,
};

/// Sends one message and waits for the next that comes.
pub fn criu_exchange(call: *Call, request: CriuExchangeRequest) Call.Error!CriuExchangeReply {
    const closed: CriuExchangeReply = .{ .message = "", .fd = null };
    if (request.message.len > 0) {
        const decoder = std.base64.standard.Decoder;
        const size = decoder.calcSizeForSlice(request.message) catch
            return call.fail_as(.protocol, "decode", "criu", "");
        const bytes = try call.arena.alloc(u8, size);
        decoder.decode(bytes, request.message) catch return call.fail_as(.protocol, "decode", "criu", "");
        sys.send_message(request.socket, bytes, -1) catch {
            if (sys.is(.PIPE) or sys.is(.CONNRESET)) return closed;
            return call.fail("sendmsg", "criu");
        };
    }
    const buffer = try call.arena.alloc(u8, message_size_max);
    const received = sys.receive_message(request.socket, buffer) catch {
        if (sys.is(.CONNRESET)) return closed;
        return call.fail("recvmsg", "criu");
    };
    if (received.bytes.len == 0) return closed;
    if (received.bytes.len == buffer.len) {
        if (received.fd >= 0) sys.close(received.fd);
        return call.fail_as(.protocol, "recvmsg", "criu", "a message of 64 KiB or more");
    }
    const encoder = std.base64.standard.Encoder;
    const text = try call.arena.alloc(u8, encoder.calcSize(received.bytes.len));
    return .{
        .message = encoder.encode(text, received.bytes),
        .fd = if (received.fd >= 0) received.fd else null,
    };
}

pub const CriuEndRequest = struct {
    pid: i32,
    pidfd: i32,
    socket: i32,
    output: ?i32,
    kill: bool,
};
pub const CriuEndReply = struct {
    /// "exit status 0", "killed by signal 9".
    status: []const u8,
    succeeded: bool,
    /// The last of what it wrote, with CriuStdio.captured; bytes that are no text are left out.
    output: []const u8,
};

/// Ends the conversation, waits for CRIU and closes its descriptors.
pub fn criu_end(call: *Call, request: CriuEndRequest) Call.Error!CriuEndReply {
    sys.close(request.socket);
    if (request.kill) sys.pidfd_send_signal(request.pidfd, @intFromEnum(std.os.linux.SIG.KILL)) catch {};
    const reaped = sys.wait4(request.pid, 0);
    sys.close(request.pidfd);
    defer if (request.output) |output| sys.close(output);
    const status = reaped catch return call.fail("wait4", "criu");
    // Its output before it had a log file.
    if (request.kill) streams.end();
    return .{
        .status = process.describe_status(call.arena, status),
        .succeeded = status == 0,
        .output = if (request.output) |output| try last_output(call, output) else "",
    };
}

fn last_output(call: *Call, fd: sys.fd_t) Call.Error![]const u8 {
    const size = (sys.fstat(fd) catch return call.fail("fstat", "criu-output")).size;
    const buffer = try call.arena.alloc(u8, output_size_max);
    const count = sys.pread(fd, buffer, size -| output_size_max) catch
        return call.fail("pread", "criu-output");
    return printable(buffer[0..count]);
}

/// In place: ASCII, lines and tabs.
fn printable(bytes: []u8) []const u8 {
    var length: usize = 0;
    for (bytes) |byte| {
        if ((byte < ' ' or byte > '~') and byte != '\n' and byte != '\t') continue;
        bytes[length] = byte;
        length += 1;
    }
    return bytes[0..length];
}

pub const CriuStatusReadyRequest = struct { fd: i32 };
pub const CriuStatusReadyReply = struct {};

/// Reports on `checkpoint --status-fd` that pages can be fetched, with a NUL byte, and closes it.
pub fn criu_status_ready(call: *Call, request: CriuStatusReadyRequest) Call.Error!CriuStatusReadyReply {
    defer sys.close(request.fd);
    _ = sys.write(request.fd, &.{0}) catch return call.fail("write", "--status-fd");
    return .{};
}

test "output is made printable" {
    var text = "a\x00b\xffc\n\td\x1b".*;
    try std.testing.expectEqualStrings("abc\n\td", printable(&text));
}
