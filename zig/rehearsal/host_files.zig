//! The files of a rehearsed host, as system calls see them: those of the tree, and those that a kernel
//! generates (procfs, cgroups).

const std = @import("std");
const sys = @import("../sys.zig");
const tree_types = @import("tree.zig");
const host_types = @import("host.zig");
const children = @import("children.zig");
const machine = @import("machine.zig");
const words = @import("words.zig");
const linux = std.os.linux;
const Descriptor = host_types.Descriptor;
const Host = host_types.Host;
const Tree = tree_types.Tree;
const S = sys.S;

const failed = words.failed;
const signed = words.signed;
const text = words.text;

/// The absolute path of `path`, relative to descriptor `dir`.
pub fn resolve(host: *Host, number: linux.SYS, dir: usize, path: []const u8) []const u8 {
    const own_descriptors = "/proc/self/fd/";
    if (std.mem.startsWith(u8, path, own_descriptors)) {
        const rest = path[own_descriptors.len..];
        const end = std.mem.indexOfScalar(u8, rest, '/') orelse rest.len;
        const fd = std.fmt.parseInt(usize, rest[0..end], 10) catch return path;
        return join(host, host.at(number, fd).path, rest[end..]);
    }
    if (path.len > 0 and path[0] == '/') return host.print("{s}", .{path});
    const from = if (signed(dir) == sys.AT.FDCWD) host.directory else host.at(number, dir).path;
    return join(host, from, path);
}

fn join(host: *Host, from: []const u8, below: []const u8) []const u8 {
    const name = std.mem.trim(u8, below, "/");
    if (name.len == 0 or std.mem.eql(u8, name, ".")) return from;
    if (std.mem.eql(u8, name, "..")) return std.fs.path.dirnamePosix(from) orelse "/";
    return host.print("{s}/{s}", .{ std.mem.trimEnd(u8, from, "/"), name });
}

pub fn is_there(host: *Host, path: []const u8) bool {
    if (host.tree.find(path) != null or made_up(host, path) != null) return true;
    return host.on_machine and !is_made(host, path) and machine.is_there(path);
}

/// The file, or one of its parent directories, was made in the rehearsal.
pub fn is_made(host: *Host, path: []const u8) bool {
    if (made_up(host, path) != null) return true;
    var end = path.len;
    while (end > 0) {
        if (host.tree.find(path[0..end]) != null) return true;
        end = std.mem.lastIndexOfScalar(u8, path[0..end], '/') orelse 0;
    }
    return false;
}

/// A file that the kernel generates: of a process, or of a cgroup.
pub fn is_of_kernel(host: *Host, path: []const u8) bool {
    return std.mem.startsWith(u8, path, "/proc/") or
        is_cgroup(host, std.fs.path.dirnamePosix(path) orelse "/");
}

fn is_cgroup(host: *Host, directory: []const u8) bool {
    const magic = host.tree.magic_of(directory);
    if (magic != sys.fs_magic.cgroup and magic != sys.fs_magic.cgroup2) return false;
    const node = host.tree.find(directory) orelse return false;
    return node.is_directory;
}

const cgroup_texts = [_]struct { []const u8, []const u8 }{
    .{ "cgroup.controllers", "cpu memory pids\n" }, .{ "cgroup.subtree_control", "" },
    .{ "cgroup.type", "domain\n" },                 .{ "cgroup.freeze", "0\n" },
    .{ "freezer.self_freezing", "0\n" },            .{ "freezer.state", "THAWED\n" },
};

/// The contents of a generated file; null if the kernel generates none of this name.
fn made_up(host: *Host, path: []const u8) ?[]const u8 {
    const name = std.fs.path.basenamePosix(path);
    const directory = std.fs.path.dirnamePosix(path) orelse return null;
    if (is_cgroup(host, directory)) return cgroup_text(host, directory, name);
    if (!std.mem.startsWith(u8, path, "/proc/")) return null;
    var parts = std.mem.splitScalar(u8, path["/proc/".len..], '/');
    const pid = std.fmt.parseInt(i32, parts.first(), 10) catch return null;
    const process = host.children.find(pid) orelse return null;
    if (std.mem.eql(u8, name, "cgroup")) return process_cgroups(host, process);
    if (!std.mem.eql(u8, name, "stat")) return "";
    return host.print("{d} (bunc-init) {s} 7 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 {d} {d} 20\n", .{
        pid,
        if (process.state == .running) "S" else "Z",
        pid * 10,
        @as(u32, if (process.state == .running) 4096 else 0),
    });
}

/// proc_pid_cgroup(5), of cgroup v2.
fn process_cgroups(host: *Host, process: *const children.Process) []const u8 {
    for (process.cgroups.items) |path| {
        const mount = "/sys/fs/cgroup";
        if (std.mem.startsWith(u8, path, mount)) return host.print("0::{s}\n", .{path[mount.len..]});
    }
    return "";
}

