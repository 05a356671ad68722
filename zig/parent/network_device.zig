//! Move a network device of the host into the container's namespace, when bunc-init asks for it: only the
//! host's side may take it away. Runs in the bunc process, which stays in the host's network namespace.

const std = @import("std");
const sync = @import("../sync.zig");
const netlink = @import("../netlink.zig");
const sys = @import("../sys.zig");
const Call = @import("../call.zig").Call;

/// `question`: "name/new name", as init/network.zig sends it. The answer are the device's addresses.
pub fn move(call: *Call, question: []const u8, pid: i32, channel: sys.fd_t) Call.Error!void {
    const slash = std.mem.indexOfScalar(u8, question, '/') orelse
        return call.fail_as(.protocol, "receive", "network_device", "");
    const name = question[0..slash];
    sys.backend.about("linux.netDevices");
    defer sys.backend.about("");
    var addresses: netlink.Addresses = .{};
    netlink.detach(name, question[slash + 1 ..], pid, &addresses) catch
        return call.fail_on("linux.netDevices", sys.backend.failed_op, name);
    sync.send(channel, .proceed, addresses.bytes(), -1) catch return call.fail("sendmsg", "bunc-init");
}
