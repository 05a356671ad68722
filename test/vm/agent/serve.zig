//! The guest's agent proper (pid 1 or a systemd service): takes frames from the virtio-serial port, runs the
//! commands and sends their output and end. One thread, one poll loop; `wire.zig` shows the exchange.
const std = @import("std");
const linux = std.os.linux;
const system = @import("system.zig");
const wire = @import("wire.zig");
const command = @import("command.zig");

const port_name = "bunc-vm.agent";
const port_wait_ms = 20_000;
const command_count_max = 64;
const chunk_size = 32 * 1024;
/// What is still read from a command that has ended: more than its two pipes can hold.
const drain_chunks_max = 64;

const Running = struct { id: u32, pid: i32, outputs: [2]i32 };

const busy_cgroup_retry_ms = 100;

var commands: [command_count_max]Running = undefined;
var command_count: usize = 0;
/// Commands that have ended and whose cgroup still holds processes: a daemon, or killed ones on their way
/// out.
var busy_cgroups: [command_count_max]u32 = undefined;
var busy_cgroup_count: usize = 0;
var input: [wire.header_size + wire.payload_max]u8 = undefined;
var input_used: usize = 0;
var request: command.Request = undefined;
var port: i32 = -1;
var cgroup_parent: []const u8 = undefined;

pub fn run(parent: []const u8) noreturn {
    cgroup_parent = parent;
    system.enableControllers(cgroup_parent);
    port = openPort();
    keepCounting();
    var signals = linux.sigemptyset();
    linux.sigaddset(&signals, .CHLD);
    _ = linux.sigprocmask(linux.SIG.BLOCK, &signals, null);
    const signal_fd: i32 = @intCast(
        system.check("signalfd", "", linux.signalfd(-1, &signals, linux.SFD.CLOEXEC | linux.SFD.NONBLOCK)),
    );
    while (true) turn(signal_fd);
}

/// Keeps a counter of perf_event_open(2) open for as long as the guest lives. The kernel patches its
/// scheduler when the first is opened and the last is closed, which CRIU does often (hardware breakpoints are
/// such counters), and QEMU's emulation sometimes executes an instruction that is half patched: "Oops: int3".
/// A kernel without counters needs none.
fn keepCounting() void {
    var dummy: linux.perf_event_attr =
        .{ .type = .SOFTWARE, .config = @intFromEnum(linux.PERF.COUNT.SW.DUMMY) };
    _ = linux.perf_event_open(&dummy, 0, -1, -1, linux.PERF.FLAG.FD_CLOEXEC);
}

fn turn(signal_fd: i32) void {
    var fds: [2 + 2 * command_count_max]linux.pollfd = undefined;
    fds[0] = .{ .fd = port, .events = linux.POLL.IN, .revents = 0 };
    fds[1] = .{ .fd = signal_fd, .events = linux.POLL.IN, .revents = 0 };
    for (commands[0..command_count], 0..) |entry, index| {
        for (entry.outputs, 0..) |fd, stream| {
            fds[2 + 2 * index + stream] = .{ .fd = fd, .events = linux.POLL.IN, .revents = 0 };
        }
    }
    // A cgroup can be busy for a moment after its last process has been collected, and no signal tells its
    // end.
    const timeout_ms: i32 = if (busy_cgroup_count > 0) busy_cgroup_retry_ms else -1;
    if (linux.poll(&fds, 2 + 2 * command_count, timeout_ms) == 0) removeCgroups();
    for (commands[0..command_count], 0..) |*entry, index| {
        for (&entry.outputs, 0..) |*fd, stream| {
            if (fds[2 + 2 * index + stream].revents != 0) _ = forward(entry.id, fd, stream);
        }
    }
    if (fds[1].revents != 0) {
        var discarded: [1024]u8 = undefined;
        _ = linux.read(signal_fd, &discarded, discarded.len);
        reap();
    }
    if (fds[0].revents != 0) receive();
}

