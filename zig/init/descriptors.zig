//! Which descriptors bunc-init has: stdio, the ones the caller preserves, its own; nothing else by accident.

const std = @import("std");
const sys = @import("../sys.zig");
const Context = @import("context.zig").Context;

/// Closes everything that was not given on purpose, and makes bunc-init's own descriptors close-on-exec again
/// (they had to survive its execve). CVE-2024-21626.
pub fn close_unknown(context: *const Context) sys.Error!void {
    var kept = context.descriptors();
    std.mem.sort(sys.fd_t, &kept, {}, std.sort.asc(sys.fd_t));
    var next: u32 = 3 + context.plan.stdio.preserve_fds;
    for (kept) |fd| {
        if (fd < 0) continue;
        std.debug.assert(fd >= next);
        try sys.set_cloexec(fd, true);
        const number: u32 = @intCast(fd);
        if (number > next) try sys.close_range(next, number - 1, false);
        next = number + 1;
    }
    try sys.close_range(next, std.math.maxInt(u32), false);
}
