//! Why the kernel refuses to change the flags of a bind mount: what a mount of the host has when a user
//! namespace copies it is locked there (mount_namespaces(7)). Runs in bunc-init, both stages, where the
//! source can still be seen.

const std = @import("std");
const sys = @import("../sys.zig");
const plan = @import("../plan.zig");
const mountinfo = @import("mountinfo.zig");
const path = @import("path.zig");
const Writer = std.Io.Writer;

const attr = sys.mount_attr;

/// Room for one sentence with a path.
pub const size_max = sys.path_max + 512;
const Error = mountinfo.Error || Writer.Error;

/// After EPERM: which of the flags asked for are not those that are locked, and by which mount. Nothing if
/// that is not found. `place`: a descriptor of what was to be mounted. `recursive`: the mounts below it count
/// too.
pub fn describe(place: sys.fd_t, asked: plan.MountAttributes, recursive: bool, text: *Writer) void {
    const errno = sys.backend.errno;
    defer sys.backend.errno = errno;
    find(place, asked, recursive, text) catch {};
}

fn find(place: sys.fd_t, asked: plan.MountAttributes, recursive: bool, text: *Writer) Error!void {
    const mount_id = (try sys.fstat(place)).mount_id;
    var name_buffer: [48]u8 = undefined;
    const name = std.fmt.bufPrint(&name_buffer, "/proc/thread-self/fd/{d}", .{place}) catch unreachable;
    var path_buffer: sys.PathBuffer = undefined;
    const resolved = try sys.readlinkat(sys.AT.FDCWD, name, &path_buffer);

    const file = try sys.open("/proc/thread-self/mountinfo", sys.O.RDONLY);
    defer sys.close(file);
    var mounts: mountinfo.Reader = .{ .file = file };
    while (try mounts.next()) |entry| {
        var point_buffer: sys.PathBuffer = undefined;
        const point = mountinfo.unescape(&point_buffer, entry.mount_point) orelse continue;
        const concerned = entry.id == mount_id or (recursive and path.is_below(resolved, point));
        if (!concerned) continue;
        try compare(entry, asked, text);
        if (text.end == 0) continue;
        return text.print(": locked by the mount at {s}", .{point});
    }
}

/// The flags that would differ from the mount's; empty if none.
fn compare(entry: mountinfo.Entry, asked: plan.MountAttributes, text: *Writer) Writer.Error!void {
    const flags = [_]struct { u32, []const u8, []const u8 }{
        .{ attr.RDONLY, "rw", "ro" },
        .{ attr.NOSUID, "suid", "nosuid" },
        .{ attr.NODEV, "dev", "nodev" },
        .{ attr.NOEXEC, "exec", "noexec" },
        .{ attr.NODIRATIME, "diratime", "nodiratime" },
    };
    for (flags) |flag| {
        if (asked.clear & ~asked.set & flag[0] != 0 and entry.has_option(flag[2])) {
            try replaces(text, flag[1], flag[2]);
        }
    }
    // Access times are locked as they are, whether a flag stands for them or not.
    if (asked.set & attr.NODIRATIME != 0 and !entry.has_option("nodiratime")) {
        try replaces(text, "nodiratime", "diratime");
    }
    if (asked.clear & attr.ATIME_MASK != attr.ATIME_MASK) return;
    const wanted = switch (asked.set & attr.ATIME_MASK) {
        attr.NOATIME => "noatime",
        attr.STRICTATIME => "strictatime",
        else => "relatime",
    };
    const present = for ([_][]const u8{ "noatime", "relatime" }) |name| {
        if (entry.has_option(name)) break name;
    } else "strictatime";
    if (!std.mem.eql(u8, wanted, present)) try replaces(text, wanted, present);
}

fn replaces(text: *Writer, wanted: []const u8, present: []const u8) Writer.Error!void {
    try text.print("{s}{s} would replace {s}", .{ if (text.end > 0) ", " else "", wanted, present });
}

test "what differs from a locked mount" {
    const cases = [_]struct { has: []const u8, set: u32 = 0, clear: u32 = 0, said: []const u8 }{
        .{ .has = "ro,nosuid,relatime", .clear = attr.RDONLY, .said = "rw would replace ro" },
        .{
            .has = "ro,nosuid,relatime",
            .clear = attr.RDONLY | attr.NOSUID,
            .said = "rw would replace ro, suid would replace nosuid",
        },
        .{ .has = "rw,nodev,relatime", .clear = attr.RDONLY, .said = "" },
        .{ .has = "rw,relatime", .clear = attr.NODEV | attr.NOEXEC, .said = "" },
        .{ .has = "ro,relatime", .set = attr.RDONLY, .said = "" },
        .{
            .has = "rw,noatime",
            .clear = attr.ATIME_MASK | attr.NODIRATIME,
            .said = "relatime would replace noatime",
        },
        .{ .has = "rw,noatime", .set = attr.NOATIME, .clear = attr.ATIME_MASK | attr.NODIRATIME, .said = "" },
        .{
            .has = "rw",
            .set = attr.NOATIME,
            .clear = attr.ATIME_MASK,
            .said = "noatime would replace strictatime",
        },
        .{
            .has = "rw,relatime",
            .set = attr.NODIRATIME,
            .clear = attr.ATIME_MASK,
            .said = "nodiratime would replace diratime",
        },
        .{
            .has = "rw,nodiratime,relatime",
            .clear = attr.ATIME_MASK | attr.NODIRATIME,
            .said = "diratime would replace nodiratime",
        },
    };
    for (cases) |case| {
        const entry: mountinfo.Entry =
            .{ .id = 1, .root = "/", .mount_point = "/", .options = case.has, .type = "tmpfs" };
        var buffer: [size_max]u8 = undefined;
        var text: Writer = .fixed(&buffer);
        try compare(entry, .{ .set = case.set, .clear = case.clear, .clear_unlocked = 0 }, &text);
        try std.testing.expectEqualStrings(case.said, text.buffered());
    }
}
