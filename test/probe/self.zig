//! What a process can see of itself by system calls alone, so that a container without /proc reports too.

const std = @import("std");
const linux = std.os.linux;
const json = @import("json.zig");

pub const Start = struct {
    arguments: []const [*:0]const u8,
    environment: [*:null]const ?[*:0]const u8,
};

pub fn report(start: Start) void {
    identity(start);
    names();
    capabilities();
    limits();
    scheduling();
    signals();
    terminal();
    descriptors();
    loopback();
    keyring();
}

fn identity(start: Start) void {
    json.field("pid", linux.getpid());
    json.field("ppid", linux.getppid());
    json.field("pgid", @as(i32, @intCast(linux.syscall1(.getpgid, 0))));
    json.field("sid", @as(i32, @intCast(linux.syscall1(.getsid, 0))));

    var ids: [3]u32 = undefined;
    _ = linux.syscall3(.getresuid, @intFromPtr(&ids[0]), @intFromPtr(&ids[1]), @intFromPtr(&ids[2]));
    numbers("uids", &ids);
    _ = linux.syscall3(.getresgid, @intFromPtr(&ids[0]), @intFromPtr(&ids[1]), @intFromPtr(&ids[2]));
    numbers("gids", &ids);
    var groups: [1024]u32 = undefined;
    const group_count = linux.syscall2(.getgroups, groups.len, @intFromPtr(&groups));
    numbers("groups", groups[0..group_count]);

    var cwd: [4096]u8 = undefined;
    const cwd_length = linux.getcwd(&cwd, cwd.len);
    json.field(
        "cwd",
        if (linux.errno(cwd_length) == .SUCCESS) cwd[0 .. cwd_length - 1] else json.errno_name(cwd_length),
    );
    const umask = linux.syscall1(.umask, 0);
    _ = linux.syscall1(.umask, umask);
    json.field("umask", @as(u32, @intCast(umask)));

    json.key("args");
    json.begin_array();
    for (start.arguments) |argument| json.string(std.mem.span(argument));
    json.end_array();
    json.key("env");
    json.begin_array();
    var index: usize = 0;
    while (start.environment[index]) |entry| : (index += 1) json.string(std.mem.span(entry));
    json.end_array();
}

fn numbers(name: []const u8, values: []const u32) void {
    json.key(name);
    json.begin_array();
    for (values) |value| json.number(value);
    json.end_array();
}

fn names() void {
    var uts: linux.utsname = undefined;
    _ = linux.uname(&uts);
    json.field("hostname", std.mem.sliceTo(&uts.nodename, 0));
    json.field("domainname", std.mem.sliceTo(&uts.domainname, 0));
    json.field("machine", std.mem.sliceTo(&uts.machine, 0));
}

fn prctl(option: usize, argument: usize) usize {
    return linux.syscall5(.prctl, option, argument, 0, 0, 0);
}

fn capabilities() void {
    const Header = extern struct { version: u32, pid: i32 };
    const Data = extern struct { effective: u32, permitted: u32, inheritable: u32 };
    const capability_version_3 = 0x20080522;
    var header: Header = .{ .version = capability_version_3, .pid = 0 };
    var data: [2]Data = undefined;
    _ = linux.syscall2(.capget, @intFromPtr(&header), @intFromPtr(&data));

    json.key("capabilities");
    json.begin_object();
    inline for (.{ "effective", "permitted", "inheritable" }) |set| {
        capability_set(set, @field(data[0], set) | @as(u64, @field(data[1], set)) << 32);
    }
    const get_bounding = 23;
    const get_ambient = 47;
    const ambient_is_set = 1;
    var bounding: u64 = 0;
    var ambient: u64 = 0;
    for (0..64) |capability| {
        if (prctl(get_bounding, capability) == 1) bounding |= @as(u64, 1) << @intCast(capability);
        const in_ambient = linux.syscall5(.prctl, get_ambient, ambient_is_set, capability, 0, 0);
        if (in_ambient == 1) ambient |= @as(u64, 1) << @intCast(capability);
    }
    capability_set("bounding", bounding);
    capability_set("ambient", ambient);
    json.end_object();

    json.field("noNewPrivileges", prctl(39, 0) == 1);
    json.field("dumpable", @as(u32, @intCast(prctl(3, 0))));
    json.field("seccomp", @as(u32, @truncate(prctl(21, 0))));
    json.field("securebits", @as(u32, @truncate(prctl(27, 0))));
    var value: u32 = 0;
    _ = prctl(2, @intFromPtr(&value));
    json.field("parentDeathSignal", value);
    _ = prctl(37, @intFromPtr(&value));
    json.field("childSubreaper", value == 1);
    json.field("timerSlackNs", @as(u32, @truncate(prctl(30, 0))));
}

