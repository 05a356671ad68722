//! Run on the host by the benchmark: the kernel's part of a container with the default configuration, and
//! nothing else. No configuration is read, no state kept, nothing checked but that each call succeeds. What a
//! runtime takes beyond this is its own.

const std = @import("std");
const linux = std.os.linux;

const Mount =
    struct { type: [*:0]const u8, target: [*:0]const u8, flags: u32 = 0, data: ?[*:0]const u8 = null };

const nosuid = linux.MS.NOSUID;
const noexec = linux.MS.NOEXEC;
const nodev = linux.MS.NODEV;
const quiet = nosuid | noexec | nodev;
const devpts_data = "newinstance,ptmxmode=0666,mode=0620,gid=5";

const mounts = [_]Mount{
    .{ .type = "proc", .target = "proc" },
    .{
        .type = "tmpfs",
        .target = "dev",
        .flags = nosuid | linux.MS.STRICTATIME,
        .data = "mode=755,size=65536k",
    },
    .{ .type = "devpts", .target = "dev/pts", .flags = nosuid | noexec, .data = devpts_data },
    .{ .type = "tmpfs", .target = "dev/shm", .flags = quiet, .data = "mode=1777,size=65536k" },
    .{ .type = "mqueue", .target = "dev/mqueue", .flags = quiet },
    .{ .type = "sysfs", .target = "sys", .flags = quiet | linux.MS.RDONLY },
    .{ .type = "cgroup2", .target = "sys/fs/cgroup", .flags = quiet | linux.MS.RDONLY | linux.MS.RELATIME },
};

const Device = struct { path: [*:0]const u8, major: u32, minor: u32 };

const devices = [_]Device{
    .{ .path = "dev/null", .major = 1, .minor = 3 },
    .{ .path = "dev/zero", .major = 1, .minor = 5 },
    .{ .path = "dev/full", .major = 1, .minor = 7 },
    .{ .path = "dev/random", .major = 1, .minor = 8 },
    .{ .path = "dev/urandom", .major = 1, .minor = 9 },
    .{ .path = "dev/tty", .major = 5, .minor = 0 },
};

const links = [_][2][*:0]const u8{
    .{ "/proc/self/fd", "dev/fd" },
    .{ "/proc/self/fd/0", "dev/stdin" },
    .{ "/proc/self/fd/1", "dev/stdout" },
    .{ "/proc/self/fd/2", "dev/stderr" },
    .{ "pts/ptmx", "dev/ptmx" },
};

const masked_files = [_][*:0]const u8{ "/proc/kcore", "/proc/keys", "/proc/timer_list" };
const masked_directories = [_][*:0]const u8{ "/proc/acpi", "/proc/scsi", "/sys/firmware" };
const readonly_paths = [_][*:0]const u8{
    "/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger",
};

fn must(rc: usize, name: []const u8) usize {
    if (linux.errno(rc) == .SUCCESS) return rc;
    _ = linux.write(2, name.ptr, name.len);
    _ = linux.write(2, ": failed\n", 9);
    linux.exit_group(1);
}

/// Masked and read-only paths that this kernel does not have are left out, as a runtime does.
fn unless_missing(rc: usize, name: []const u8) bool {
    if (linux.errno(rc) == .NOENT) return false;
    _ = must(rc, name);
    return true;
}

/// `floor:CGROUP,ROOTFS`: a cgroup at CGROUP and a container in ROOTFS whose process is `/probe exit:0`, to
/// its end.
pub fn run(argument: [:0]const u8) void {
    const comma = std.mem.indexOfScalar(u8, argument, ',') orelse return;
    var cgroup: [4096:0]u8 = @splat(0);
    @memcpy(cgroup[0..comma], argument[0..comma]);
    const rootfs = argument[comma + 1 ..];

    _ = must(linux.mkdir(&cgroup, 0o755), "mkdir");
    var gate: [2]i32 = undefined;
    _ = must(linux.pipe2(&gate, .{ .CLOEXEC = true }), "pipe2");
    const namespaces =
        linux.CLONE.NEWNS | linux.CLONE.NEWPID | linux.CLONE.NEWUTS | linux.CLONE.NEWIPC | linux.CLONE.NEWNET;
    const signal_child = 17;
    const pid = must(linux.syscall5(.clone, namespaces | signal_child, 0, 0, 0, 0), "clone");
    if (pid == 0) container(gate[0], rootfs);
    enter(cgroup[0..comma], pid);
    _ = must(linux.write(gate[1], "x", 1), "write");
    var status: u32 = 0;
    _ = must(linux.wait4(@intCast(pid), &status, 0, null), "wait4");
    _ = must(linux.rmdir(&cgroup), "rmdir");
    if (status != 0) linux.exit_group(1);
}