fn cgroup_text(host: *Host, directory: []const u8, name: []const u8) ?[]const u8 {
    const is_list = std.mem.eql(u8, name, "tasks");
    if (is_list or std.mem.eql(u8, name, "cgroup.procs")) return host.children.pids_in(directory);
    if (std.mem.eql(u8, name, "cgroup.events")) {
        return host.print(
            "populated {d}\nfrozen 0\n",
            .{@intFromBool(host.children.is_populated(directory))},
        );
    }
    if (host.on_machine) if (text_above(host, directory, name)) |above| return above;
    for (cgroup_texts) |known| if (std.mem.eql(u8, name, known[0])) return known[1];
    // For the hierarchy's root; that of a new cgroup is empty.
    if (std.mem.startsWith(u8, name, "cpuset.")) {
        return if (std.mem.endsWith(u8, directory, "/cpuset")) "0-1\n" else "";
    }
    const dot = std.mem.indexOfScalar(u8, name, '.') orelse return null;
    for (controllers) |controller| if (std.mem.eql(u8, name[0..dot], controller)) return "";
    return null;
}

/// The prefixes of a cgroup's file names.
const controllers = [_][]const u8{
    "cgroup", "cpu",     "cpuset", "memory",  "io",      "blkio",   "pids",     "hugetlb", "rdma",
    "misc",   "devices", "dmem",   "freezer", "cpuacct", "net_cls", "net_prio",
};

/// The contents of the file in the nearest ancestor cgroup that existed before.
fn text_above(host: *Host, directory: []const u8, name: []const u8) ?[]const u8 {
    const is_inherited = std.mem.eql(u8, name, "cgroup.controllers") or
        std.mem.startsWith(u8, name, "cpuset.");
    if (!is_inherited) return null;
    var above = directory;
    while (host.tree.find(above) != null) above = std.fs.path.dirnamePosix(above) orelse return null;
    return machine.content(host.arena, host.print("{s}/{s}", .{ above, name }));
}

pub fn open(host: *Host, number: linux.SYS, dir: usize, given: []const u8, flags: usize) usize {
    const path = resolve(host, number, dir, given);
    const cloexec = flags & sys.O.CLOEXEC != 0;
    if (host.tree.find(path)) |node| {
        if (flags & sys.O.EXCL != 0) return failed(.EXIST);
        if (flags & sys.O.DIRECTORY != 0 and !node.is_directory) return failed(.NOTDIR);
    } else if (flags & sys.O.DIRECTORY != 0 or made_up(host, path) == null) {
        if (flags & sys.O.CREAT == 0) return failed(.NOENT);
        const made = make(host, number, dir, given, false);
        if (made != 0) return made;
    }
    return host.open(3, .{ .kind = .file, .path = path, .cloexec = cloexec });
}

pub fn read(host: *Host, file: *Descriptor, buffer: []u8) usize {
    const content = switch (file.kind) {
        .file => if (host.tree.find(file.path)) |node| node.text else made_up(host, file.path) orelse "",
        .data => file.data.?.items,
        else => "",
    };
    const rest = content[@min(file.offset, content.len)..];
    const length = @min(rest.len, buffer.len);
    @memcpy(buffer[0..length], rest[0..length]);
    file.offset += length;
    return length;
}

pub fn wrote(host: *Host, file: *const Descriptor, what: []const u8) void {
    const name = std.fs.path.basenamePosix(file.path);
    const directory = std.fs.path.dirnamePosix(file.path) orelse "/";
    if (!is_of_kernel(host, file.path)) {
        return host.tree.append(host.tree.find(file.path) orelse return, what);
    }
    if (std.mem.eql(u8, name, "cgroup.kill")) return host.children.kill_below(directory);
    if (std.mem.eql(u8, name, "tasks") or std.mem.eql(u8, name, "cgroup.procs")) {
        const process = host.children.find(std.fmt.parseInt(i32, what, 10) catch return) orelse return;
        return host.children.move(
            process,
            std.fs.path.dirnamePosix(directory).?,
            host.print("{s}", .{directory}),
        );
    }
    host.tree.replace(file.path, what);
}

/// For newuidmap(1) and newgidmap(1): their arguments are a pid and the numbers of the map.
pub fn map_by_helper(host: *Host, program: []const u8, arguments: []const ?[*:0]const u8) void {
    const helpers = [_]struct { []const u8, []const u8 }{
        .{ "/newuidmap", "uid_map" },
        .{ "/newgidmap", "gid_map" },
    };
    for (helpers) |helper| if (std.mem.endsWith(u8, program, helper[0])) {
        host.tree.replace(
            host.print("/proc/{s}/{s}", .{ std.mem.span(arguments[1].?), helper[1] }),
            "mapped",
        );
    };
}

pub fn make(host: *Host, number: linux.SYS, dir: usize, given: []const u8, is_directory: bool) usize {
    const path = resolve(host, number, dir, given);
    if (is_there(host, path)) return failed(.EXIST);
    const directory = std.fs.path.dirnamePosix(path) orelse "/";
    if (host.tree.find(directory)) |parent| {
        if (!parent.is_directory) return failed(.NOTDIR);
    } else if (!host.on_machine or !machine.is_directory(directory)) return failed(.NOENT);
    host.tree.add(path, is_directory, "");
    return 0;
}