/// As the numbers of the capabilities in the set.
fn capability_set(name: []const u8, mask: u64) void {
    json.key(name);
    json.begin_array();
    for (0..64) |capability| {
        if (mask >> @intCast(capability) & 1 == 1) json.number(capability);
    }
    json.end_array();
}

fn limits() void {
    const limit_names = [_][]const u8{
        "CPU",   "FSIZE",      "DATA",     "STACK", "CORE",   "RSS",    "NPROC", "NOFILE", "MEMLOCK", "AS",
        "LOCKS", "SIGPENDING", "MSGQUEUE", "NICE",  "RTPRIO", "RTTIME",
    };
    json.key("rlimits");
    json.begin_object();
    for (limit_names, 0..) |name, resource| {
        var limit: [2]u64 = .{ 0, 0 };
        _ = linux.syscall4(.prlimit64, 0, resource, 0, @intFromPtr(&limit));
        json.key(name);
        json.begin_object();
        json.key("soft");
        json.big(limit[0]);
        json.key("hard");
        json.big(limit[1]);
        json.end_object();
    }
    json.end_object();
}

fn scheduling() void {
    const Attributes = extern struct {
        size: u32,
        policy: u32,
        flags: u64,
        nice: i32,
        priority: u32,
        runtime: u64,
        deadline: u64,
        period: u64,
        util_min: u32,
        util_max: u32,
    };
    var attributes: Attributes = std.mem.zeroes(Attributes);
    _ = linux.syscall4(.sched_getattr, 0, @intFromPtr(&attributes), @sizeOf(Attributes), 0);
    json.key("scheduler");
    json.begin_object();
    json.field("policy", attributes.policy);
    json.field("flags", attributes.flags);
    json.field("nice", attributes.nice);
    json.field("priority", attributes.priority);
    json.field("runtime", attributes.runtime);
    json.field("deadline", attributes.deadline);
    json.field("period", attributes.period);
    json.end_object();

    const who_process = 1;
    const priority = linux.syscall2(.ioprio_get, who_process, 0);
    json.field("ioPriorityClass", @as(u32, @truncate(priority >> 13)));
    json.field("ioPriority", @as(u32, @truncate(priority & 0x1fff)));

    var mask: [128]u64 = @splat(0);
    _ = linux.syscall3(.sched_getaffinity, 0, @sizeOf(@TypeOf(mask)), @intFromPtr(&mask));
    json.key("affinity");
    json.begin_array();
    for (0..mask.len * 64) |cpu| {
        if (mask[cpu / 64] >> @intCast(cpu % 64) & 1 == 1) json.number(cpu);
    }
    json.end_array();

    json.field("personality", @as(u32, @truncate(linux.syscall1(.personality, 0xffffffff))));
    var mode: u32 = 0;
    const policy = linux.syscall5(.get_mempolicy, @intFromPtr(&mode), 0, 0, 0, 0);
    json.field("memoryPolicy", if (linux.errno(policy) == .SUCCESS) mode else 0);
}

