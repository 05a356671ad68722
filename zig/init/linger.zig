//! `bunc-init linger`: carries on the output of a process that has ended (parent/linger.zig). Descriptors 3
//! and 4 are the pipes of its standard output and error, where they are open; 1 and 2 are where it goes. It
//! belongs to the caller's session, as a program does that a shell leaves in the background, and ends with
//! the last writer or reader.

const std = @import("std");
const sys = @import("../sys.zig");
const Relay = @import("../relay/relay.zig").Relay;
const SIG = std.os.linux.SIG;

var relay: Relay = .{};

pub fn run() u8 {
    // A terminal that stops background writers (tostop) does not stop this process. The mask is what clone
    // left: everything blocked, so that only SIGKILL would end it.
    sys.reset_signal_dispositions();
    const held = [_]SIG{ .TTIN, .TTOU, .PIPE };
    var mask: sys.SignalSet = 0;
    for (held) |signal| mask |= sys.signal_bit(@intFromEnum(signal));
    sys.sigprocmask(sys.SIG.SETMASK, mask, null);
    relay.open_pipes(-1, if_open(3), if_open(4));
    relay.linger() catch return 1;
    return 0;
}

fn if_open(fd: sys.fd_t) sys.fd_t {
    _ = sys.fcntl(fd, std.os.linux.F.GETFD, 0) catch return -1;
    return fd;
}