pub fn unlink(host: *Host, number: linux.SYS, dir: usize, given: []const u8, is_directory: bool) usize {
    const path = resolve(host, number, dir, given);
    const node = host.tree.find(path) orelse return failed(.NOENT);
    if (!is_directory) {
        if (node.is_directory) return failed(.ISDIR);
    } else {
        if (!node.is_directory) return failed(.NOTDIR);
        if (is_cgroup(host, path)) {
            if (host.children.is_populated(path)) return failed(.BUSY);
            remove_files_of_cgroup(host, path);
        }
        for (host.tree.nodes.items) |each| {
            if (Tree.name_below(path, each.path) != null) return failed(.NOTEMPTY);
        }
    }
    host.tree.remove(host.tree.find(path).?);
    return 0;
}

fn remove_files_of_cgroup(host: *Host, path: []const u8) void {
    var index: usize = 0;
    while (index < host.tree.nodes.items.len) {
        const node = &host.tree.nodes.items[index];
        if (!node.is_directory and Tree.name_below(path, node.path) != null) {
            host.tree.remove(node);
        } else {
            index += 1;
        }
    }
}

pub fn rename(host: *Host, number: linux.SYS, a: [6]usize) usize {
    const from = resolve(host, number, a[0], text(a[1]));
    if (host.tree.find(from) == null) return failed(.NOENT);
    host.tree.rename(from, resolve(host, number, a[2], text(a[3])));
    return 0;
}

pub fn read_link(host: *Host, number: linux.SYS, a: [6]usize) usize {
    const given = text(a[1]);
    const path = if (std.mem.eql(u8, given, "/proc/self"))
        host.print("{d}", .{host_types.own_pid})
    else
        resolve(host, number, a[0], given);
    const length = @min(path.len, a[3]);
    @memcpy(words.bytes(a[2], a[3])[0..length], path[0..length]);
    return length;
}

pub fn stat(host: *Host, number: linux.SYS, a: [6]usize) usize {
    const given = text(a[1]);
    const out: *linux.Statx = @ptrFromInt(a[4]);
    out.* = std.mem.zeroes(linux.Statx);
    out.mode = S.IFREG | 0o644;
    if (given.len == 0) {
        const file = host.at(number, a[0]);
        out.ino = std.hash.Wyhash.hash(0, file.path);
        if (file.data) |data| out.size = data.items.len;
        if (file.kind == .pipe or file.kind == .stdio) out.mode = S.IFIFO | 0o600;
        if (host.tree.find(file.path)) |node| if (node.is_directory) {
            out.mode = S.IFDIR | 0o755;
        };
        return 0;
    }
    const path = resolve(host, number, a[0], given);
    out.ino = std.hash.Wyhash.hash(0, path);
    if (std.mem.endsWith(u8, path, "/ns/user")) {
        out.ino = if (process_of(host, path)) |process| @intFromBool(process.own_user_namespace) else 0;
        return 0;
    }
    // A process's other files belong to itself.
    if (std.mem.startsWith(u8, path, "/proc/self/ns/")) return 0;
    if (host.tree.find(path)) |node| {
        if (node.is_directory) out.mode = S.IFDIR | 0o755;
        return 0;
    }
    return if (made_up(host, path) != null) 0 else failed(.NOENT);
}

fn process_of(host: *Host, path: []const u8) ?*children.Process {
    var parts = std.mem.splitScalar(u8, path["/proc/".len..], '/');
    return host.children.find(std.fmt.parseInt(i32, parts.first(), 10) catch return null);
}

/// struct statfs: type first, flags last but four.
pub fn stat_system(host: *Host, file: *const Descriptor, out: *[15]u64) usize {
    out.* = @splat(0);
    const is_pipe = file.kind == .stdio or file.kind == .pipe;
    out[0] = if (is_pipe) sys.fs_magic.pipefs else host.tree.magic_of(file.path);
    return 0;
}

/// struct linux_dirent64, all entries at once.
pub fn list(host: *Host, directory: *Descriptor, buffer: []u8) usize {
    if (directory.offset > 0) return 0;
    directory.offset = 1;
    var length: usize = 0;
    const dt_dir = 4;
    const dt_reg = 8;
    for (host.tree.nodes.items) |node| {
        const name = Tree.name_below(directory.path, node.path) orelse continue;
        const size = std.mem.alignForward(usize, 19 + name.len + 1, 8);
        const entry = buffer[length..][0..size];
        @memset(entry, 0);
        std.mem.writeInt(u16, entry[16..18], @intCast(size), .little);
        entry[18] = if (node.is_directory) dt_dir else dt_reg;
        @memcpy(entry[19..][0..name.len], name);
        length += size;
    }
    return length;
}