/// devtmpfs names the port's device by number only; sysfs knows the name that QEMU gave it.
fn openPort() i32 {
    var waited_ms: u32 = 0;
    while (waited_ms < port_wait_ms) : (waited_ms += 10) {
        for (0..16) |number| {
            var device_buffer: [64]u8 = undefined;
            const device = std.fmt.bufPrint(&device_buffer, "vport{d}p1", .{number}) catch unreachable;
            var path_buffer: [system.path_max]u8 = undefined;
            const name_path = system.join(&path_buffer, &.{ "/sys/class/virtio-ports/", device, "/name" });
            const opened = linux.open(name_path, .{ .CLOEXEC = true }, 0);
            if (linux.errno(opened) != .SUCCESS) continue;
            var name: [64]u8 = undefined;
            const length = linux.read(@intCast(opened), &name, name.len);
            _ = linux.close(@intCast(opened));
            if (linux.errno(length) != .SUCCESS) continue;
            if (!std.mem.eql(u8, std.mem.trim(u8, name[0..length], "\n"), port_name)) continue;
            const path = system.join(&path_buffer, &.{ "/dev/", device });
            const result = linux.open(path, .{ .ACCMODE = .RDWR, .NONBLOCK = true, .CLOEXEC = true }, 0);
            if (linux.errno(result) == .SUCCESS) return @intCast(result);
        }
        system.sleepMilliseconds(10);
    }
    system.say("bunc-vm: no virtio-serial port named " ++ port_name ++ "\n");
    linux.exit_group(1);
}

fn receive() void {
    const count = linux.read(port, input[input_used..].ptr, input.len - input_used);
    switch (linux.errno(count)) {
        .SUCCESS => {},
        .AGAIN, .INTR => return,
        else => |errno| system.fail("read", port_name, @bitCast(-@as(isize, @intFromEnum(errno)))),
    }
    if (count == 0) {
        // No host behind the port (a saved machine that is being restored): half a frame will not be
        // completed.
        input_used = 0;
        system.sleepMilliseconds(20);
        return;
    }
    input_used += count;
    var start: usize = 0;
    while (input_used - start >= wire.header_size) {
        const header = input[start..][0..wire.header_size];
        const id = std.mem.readInt(u32, header[4..8], .little);
        const length = std.mem.readInt(u32, header[8..12], .little);
        if (length > wire.payload_max) {
            system.say("bunc-vm: frame too long\n");
            linux.exit_group(1);
        }
        const end = start + wire.header_size + length;
        if (end > input_used) break;
        handle(@enumFromInt(header[0]), id, input[start + wire.header_size .. end]);
        start = end;
    }
    std.mem.copyForwards(u8, &input, input[start..input_used]);
    input_used -= start;
}

fn handle(kind: wire.HostKind, id: u32, payload: []const u8) void {
    switch (kind) {
        .ping => send(.pong, id, ""),
        .run => startCommand(id, payload),
        .kill => {
            var buffer: [system.path_max]u8 = undefined;
            _ = system.writeFile(commandCgroup(&buffer, id, "/cgroup.kill"), "1");
        },
        _ => send(.failure, id, "unknown frame"),
    }
}

fn startCommand(id: u32, payload: []const u8) void {
    removeCgroups();
    if (command_count == command_count_max) return send(.failure, id, "too many commands at once");
    if (payload.len < @sizeOf(wire.RunHeader)) return send(.failure, id, "malformed run frame");
    const header = std.mem.bytesToValue(wire.RunHeader, payload[0..@sizeOf(wire.RunHeader)]);
    const strings = payload[@sizeOf(wire.RunHeader)..];
    if (!command.parse(strings, header.argument_count, header.environment_count, &request)) {
        return send(.failure, id, "malformed run frame");
    }
    var buffer: [system.path_max]u8 = undefined;
    switch (command.start(&request, std.mem.span(commandCgroup(&buffer, id, "")))) {
        .started => |started| {
            commands[command_count] = .{
                .id = id,
                .pid = started.pid,
                .outputs = .{ started.stdout, started.stderr },
            };
            command_count += 1;
        },
        .failed => |failure| {
            // The child that could not execute it may still be on its way out.
            removeLater(id);
            var text_buffer: [256]u8 = undefined;
            const text = std.fmt.bufPrint(
                &text_buffer,
                "{s}: {s}",
                .{ @tagName(failure.step), @tagName(failure.errno) },
            ) catch unreachable;
            send(.failure, id, text);
        },
    }
}

