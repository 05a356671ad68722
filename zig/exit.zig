//! The end of the bunc process. Runs there.

const SIG = @import("std").os.linux.SIG;
const sys = @import("sys.zig");
const Call = @import("call.zig").Call;
const image = @import("image.zig");

pub const ExitRequest = struct { status: u8 };
pub const ExitReply = struct {};

/// Ends the process, with all its threads: no destructor of Bun's or libc's runs.
pub fn exit(_: *Call, request: ExitRequest) Call.Error!ExitReply {
    if (request.status == 0 and image.isWatched()) {
        _ = sys.raw(.kill, .{ sys.getpid(), @intFromEnum(SIG.STOP) });
    }
    sys.exit(request.status);
}
