//! A rehearsed host on top of this machine: everything that the bunc process did not make itself comes from
//! the machine, which is only read.

const std = @import("std");
const sys = @import("../sys.zig");
const files = @import("host_files.zig");
const host_types = @import("host.zig");
const machine = @import("machine.zig");
const words = @import("words.zig");
const linux = std.os.linux;
const Host = host_types.Host;

const text = words.text;

/// Null if the rehearsed host answers.
pub fn answer(host: *Host, number: linux.SYS, a: [6]usize) ?usize {
    switch (number) {
        .openat => return open(host, number, a[0], text(a[1]), a[2], 0),
        .openat2 => {
            const how: *const [3]u64 = @ptrFromInt(a[2]);
            return open(host, number, a[0], text(a[1]), how[0], how[2]);
        },
        .read, .pread64, .lseek, .getdents64, .fstatfs => return ask(host, number, a),
        .ioctl => {
            const is_question = a[1] == linux.T.CGETS or a[1] == linux.T.IOCGWINSZ;
            return if (is_question) ask(host, number, a) else null;
        },
        .statx => {
            if (text(a[1]).len == 0) return ask(host, number, a);
            const path = files.resolve(host, number, a[0], text(a[1]));
            if (files.is_made(host, path)) return null;
            const out: *linux.Statx = @ptrFromInt(a[4]);
            return if (machine.statx(path, @truncate(a[2]), out)) 0 else words.failed(.NOENT);
        },
        .readlinkat => {
            const own_descriptors = "/proc/self/fd/";
            var path = text(a[1]);
            if (std.mem.startsWith(u8, path, own_descriptors)) {
                const fd = std.fmt.parseInt(usize, path[own_descriptors.len..], 10) catch return null;
                const found = host.at(number, fd);
                if (found.kind != .machine) return null;
                path = host.print("{s}{d}", .{ own_descriptors, found.machine });
            } else {
                path = files.resolve(host, number, a[0], path);
                if (files.is_made(host, path)) return null;
            }
            return machine.readlink(path, words.bytes(a[2], a[3]));
        },
        .fchownat, .fchmodat => return 0,
        .getpid, .geteuid, .getegid, .uname, .sched_getaffinity => return machine.ask(number, a),
        .prlimit64 => {
            // A new process has the limits of this one.
            if (a[2] != 0) return null;
            return machine.ask(number, .{ 0, a[1], 0, a[3], 0, 0 });
        },
        .close => {
            const fd = host.at(number, a[0]);
            if (fd.kind == .machine and fd.is_ours and host.current == null) machine.close(fd.machine);
            return null;
        },
        else => return null,
    }
}

fn ask(host: *Host, number: linux.SYS, a: [6]usize) ?usize {
    const fd = host.at(number, a[0]);
    if (fd.kind != .machine) return null;
    return machine.ask(number, .{ fd.machine, a[1], a[2], a[3], a[4], a[5] });
}

fn open(host: *Host, number: linux.SYS, dir: usize, given: []const u8, flags: usize, resolve: u64) ?usize {
    const path = files.resolve(host, number, dir, given);
    if (files.is_made(host, path)) return null;
    const from = if (words.signed(dir) == sys.AT.FDCWD) null else host.at(number, dir);
    const opened = if (from != null and from.?.kind == .machine)
        machine.open(from.?.machine, given, flags, resolve)
    else
        machine.open(words.usize_of(sys.AT.FDCWD), path, flags, 0);
    if (words.is_failure(opened)) {
        return if (opened == words.failed(.NOENT) and flags & sys.O.CREAT != 0) null else opened;
    }
    if (flags & sys.O.EXCL != 0 and flags & sys.O.CREAT != 0) {
        machine.close(opened);
        return words.failed(.EXIST);
    }
    if (flags & 3 != 0) {
        // Writes stay in the rehearsal.
        machine.close(opened);
        return host.open(3, .{ .kind = .file, .path = path, .cloexec = flags & sys.O.CLOEXEC != 0 });
    }
    return host.open(
        3,
        .{
            .kind = .machine,
            .machine = opened,
            .is_ours = true,
            .path = path,
            .cloexec = flags & sys.O.CLOEXEC != 0,
        },
    );
}