fn commandCgroup(buffer: []u8, id: u32, file: []const u8) [*:0]const u8 {
    var number_buffer: [16]u8 = undefined;
    const number = std.fmt.bufPrint(&number_buffer, "{d}", .{id}) catch unreachable;
    return system.join(buffer, &.{ cgroup_parent, "/command-", number, file });
}

/// Sends one chunk of a command's output; false when there is none now.
fn forward(id: u32, fd: *i32, stream: usize) bool {
    if (fd.* < 0) return false;
    var chunk: [chunk_size]u8 = undefined;
    const count = linux.read(fd.*, &chunk, chunk.len);
    if (linux.errno(count) == .AGAIN) return false;
    if (linux.errno(count) != .SUCCESS or count == 0) {
        _ = linux.close(fd.*);
        fd.* = -1;
        return false;
    }
    send(if (stream == 0) .stdout else .stderr, id, chunk[0..count]);
    return true;
}

/// Collects every ended child: the commands, and as pid 1 also whatever they left behind.
fn reap() void {
    while (true) {
        var status: u32 = 0;
        const pid = linux.waitpid(-1, &status, linux.W.NOHANG);
        if (linux.errno(pid) != .SUCCESS or pid == 0) return removeCgroups();
        for (commands[0..command_count], 0..) |*entry, index| {
            if (entry.pid != pid) continue;
            finish(entry, status);
            command_count -= 1;
            commands[index] = commands[command_count];
            break;
        }
    }
}

/// A daemon may keep the pipes open after its starter has ended: what is in them is sent, then they are
/// closed.
fn finish(entry: *Running, status: u32) void {
    for (&entry.outputs, 0..) |*fd, stream| {
        for (0..drain_chunks_max) |_| if (!forward(entry.id, fd, stream)) break;
        if (fd.* >= 0) _ = linux.close(fd.*);
    }
    removeLater(entry.id);
    const signaled = !linux.W.IFEXITED(status);
    const payload: wire.ExitPayload = .{
        .code = if (signaled) 0 else linux.W.EXITSTATUS(status),
        .signal = if (signaled) status & 0x7f else 0,
    };
    send(.exit, entry.id, std.mem.asBytes(&payload));
}

/// The cgroup of a command that has ended is removed as soon as it is empty, which may be now.
fn removeLater(id: u32) void {
    // Among many daemons the oldest is forgotten: its cgroup then stays as long as the machine.
    if (busy_cgroup_count == busy_cgroups.len) {
        std.mem.copyForwards(u32, busy_cgroups[0..], busy_cgroups[1..]);
        busy_cgroup_count -= 1;
    }
    busy_cgroups[busy_cgroup_count] = id;
    busy_cgroup_count += 1;
    removeCgroups();
}

/// Removes the cgroups of ended commands that have become empty.
fn removeCgroups() void {
    var kept: usize = 0;
    for (busy_cgroups[0..busy_cgroup_count]) |id| {
        var buffer: [system.path_max]u8 = undefined;
        if (linux.errno(linux.rmdir(commandCgroup(&buffer, id, ""))) != .BUSY) continue;
        busy_cgroups[kept] = id;
        kept += 1;
    }
    busy_cgroup_count = kept;
}

fn send(kind: wire.GuestKind, id: u32, payload: []const u8) void {
    var header: [wire.header_size]u8 = @splat(0);
    header[0] = @intFromEnum(kind);
    std.mem.writeInt(u32, header[4..8], id, .little);
    std.mem.writeInt(u32, header[8..12], @intCast(payload.len), .little);
    sendBytes(&header);
    sendBytes(payload);
}

/// Blocks until the host has taken the bytes: output is never dropped, a slow host slows the command down.
fn sendBytes(bytes: []const u8) void {
    var sent: usize = 0;
    while (sent < bytes.len) {
        const count = linux.write(port, bytes.ptr + sent, bytes.len - sent);
        switch (linux.errno(count)) {
            .SUCCESS => sent += count,
            .AGAIN, .INTR => {
                var fds = [1]linux.pollfd{.{ .fd = port, .events = linux.POLL.OUT, .revents = 0 }};
                _ = linux.poll(&fds, 1, 100);
            },
            else => |errno| system.fail("write", port_name, @bitCast(-@as(isize, @intFromEnum(errno)))),
        }
    }
}