fn signals() void {
    var mask: u64 = 0;
    const mask_size = 8;
    _ = linux.syscall4(.rt_sigprocmask, 0, 0, @intFromPtr(&mask), mask_size);
    json.key("blockedSignals");
    json.begin_array();
    for (0..64) |bit| {
        if (mask >> @intCast(bit) & 1 == 1) json.number(bit + 1);
    }
    json.end_array();
    json.key("ignoredSignals");
    json.begin_array();
    const ignore = 1;
    for (1..65) |signal| {
        var action: [4]u64 = @splat(0);
        _ = linux.syscall4(.rt_sigaction, signal, 0, @intFromPtr(&action), mask_size);
        if (action[0] == ignore) json.number(signal);
    }
    json.end_array();
}

fn terminal() void {
    json.key("terminal");
    json.begin_array();
    for (0..3) |fd| {
        var size: [4]u16 = @splat(0);
        const rc = linux.ioctl(@intCast(fd), linux.T.IOCGWINSZ, @intFromPtr(&size));
        json.begin_object();
        json.field("isTerminal", linux.errno(rc) == .SUCCESS);
        if (linux.errno(rc) == .SUCCESS) {
            json.field("rows", size[0]);
            json.field("columns", size[1]);
            var group: i32 = 0;
            const has_group = linux.ioctl(@intCast(fd), linux.T.IOCGPGRP, @intFromPtr(&group));
            json.field("controlling", linux.errno(has_group) == .SUCCESS);
            json.field("foreground", group == @as(i32, @intCast(linux.syscall1(.getpgid, 0))));
        }
        json.end_object();
    }
    json.end_array();
}

fn descriptors() void {
    json.key("fds");
    json.begin_array();
    var fd: i32 = 0;
    while (fd < 1024) : (fd += 1) {
        const flags = linux.fcntl(fd, linux.F.GETFD, 0);
        if (linux.errno(flags) != .SUCCESS) continue;
        json.begin_object();
        json.field("fd", fd);
        json.field("closeOnExec", flags & 1 == 1);
        json.field("statusFlags", @as(u32, @truncate(linux.fcntl(fd, linux.F.GETFL, 0))));
        var path: [32]u8 = undefined;
        const link = std.fmt.bufPrintZ(&path, "/proc/self/fd/{d}", .{fd}) catch unreachable;
        var target: [4096]u8 = undefined;
        const length = linux.readlinkat(linux.AT.FDCWD, link, &target, target.len);
        json.field(
            "target",
            if (linux.errno(length) == .SUCCESS) target[0..length] else json.errno_name(length),
        );
        json.end_object();
    }
    json.end_array();
}

fn loopback() void {
    const fd = linux.socket(linux.AF.INET, linux.SOCK.DGRAM | linux.SOCK.CLOEXEC, 0);
    json.key("loopback");
    json.begin_object();
    if (linux.errno(fd) == .SUCCESS) {
        const Request = extern struct { name: [16]u8, flags: u16, padding: [22]u8 };
        var request: Request = std.mem.zeroes(Request);
        @memcpy(request.name[0..2], "lo");
        const get_flags = 0x8913;
        const rc = linux.ioctl(@intCast(fd), get_flags, @intFromPtr(&request));
        json.outcome(rc);
        json.field("up", request.flags & 1 == 1);
        _ = linux.close(@intCast(fd));
    } else json.outcome(fd);
    json.end_object();
}

fn keyring() void {
    const get_id = 0;
    const describe = 6;
    const session: usize = @bitCast(@as(isize, -3));
    json.key("sessionKeyring");
    json.begin_object();
    const id = linux.syscall3(.keyctl, get_id, session, 0);
    json.outcome(id);
    if (linux.errno(id) == .SUCCESS) {
        json.field("id", @as(u32, @truncate(id)));
        var description: [256]u8 = undefined;
        const length = linux.syscall4(.keyctl, describe, id, @intFromPtr(&description), description.len);
        if (linux.errno(length) == .SUCCESS) {
            json.field("description", description[0 .. @min(length, description.len) - 1]);
        }
    }
    json.end_object();
}
