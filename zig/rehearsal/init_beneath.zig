//! A rehearsal of bunc-init on top of this machine: everything that it did not make or mount itself comes
//! from the machine, which is only read.

const std = @import("std");
const sys = @import("../sys.zig");
const host_files = @import("host_files.zig");
const host_types = @import("host.zig");
const machine = @import("machine.zig");
const words = @import("words.zig");
const Willing = @import("willing.zig").Willing;
const linux = std.os.linux;

const text = words.text;

/// A directory of this machine, and a path as seen by a process with that root.
const Place = struct { root: []const u8, path: []const u8 };

/// File systems with the same contents wherever they are mounted, and their mount points on this machine.
const same_everywhere = [_][2][]const u8{
    .{ "new proc", "/proc" },             .{ "proc:", "/proc" },               .{ "new sysfs", "/sys" },
    .{ "new cgroup2", "/sys/fs/cgroup" }, .{ "new cgroup", "/sys/fs/cgroup" },
};

/// Null if the willing kernel answers.
pub fn answer(kernel: *Willing, number: linux.SYS, a: [6]usize) ?usize {
    switch (number) {
        .open_tree => {
            const path = kernel.resolve(number, a[0], text(a[1]));
            return if (is_of_host(path) and !exists(kernel, path)) words.failed(.NOENT) else null;
        },
        .statx => {
            if (a[2] & sys.AT.EMPTY_PATH != 0 and text(a[1]).len == 0) _ = kernel.at(number, a[0]);
            const path = if (text(a[1]).len == 0)
                kernel.at(number, a[0]).path
            else
                kernel.resolve(number, a[0], text(a[1]));
            if (is_made(kernel, path)) return null;
            const place = find(kernel, path) orelse return null;
            if (made_by_host(kernel, place) != null) return null;
            const whole = join(kernel, place);
            const flags: u32 = @truncate(a[2] & sys.AT.SYMLINK_NOFOLLOW);
            return if (machine.statx(whole, flags, @ptrFromInt(a[4]))) 0 else words.failed(.NOENT);
        },
        .fstatfs => {
            const place = find(kernel, kernel.at(number, a[0]).path) orelse return null;
            return if (machine.statfs(join(kernel, place), @ptrFromInt(a[1]))) 0 else null;
        },
        .read, .pread64 => {
            const fd = kernel.at(number, a[0]);
            if (fd.kind != .file) return null;
            const place = find(kernel, fd.path) orelse return null;
            const content = machine.content(kernel.arena, join(kernel, place)) orelse
                return words.failed(.INVAL);
            return give(content, &fd.offset, a);
        },
        .getdents64 => {
            const fd = kernel.at(number, a[0]);
            const place = find(kernel, fd.path) orelse return null;
            if (fd.entries == null) fd.entries = machine.entries(kernel.arena, join(kernel, place)) orelse "";
            return give_entries(fd.entries.?, &fd.offset, a);
        },
        .readlinkat => {
            const path = kernel.resolve(number, a[0], text(a[1]));
            if (std.mem.indexOf(u8, path, "/fd/") != null) return null;
            const place = find(kernel, path) orelse return words.failed(.INVAL);
            return machine.readlink(join(kernel, place), words.bytes(a[2], a[3]));
        },
        else => return null,
    }
}

fn give(content: []const u8, offset: *usize, a: [6]usize) usize {
    const rest = content[@min(offset.*, content.len)..];
    const length = @min(rest.len, a[2]);
    @memcpy(words.bytes(a[1], a[2])[0..length], rest[0..length]);
    offset.* += length;
    return length;
}

/// Only complete entries: struct linux_dirent64 has its length after two numbers.
fn give_entries(entries: []const u8, offset: *usize, a: [6]usize) usize {
    const rest = entries[@min(offset.*, entries.len)..];
    var length: usize = 0;
    while (length < rest.len) {
        const size = std.mem.readInt(u16, rest[length + 16 ..][0..2], .little);
        if (length + size > a[2]) break;
        length += size;
    }
    @memcpy(words.bytes(a[1], a[2])[0..length], rest[0..length]);
    offset.* += length;
    return length;
}

pub fn exists(kernel: *const Willing, path: []const u8) bool {
    if (is_made(kernel, path)) return true;
    if (kernel.mounts.has(path)) return true;
    const place = find(kernel, path) orelse {
        // A new devpts contains this much; anything that is not a path exists.
        return path.len == 0 or path[0] != '/' and !std.mem.startsWith(u8, path, "new ") or
            std.mem.endsWith(u8, path, "/pts/ptmx") or std.mem.endsWith(u8, path, "/pts/0");
    };
    if (made_by_host(kernel, place)) |host| return host_files.is_there(host, join(kernel, place));
    return machine.is_in(place.root, place.path);
}

/// The bunc process has made the file.
fn made_by_host(kernel: *const Willing, place: Place) ?*host_types.Host {
    const host = kernel.host orelse return null;
    return if (host_files.is_made(host, join(kernel, place))) host else null;
}

fn is_made(kernel: *const Willing, path: []const u8) bool {
    return kernel.made.contains(path);
}

fn is_of_host(path: []const u8) bool {
    return std.mem.startsWith(u8, path, "host:");
}

/// Its place on this machine; null if there is none.
fn find(kernel: *const Willing, path: []const u8) ?Place {
    return find_below(kernel, path, kernel.mounts.list.items.len);
}

/// `count`: the number of mounts made up to that point.
fn find_below(kernel: *const Willing, path: []const u8, count: usize) ?Place {
    if (is_of_host(path)) return .{ .root = "/", .path = path["host:".len..] };
    for (same_everywhere) |known| {
        if (std.mem.startsWith(u8, path, known[0])) {
            return .{ .root = known[1], .path = path[known[0].len..] };
        }
    }
    if (path.len == 0 or path[0] != '/') return null;
    if (kernel.mounts.at(path, count)) |index| {
        const mount = kernel.mounts.list.items[index];
        const source = find_below(kernel, mount.source, index) orelse return null;
        const whole = std.mem.concat(kernel.arena, u8, &.{ source.path, path[mount.target.len..] }) catch
            @panic("no memory");
        return .{ .root = source.root, .path = whole };
    }
    for (kernel.plan.steps) |step| if (step.op == .bind_root) return .{
        .root = step.op.bind_root.path,
        .path = path,
    };
    return .{ .root = "/", .path = path };
}

fn join(kernel: *const Willing, place: Place) []const u8 {
    const root = std.mem.trimEnd(u8, place.root, "/");
    const path = std.mem.trimStart(u8, place.path, "/");
    if (path.len == 0) return if (root.len == 0) "/" else root;
    return std.mem.concat(kernel.arena, u8, &.{ root, "/", path }) catch @panic("no memory");
}
