//! Second stage without systemd, pid 1 on the root file system: what a host offers before its first command
//! runs.
const std = @import("std");
const linux = std.os.linux;
const system = @import("system.zig");

const MS = linux.MS;
const hidden = MS.NOSUID | MS.NODEV | MS.NOEXEC;

/// Parent of the cgroups of the commands that the agent runs.
pub const command_cgroup = "/sys/fs/cgroup/commands";

const Mount = struct {
    target: [*:0]const u8,
    fstype: [*:0]const u8,
    flags: u32,
    data: ?[*:0]const u8 = null,
};

const mounts = [_]Mount{
    .{
        .target = "/dev/pts",
        .fstype = "devpts",
        .flags = MS.NOSUID | MS.NOEXEC,
        .data = "gid=5,mode=620,ptmxmode=666",
    },
    .{ .target = "/dev/shm", .fstype = "tmpfs", .flags = MS.NOSUID | MS.NODEV, .data = "mode=1777" },
    .{ .target = "/dev/mqueue", .fstype = "mqueue", .flags = hidden },
    .{ .target = "/dev/hugepages", .fstype = "hugetlbfs", .flags = MS.NOSUID | MS.NODEV },
    .{ .target = "/tmp", .fstype = "tmpfs", .flags = MS.NOSUID | MS.NODEV, .data = "mode=1777" },
    .{
        .target = "/sys/fs/cgroup",
        .fstype = "cgroup2",
        .flags = hidden,
        .data = "nsdelegate,memory_recursiveprot",
    },
    .{ .target = "/sys/fs/bpf", .fstype = "bpf", .flags = hidden, .data = "mode=700" },
    .{ .target = "/sys/kernel/security", .fstype = "securityfs", .flags = hidden },
    .{ .target = "/sys/kernel/debug", .fstype = "debugfs", .flags = hidden },
    .{ .target = "/sys/kernel/tracing", .fstype = "tracefs", .flags = hidden },
};

pub fn prepare() void {
    for (mounts) |entry| {
        // Mount points in sysfs are the kernel's own and there already.
        if (!std.mem.startsWith(u8, std.mem.span(entry.target), "/sys/")) system.directory(entry.target);
        system.mount(entry.fstype, entry.target, entry.fstype, entry.flags, entry.data);
    }
    const links = [_][2][*:0]const u8{
        .{ "/proc/self/fd", "/dev/fd" },
        .{ "/proc/self/fd/0", "/dev/stdin" },
        .{ "/proc/self/fd/1", "/dev/stdout" },
        .{ "/proc/self/fd/2", "/dev/stderr" },
    };
    for (links) |link| _ = linux.symlink(link[0], link[1]);
    // Shared propagation is what systemd hosts have, and the harder case for a container runtime.
    system.mount("none", "/", null, MS.SHARED | MS.REC, null);
    _ = linux.syscall2(.sethostname, @intFromPtr("guest"), "guest".len);
    system.enableControllers("/sys/fs/cgroup");
    system.directory(command_cgroup);
}
