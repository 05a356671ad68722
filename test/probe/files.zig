//! Actions on paths: what is there, and what the process may do with it.

const std = @import("std");
const linux = std.os.linux;
const json = @import("json.zig");

var content: [1024 * 1024]u8 = undefined;

fn usize_of(value: anytype) usize {
    return @bitCast(@as(isize, value));
}

/// `read:PATH` → `data`: the whole file, at most 1 MiB.
pub fn read(path: [:0]const u8) void {
    const fd = linux.open(path, .{ .CLOEXEC = true, .NONBLOCK = true }, 0);
    if (linux.errno(fd) != .SUCCESS) return json.outcome(fd);
    defer _ = linux.close(@intCast(fd));
    var length: usize = 0;
    while (length < content.len) {
        const rc = linux.read(@intCast(fd), content[length..].ptr, content.len - length);
        if (linux.errno(rc) != .SUCCESS) return json.outcome(rc);
        if (rc == 0) break;
        length += rc;
    }
    json.outcome(0);
    json.field("data", content[0..length]);
}

/// `write:PATH=DATA`: into an existing file.
pub fn write(argument: [:0]const u8) void {
    put(argument, .{ .ACCMODE = .WRONLY, .CLOEXEC = true });
}

/// `create:PATH=DATA`: a new file, or an existing one truncated.
pub fn create(argument: [:0]const u8) void {
    put(argument, .{ .ACCMODE = .WRONLY, .CREAT = true, .TRUNC = true, .CLOEXEC = true });
}

fn put(argument: [:0]const u8, flags: linux.O) void {
    const equals = std.mem.indexOfScalar(u8, argument, '=') orelse argument.len;
    const data = if (equals < argument.len) argument[equals + 1 ..] else "";
    const fd = linux.open(terminate(argument[0..equals]), flags, 0o666);
    if (linux.errno(fd) != .SUCCESS) return json.outcome(fd);
    json.outcome(if (data.len == 0) 0 else linux.write(@intCast(fd), data.ptr, data.len));
    _ = linux.close(@intCast(fd));
}

/// `open:PATH`: for reading and writing, and closed again.
pub fn open(path: [:0]const u8) void {
    const fd = linux.open(path, .{ .ACCMODE = .RDWR, .CLOEXEC = true, .NONBLOCK = true, .NOCTTY = true }, 0);
    json.outcome(fd);
    if (linux.errno(fd) == .SUCCESS) _ = linux.close(@intCast(fd));
}

/// `lock:PATH`: makes the file and locks it, as long as the process lives; EAGAIN where another has it.
/// flock(2).
pub fn lock(path: [:0]const u8) void {
    const fd = linux.open(path, .{ .ACCMODE = .RDWR, .CREAT = true, .CLOEXEC = true }, 0o666);
    if (linux.errno(fd) != .SUCCESS) return json.outcome(fd);
    const exclusive_without_waiting = 2 | 4;
    json.outcome(linux.syscall2(.flock, fd, exclusive_without_waiting));
}

/// `stat:PATH`, of the file itself and not of what it links to.
pub fn stat(path: [:0]const u8) void {
    var result: linux.Statx = undefined;
    const no_follow = 0x100;
    const basic_stats = 0x7ff;
    const here = usize_of(@as(i32, linux.AT.FDCWD));
    const rc =
        linux.syscall5(.statx, here, @intFromPtr(path.ptr), no_follow, basic_stats, @intFromPtr(&result));
    json.outcome(rc);
    if (linux.errno(rc) != .SUCCESS) return;
    json.field("type", switch (result.mode & linux.S.IFMT) {
        linux.S.IFREG => "file",
        linux.S.IFDIR => "directory",
        linux.S.IFLNK => "symlink",
        linux.S.IFCHR => "char",
        linux.S.IFBLK => "block",
        linux.S.IFIFO => "fifo",
        linux.S.IFSOCK => "socket",
        else => "other",
    });
    json.field("mode", result.mode & 0o7777);
    json.field("uid", result.uid);
    json.field("gid", result.gid);
    json.field("major", result.rdev_major);
    json.field("minor", result.rdev_minor);
    json.key("size");
    json.big(result.size);
    json.field("onMajor", result.dev_major);
    json.field("onMinor", result.dev_minor);
    json.key("inode");
    json.big(result.ino);
}

/// `link:PATH` → `target`.
pub fn link(path: [:0]const u8) void {
    const rc = linux.readlinkat(linux.AT.FDCWD, path, &content, content.len);
    json.outcome(rc);
    if (linux.errno(rc) == .SUCCESS) json.field("target", content[0..rc]);
}

