//! The soft limit of open files that bunc was started with. Bun raises its own to the hard limit before any code of
//! ours runs, and a container would inherit that: programs that go over every possible descriptor get slow.
//! Runs in the bunc process.
//!
//! What it was, only our parent can tell, whose own limit it mostly is. Where it cannot (it gives its children
//! another one, it is somebody else's process, it has ended meanwhile), the raised limit stays.

const std = @import("std");
const sys = @import("../sys.zig");

const RLIMIT_NOFILE = 7;

/// Gives `pid`, a child of ours, the soft limit that we would have handed on without Bun.
pub fn restore(pid: i32) sys.Error!void {
    var own: sys.RLimit = undefined;
    try sys.prlimit(0, RLIMIT_NOFILE, null, &own);
    var parents: sys.RLimit = undefined;
    // EPERM: it belongs to somebody else.
    sys.prlimit(sys.getppid(), RLIMIT_NOFILE, null, &parents) catch return;
    const soft = soft_limit(own, parents) orelse return;
    sys.prlimit(pid, RLIMIT_NOFILE, &.{ .soft = soft, .hard = own.hard }, null) catch {
        // A user namespace that is not ours: whoever sets limits there does it with process.rlimits.
        if (!sys.is(.PERM)) return error.Sys;
    };
}

/// null: ours was not raised.
fn soft_limit(own: sys.RLimit, parents: sys.RLimit) ?u64 {
    if (own.soft != own.hard or parents.soft >= own.soft) return null;
    return parents.soft;
}

test "only a limit that Bun has raised is lowered" {
    const cases = [_]struct { own: sys.RLimit, parents: sys.RLimit, soft: ?u64 }{
        .{ .own = .{ .soft = 4096, .hard = 4096 }, .parents = .{ .soft = 1024, .hard = 4096 }, .soft = 1024 },
        .{ .own = .{ .soft = 4096, .hard = 4096 }, .parents = .{ .soft = 4096, .hard = 4096 }, .soft = null },
        .{ .own = .{ .soft = 512, .hard = 4096 }, .parents = .{ .soft = 256, .hard = 4096 }, .soft = null },
        .{ .own = .{ .soft = 512, .hard = 512 }, .parents = .{ .soft = 1024, .hard = 4096 }, .soft = null },
    };
    for (cases) |case| try std.testing.expectEqual(case.soft, soft_limit(case.own, case.parents));
}