fn enter(cgroup: []const u8, pid: usize) void {
    var path: [4096]u8 = undefined;
    const procs = std.fmt.bufPrintZ(&path, "{s}/cgroup.procs", .{cgroup}) catch unreachable;
    const fd: i32 = @intCast(must(linux.open(procs, .{ .ACCMODE = .WRONLY, .CLOEXEC = true }, 0), "open"));
    var digits: [24]u8 = undefined;
    const text = std.fmt.bufPrint(&digits, "{d}", .{pid}) catch unreachable;
    _ = must(linux.write(fd, text.ptr, text.len), "write");
    _ = linux.close(fd);
}

fn container(gate: i32, rootfs: [:0]const u8) noreturn {
    var byte: [1]u8 = undefined;
    _ = must(linux.read(gate, &byte, 1), "read");
    _ = must(linux.setsid(), "setsid");
    make_root(rootfs);
    make_devices();
    _ = must(linux.syscall2(.pivot_root, @intFromPtr("."), @intFromPtr(".")), "pivot_root");
    _ = must(linux.umount2(".", linux.MNT.DETACH), "umount2");
    _ = must(linux.chdir("/"), "chdir");
    _ = must(linux.syscall2(.sethostname, @intFromPtr("container"), "container".len), "sethostname");
    hide();
    _ = must(linux.mount("", "/", null, linux.MS.REMOUNT | linux.MS.BIND | linux.MS.RDONLY, 0), "mount");
    drop_privileges();
    const arguments = [_:null]?[*:0]const u8{ "/probe", "exit:0" };
    const environment = [_:null]?[*:0]const u8{"PATH=/bin"};
    _ = must(linux.execve("/probe", &arguments, &environment), "execve");
    unreachable;
}

fn make_root(rootfs: [:0]const u8) void {
    _ = must(linux.mount("", "/", null, linux.MS.REC | linux.MS.SLAVE, 0), "mount");
    _ = must(linux.mount(rootfs, rootfs, null, linux.MS.BIND | linux.MS.REC, 0), "mount");
    _ = must(linux.chdir(rootfs), "chdir");
    for (mounts) |entry| {
        // Those of a second run are there.
        _ = linux.mkdir(entry.target, 0o755);
        _ = must(
            linux.mount("none", entry.target, entry.type, entry.flags, @intFromPtr(entry.data)),
            "mount",
        );
    }
}

fn make_devices() void {
    for (devices) |device| {
        const number: u32 = device.major << 8 | device.minor;
        _ = must(linux.mknod(device.path, linux.S.IFCHR | 0o666, number), "mknod");
        _ = must(linux.chmod(device.path, 0o666), "chmod");
    }
    for (links) |link| _ = must(linux.symlink(link[0], link[1]), "symlink");
}

fn hide() void {
    for (masked_files) |path| {
        _ = unless_missing(linux.mount("/dev/null", path, null, linux.MS.BIND, 0), "mount");
    }
    for (masked_directories) |path| {
        _ = unless_missing(linux.mount("tmpfs", path, "tmpfs", linux.MS.RDONLY, 0), "mount");
    }
    for (readonly_paths) |path| {
        if (!unless_missing(linux.mount(path, path, null, linux.MS.BIND | linux.MS.REC, 0), "mount")) {
            continue;
        }
        const flags = linux.MS.REMOUNT | linux.MS.BIND | linux.MS.RDONLY;
        // A file system of its own (binfmt_misc) may have flags that are locked or that the remount has to
        // keep.
        const plain = linux.mount("", path, null, flags | quiet, 0);
        _ = must(plain, "mount");
    }
}

fn drop_privileges() void {
    const limit: linux.rlimit = .{ .cur = 1024, .max = 1024 };
    _ = must(linux.prlimit(0, .NOFILE, &limit, null), "prlimit");
    // CAP_KILL, CAP_NET_BIND_SERVICE, CAP_AUDIT_WRITE
    const kept: u64 = 1 << 5 | 1 << 10 | 1 << 29;
    for (0..64) |capability| {
        if (kept >> @intCast(capability) & 1 == 1) continue;
        const dropped = linux.prctl(@intFromEnum(linux.PR.CAPBSET_DROP), capability, 0, 0, 0);
        // Past the last that the kernel knows.
        if (linux.errno(dropped) == .INVAL) break;
        _ = must(dropped, "prctl");
    }
    const half: u32 = @truncate(kept);
    var header: linux.cap_user_header_t = .{ .version = 0x20080522, .pid = 0 };
    var sets = [_]linux.cap_user_data_t{
        .{ .effective = half, .permitted = half, .inheritable = 0 },
        .{ .effective = 0, .permitted = 0, .inheritable = 0 },
    };
    _ = must(linux.capset(&header, &sets[0]), "capset");
    _ = must(linux.prctl(@intFromEnum(linux.PR.SET_NO_NEW_PRIVS), 1, 0, 0, 0), "prctl");
}