/// `list:PATH` → `entries`, in the order of the directory.
pub fn list(path: [:0]const u8) void {
    const fd = linux.open(path, .{ .DIRECTORY = true, .CLOEXEC = true }, 0);
    json.outcome(fd);
    if (linux.errno(fd) != .SUCCESS) return;
    defer _ = linux.close(@intCast(fd));
    json.key("entries");
    json.begin_array();
    defer json.end_array();
    while (true) {
        const rc = linux.syscall3(.getdents64, fd, @intFromPtr(&content), content.len);
        if (linux.errno(rc) != .SUCCESS or rc == 0) return;
        var at: usize = 0;
        while (at < rc) {
            const record_length = std.mem.readInt(u16, content[at + 16 ..][0..2], .little);
            const name = std.mem.sliceTo(content[at + 19 .. at + record_length], 0);
            if (!std.mem.eql(u8, name, ".") and !std.mem.eql(u8, name, "..")) json.string(name);
            at += record_length;
        }
    }
}

pub fn mkdir(path: [:0]const u8) void {
    json.outcome(linux.mkdirat(linux.AT.FDCWD, path, 0o755));
}

/// `mknod:PATH,c|b|p,MAJOR,MINOR`.
pub fn mknod(argument: [:0]const u8) void {
    var parts = std.mem.splitScalar(u8, argument, ',');
    const path = terminate(parts.next().?);
    const kind = parts.next() orelse "c";
    const major = std.fmt.parseInt(u32, parts.next() orelse "0", 10) catch 0;
    const minor = std.fmt.parseInt(u32, parts.next() orelse "0", 10) catch 0;
    const file_type: u32 = switch (kind[0]) {
        'b' => linux.S.IFBLK,
        'p' => linux.S.IFIFO,
        else => linux.S.IFCHR,
    };
    const device = (minor & 0xff) | (major << 8) | ((minor & 0xfff00) << 12);
    const here = usize_of(@as(i32, linux.AT.FDCWD));
    json.outcome(linux.syscall4(.mknodat, here, @intFromPtr(path.ptr), file_type | 0o666, device));
}

pub fn chdir(path: [:0]const u8) void {
    json.outcome(linux.chdir(path));
}

/// `mount:TYPE,TARGET`.
pub fn mount(argument: [:0]const u8) void {
    const comma = std.mem.indexOfScalar(u8, argument, ',') orelse argument.len;
    var kind: [64:0]u8 = @splat(0);
    @memcpy(kind[0..@min(comma, kind.len)], argument[0..@min(comma, kind.len)]);
    json.outcome(linux.mount("none", argument[comma + 1 ..], &kind, 0, 0));
}

/// `remount:PATH`: the mount there without any flag; EPERM where one is locked. mount_namespaces(7).
pub fn remount(path: [:0]const u8) void {
    json.outcome(linux.mount("none", path, null, linux.MS.REMOUNT | linux.MS.BIND, 0));
}

/// `exchange:A,B`: swaps the two names without end (renameat2 with RENAME_EXCHANGE).
pub fn exchange(argument: [:0]const u8) void {
    const comma = std.mem.indexOfScalar(u8, argument, ',') orelse return;
    const first = terminate(argument[0..comma]);
    const second = argument[comma + 1 ..];
    const here = usize_of(@as(i32, linux.AT.FDCWD));
    const rename_exchange = 2;
    while (true) {
        const rc = linux.syscall5(
            .renameat2,
            here,
            @intFromPtr(first.ptr),
            here,
            @intFromPtr(second.ptr),
            rename_exchange,
        );
        if (linux.errno(rc) != .SUCCESS) return json.outcome(rc);
        // The other side has to get its turn on a machine with few processors.
        _ = linux.syscall0(.sched_yield);
    }
}

/// `statfs:PATH` → the file system's size and inode count.
pub fn statfs(path: [:0]const u8) void {
    const Result = extern struct {
        type: u64,
        block_size: u64,
        blocks: u64,
        free: u64,
        available: u64,
        files: u64,
        files_free: u64,
        id: u64,
        name_max: u64,
        fragment: u64,
        flags: u64,
        spare: [4]u64,
    };
    var result: Result = undefined;
    const rc = linux.syscall2(.statfs, @intFromPtr(path.ptr), @intFromPtr(&result));
    json.outcome(rc);
    if (linux.errno(rc) != .SUCCESS) return;
    json.key("type");
    json.big(result.type);
    json.key("bytes");
    json.big(result.blocks * result.block_size);
    json.key("inodes");
    json.big(result.files);
}

var path_buffer: [4096:0]u8 = undefined;

pub fn terminate(path: []const u8) [:0]u8 {
    const length = @min(path.len, path_buffer.len - 1);
    @memcpy(path_buffer[0..length], path[0..length]);
    path_buffer[length] = 0;
    return path_buffer[0..length :0];
}
