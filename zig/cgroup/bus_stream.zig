//! The byte stream to a message bus (D-Bus over a unix socket), with a deadline on every wait. What the
//! bytes mean is TypeScript's business (src/cgroup/systemd). Runs in the bunc process.

const std = @import("std");
const sys = @import("../sys.zig");
const Call = @import("../call.zig").Call;

/// A D-Bus message is at most this long; ours and the replies to them are a few hundred bytes.
const read_size_max = 64 * 1024;

pub const BusConnectRequest = struct {
    /// Of the socket; one that begins with "@" is abstract (unix(7)).
    path: []const u8,
    timeout_ms: u32,
};
pub const BusConnectReply = struct {
    /// For the calls below; the call close_fd ends it.
    fd: i32,
};

pub fn bus_connect(call: *Call, request: BusConnectRequest) Call.Error!BusConnectReply {
    const fd = sys.unix_socket(sys.SOCK_STREAM | sys.O.NONBLOCK) catch
        return call.fail("socket", request.path);
    errdefer sys.close(fd);
    const deadline_ms = sys.monotonic_ms() + request.timeout_ms;
    while (true) {
        const connected = if (std.mem.startsWith(u8, request.path, "@"))
            sys.connect_unix_abstract(fd, request.path[1..])
        else
            sys.connect_unix(fd, request.path);
        if (connected) return .{ .fd = fd } else |_| {}
        // EAGAIN: more clients wait than the bus has room for.
        if (!sys.is(.AGAIN)) return call.fail("connect", request.path);
        if (sys.monotonic_ms() >= deadline_ms) {
            return call.fail_as(.timeout, "connect", request.path, "the bus accepts no connection");
        }
        _ = sys.poll(&.{}, 10) catch return call.fail("poll", request.path);
    }
}

pub const BusWriteRequest = struct { fd: i32, base64: []const u8, timeout_ms: u32 };
pub const BusWriteReply = struct {};

/// All of it, or a Failure.
pub fn bus_write(call: *Call, request: BusWriteRequest) Call.Error!BusWriteReply {
    const decoder = std.base64.standard.Decoder;
    const length = decoder.calcSizeForSlice(request.base64) catch return malformed(call);
    const bytes = try call.arena.alloc(u8, length);
    decoder.decode(bytes, request.base64) catch return malformed(call);
    const deadline_ms = sys.monotonic_ms() + request.timeout_ms;
    var done: usize = 0;
    while (done < bytes.len) {
        if (!try wait(call, request.fd, sys.POLL.OUT, deadline_ms)) {
            return call.fail_as(.timeout, "send", "", "the bus takes no data");
        }
        // MSG_NOSIGNAL: a bus that has gone away is an error, not the end of this process. MSG_DONTWAIT: the
        // wait is poll's.
        done += sys.send(request.fd, bytes[done..], sys.MSG.NOSIGNAL | sys.MSG.DONTWAIT) catch {
            if (sys.is(.AGAIN)) continue;
            return call.fail("send", "");
        };
    }
    return .{};
}

pub const BusReadRequest = struct { fd: i32, timeout_ms: u32 };
pub const BusReadReply = struct {
    base64: []const u8,
    /// The bus has closed the connection.
    closed: bool,
    timed_out: bool,
};

/// What has arrived, at least one byte of it, in time.
pub fn bus_read(call: *Call, request: BusReadRequest) Call.Error!BusReadReply {
    const deadline_ms = sys.monotonic_ms() + request.timeout_ms;
    if (!try wait(call, request.fd, sys.POLL.IN, deadline_ms)) {
        return .{ .base64 = "", .closed = false, .timed_out = true };
    }
    const buffer = try call.arena.alloc(u8, read_size_max);
    const length = sys.read(request.fd, buffer) catch {
        if (sys.is(.CONNRESET)) return .{ .base64 = "", .closed = true, .timed_out = false };
        return call.fail("read", "");
    };
    const encoder = std.base64.standard.Encoder;
    const text = try call.arena.alloc(u8, encoder.calcSize(length));
    return .{ .base64 = encoder.encode(text, buffer[0..length]), .closed = length == 0, .timed_out = false };
}

fn malformed(call: *Call) Call.Error {
    return call.fail_as(.protocol, "send", "", "not base64");
}

/// False: the time is over.
fn wait(call: *Call, fd: sys.fd_t, events: i16, deadline_ms: u64) Call.Error!bool {
    const now_ms = sys.monotonic_ms();
    const left_ms = if (deadline_ms > now_ms) deadline_ms - now_ms else 0;
    var polled = [1]sys.PollFd{.{ .fd = fd, .events = events, .revents = 0 }};
    const ready = sys.poll(&polled, @intCast(@min(left_ms, std.math.maxInt(i32)))) catch
        return call.fail("poll", "");
    return ready > 0;
}
