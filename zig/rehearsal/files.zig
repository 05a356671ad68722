//! The files of a rehearsal, by name: kind, file system, contents.

const std = @import("std");
const sys = @import("../sys.zig");
const willing = @import("willing.zig");
const linux = std.os.linux;
const S = sys.S;

const plain = [_][]const u8{
    "program",      "/kcore",       "/keys",          "/latency_stats", "/timer_list",
    "/timer_stats", "/sched_debug", "/sysrq-trigger", "/cpuinfo",       "/etc/passwd",
};

pub fn describe(file: willing.Descriptor, stat: *linux.Statx, plan_size: usize) void {
    stat.* = std.mem.zeroes(linux.Statx);
    stat.ino = std.hash.Wyhash.hash(0, file.path) | 4;
    stat.mnt_id = 7;
    stat.size = plan_size;
    stat.mode = S.IFDIR | 0o755;
    if (file.kind == .stdio) stat.mode = S.IFIFO | 0o600;
    for (plain) |name| if (std.mem.endsWith(u8, file.path, name)) {
        stat.mode = S.IFREG | 0o755;
    };
    for ([_][]const u8{ "proc:", "host:/proc", "/proc" }) |name| if (std.mem.eql(u8, file.path, name)) {
        stat.ino = 1;
    };
    const devices = [_]struct { []const u8, u32, u32 }{
        .{ "/dev/null", 1, 3 },     .{ "/dev/zero", 1, 5 },    .{ "/dev/full", 1, 7 },
        .{ "/dev/random", 1, 8 },   .{ "/dev/urandom", 1, 9 }, .{ "/dev/tty", 5, 0 },
        .{ "/dev/pts/ptmx", 5, 2 }, .{ "/dev/fuse", 10, 229 }, .{ "/dev/console", 5, 1 },
        .{ "/dev/pts/0", 136, 0 },
    };
    for (devices) |device| if (std.mem.endsWith(u8, file.path, device[0])) {
        stat.mode = S.IFCHR | 0o666;
        stat.rdev_major = device[1];
        stat.rdev_minor = device[2];
    };
    if (std.mem.eql(u8, file.path, "/dev/pts/ptmx")) stat.ino = 2;
}

/// struct statfs: type first, flags last but four.
pub fn describe_system(file: *const willing.Descriptor, raw: *[15]u64) void {
    raw.* = @splat(0);
    const path = file.path;
    raw[0] = if (file.kind == .stdio)
        sys.fs_magic.pipefs
    else if (std.mem.startsWith(u8, path, "/dev/pts"))
        sys.fs_magic.devpts
    else if (std.mem.startsWith(u8, path, "/proc") or std.mem.startsWith(u8, path, "host:/proc"))
        sys.fs_magic.proc
    else
        sys.fs_magic.tmpfs;
}

/// The result of one read(2); the next one returns the end of file.
pub fn content(kernel: *const willing.Willing, path: []const u8) []const u8 {
    if (std.mem.endsWith(u8, path, "/mountinfo")) {
        return
        \\28 1 0:20 / /proc rw,nosuid - proc proc rw
        \\29 1 0:21 / /sys rw - sysfs sysfs rw
        \\30 1 0:22 / / rw - ext4 /dev/sda rw
        \\
        ;
    }
    if (std.mem.endsWith(u8, path, "/passwd")) return "root:x:0:0:root:/root:/bin/sh\n";
    if (std.mem.endsWith(u8, path, "/stat")) {
        const text = "42 (bunc-init) S 7 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 {d} 4096 20\n";
        return std.fmt.allocPrint(
            kernel.arena,
            text,
            .{if (kernel.plan.namespaces.join_process) |it| it.start_time.value else 1},
        ) catch @panic("no memory");
    }
    return "";
}
