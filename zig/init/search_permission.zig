//! Why a path of the host is out of reach for the container's root: the directory on the way that it may not
//! search (path_resolution(7)). Runs in bunc-init, after EACCES.

const std = @import("std");
const sys = @import("../sys.zig");
const Plan = @import("../plan.zig").Plan;
const Writer = std.Io.Writer;
const IdMap = @import("../plan.zig").IdMap;

/// Room for one sentence with a path.
pub const size_max = sys.path_max + 256;

/// Nothing where no directory of `path` is found to be the reason.
pub fn describe(plan: *const Plan, path: []const u8, text: *Writer) void {
    const errno = sys.backend.errno;
    defer sys.backend.errno = errno;
    find(plan, path, text) catch {};
}

fn find(plan: *const Plan, path: []const u8, text: *Writer) (sys.Error || Writer.Error)!void {
    var end: usize = 0;
    while (std.mem.indexOfScalarPos(u8, path, end, '/')) |slash| : (end = slash + 1) {
        const prefix = if (slash == 0) "/" else path[0..slash];
        const directory = try sys.open(prefix, sys.O.PATH | sys.O.DIRECTORY);
        defer sys.close(directory);
        if (sys.openat(directory, ".", sys.O.PATH)) |same| {
            sys.close(same);
            continue;
        } else |_| {}
        if (!sys.is(.ACCES)) return;
        const stat = try sys.fstat(directory);
        // A link led to it.
        var link: [48]u8 = undefined;
        const name = std.fmt.bufPrint(&link, "/proc/thread-self/fd/{d}", .{directory}) catch unreachable;
        var real_buffer: sys.PathBuffer = undefined;
        const real = sys.readlinkat(sys.AT.FDCWD, name, &real_buffer) catch prefix;
        try text.print("the directory {s} with mode {o:0>4} ", .{ real, stat.mode & 0o7777 });
        try text.writeAll("does not let the container's root");
        const uid = host_id(plan.namespaces.uid_map);
        const gid = host_id(plan.namespaces.gid_map);
        if (uid != null and gid != null) try text.print(" (uid {d}, gid {d} of the host)", .{ uid.?, gid.? });
        return text.writeAll(" search it: permission x is missing");
    }
}

fn host_id(map: []const IdMap) ?u32 {
    for (map) |line| if (line.container_id == 0 and line.size > 0) return line.host_id;
    return null;
}
