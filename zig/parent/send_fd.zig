//! Hand a descriptor to a listener: --console-socket, --pidfd-socket, seccomp agents. Runs in the bunc
//! process.

const sys = @import("../sys.zig");
const Call = @import("../call.zig").Call;

pub const SendFdRequest = struct {
    /// Path of a listening SOCK_STREAM socket (shorter than 108 bytes, as unix(7) wants it).
    socket: []const u8,
    /// The config path that names it; "": a flag does.
    subject: []const u8,
    fd: i32,
    /// The bytes that go with it; at least one.
    payload: []const u8,
};
pub const SendFdReply = struct {};

pub fn send_fd(call: *Call, request: SendFdRequest) Call.Error!SendFdReply {
    const subject = request.subject;
    sys.backend.about(subject);
    const fd = sys.unix_socket(sys.SOCK_STREAM) catch return call.fail_on(subject, "socket", request.socket);
    defer sys.close(fd);
    sys.connect_unix(fd, request.socket) catch return call.fail_on(subject, "connect", request.socket);
    sys.send_message(fd, request.payload, request.fd) catch
        return call.fail_on(subject, "sendmsg", request.socket);
    return .{};
}
