//! The state directory's files: read, written atomically, locked, listed, removed; and appending to the log.
//! Runs in the bunc process. These stand in for node:fs, whose import alone costs more than a whole `state`.

const std = @import("std");
const sys = @import("sys.zig");
const whole_file = @import("whole_file.zig");
const Call = @import("call.zig").Call;

pub const PathRequest = struct { path: []const u8 };
pub const Done = struct {};

pub const ReadReply = struct {
    /// False: there is no such file (ENOENT); every other error is a Failure.
    found: bool,
    text: []const u8,
};

/// A whole document: JSON that a person, an engine or bunc itself wrote. Bytes that are not UTF-8 are a
/// Failure (EILSEQ).
pub fn read_file(call: *Call, request: PathRequest) Call.Error!ReadReply {
    const file = try read_host_file(call, request);
    if (!std.unicode.utf8ValidateSlice(file.text)) {
        sys.backend.errno = .ILSEQ;
        return call.fail_as(.system, "read", request.path, try not_utf8(call.arena, file.text));
    }
    return file;
}

/// A whole file of the kernel or the host (procfs, /etc/passwd): names of strangers may hold any bytes.
pub fn read_host_file(call: *Call, request: PathRequest) Call.Error!ReadReply {
    const fd = sys.open(request.path, sys.O.RDONLY) catch {
        if (sys.is(.NOENT)) return .{ .found = false, .text = "" };
        return call.fail("open", request.path);
    };
    defer sys.close(fd);
    const text = whole_file.read(fd, std.math.maxInt(usize), call.arena) catch |err| switch (err) {
        error.OutOfMemory => return error.OutOfMemory,
        error.Sys => return call.fail("read", request.path),
    };
    return .{ .found = true, .text = text };
}

/// Which byte of a text makes it invalid, for a person. Lines and columns are counted from 1, columns in
/// characters.
fn not_utf8(arena: std.mem.Allocator, text: []const u8) error{OutOfMemory}![]const u8 {
    var line: usize = 1;
    var column: usize = 1;
    var at: usize = 0;
    while (at < text.len) {
        const length = std.unicode.utf8ByteSequenceLength(text[at]) catch break;
        if (at + length > text.len or !std.unicode.utf8ValidateSlice(text[at..][0..length])) break;
        column += 1;
        if (text[at] == '\n') {
            line += 1;
            column = 1;
        }
        at += length;
    }
    std.debug.assert(at < text.len);
    const found = .{ text[at], line, column };
    return std.fmt.allocPrint(arena, "not UTF-8: byte 0x{x:0>2} at line {d}, column {d}", found);
}

test not_utf8 {
    const Case = struct { []const u8, []const u8 };
    var arena: std.heap.ArenaAllocator = .init(std.testing.allocator);
    defer arena.deinit();
    for ([_]Case{
        .{ "\xff", "not UTF-8: byte 0xff at line 1, column 1" },
        .{ "{\n \"\u{fc}\x80", "not UTF-8: byte 0x80 at line 2, column 4" },
        .{ "a\xe2\x82", "not UTF-8: byte 0xe2 at line 1, column 2" },
        .{ "\xed\xa0\x80", "not UTF-8: byte 0xed at line 1, column 1" },
    }) |case| try std.testing.expectEqualStrings(case[1], try not_utf8(arena.allocator(), case[0]));
}

pub const WriteRequest = struct {
    path: []const u8,
    text: []const u8,
    /// Permission bits of the new file.
    mode: u32,
};

/// Replaces a file in one step: written beside it (`.name.tmp`, O_EXCL), then renamed over it. Readers see
/// the old or the new contents, never a part. The caller holds the lock of the directory, or the path is its
/// own.
pub fn write_file(call: *Call, request: WriteRequest) Call.Error!Done {
    const path = request.path;
    const directory = std.fs.path.dirnamePosix(path) orelse ".";
    const base = std.fs.path.basenamePosix(path);
    const temporary = try std.fmt.allocPrint(call.arena, "{s}/.{s}.{d}", .{ directory, base, sys.getpid() });
    const flags = sys.O.WRONLY | sys.O.EXCL;
    const fd = sys.create(sys.AT.FDCWD, temporary, flags, request.mode) catch again: {
        if (!sys.is(.EXIST)) return call.fail("open", temporary);
        // Left over from a dead process with our pid.
        sys.unlinkat(sys.AT.FDCWD, temporary, 0) catch return call.fail("unlink", temporary);
        break :again sys.create(sys.AT.FDCWD, temporary, flags, request.mode) catch
            return call.fail("open", temporary);
    };
    errdefer sys.unlinkat(sys.AT.FDCWD, temporary, 0) catch {};
    defer sys.close(fd);
    sys.write_all(fd, request.text) catch return call.fail("write", temporary);
    sys.renameat(sys.AT.FDCWD, temporary, sys.AT.FDCWD, path) catch return call.fail("rename", path);
    return .{};
}

/// Appends one record with one write(2) (O_APPEND: whole lines also among several writers).
pub fn append_file(call: *Call, request: WriteRequest) Call.Error!Done {
    const path = request.path;
    const flags = sys.O.WRONLY | sys.O.APPEND | sys.O.SYNC;
    const fd = sys.create(sys.AT.FDCWD, path, flags, request.mode) catch return call.fail("open", path);
    defer sys.close(fd);
    sys.write_all(fd, request.text) catch return call.fail("write", path);
    return .{};
}

pub const MakeDirectoryRequest = struct {
    path: []const u8,
    mode: u32,
    /// Make missing parents too, with the same mode.
    parents: bool,
};
/// `created` is false where the directory stood already.
pub const MakeDirectoryReply = struct { created: bool };

pub fn make_directory(call: *Call, request: MakeDirectoryRequest) Call.Error!MakeDirectoryReply {
    const path = request.path;
    if (make_one(path, request.mode)) |created| return .{ .created = created } else |_| {}
    if (!request.parents or !sys.is(.NOENT)) return call.fail("mkdir", path);
    // Parents are missing: make them from the top.
    var end: usize = 1;
    while (end < path.len) : (end += 1) {
        if (path[end] != '/') continue;
        const parent = path[0..end];
        _ = make_one(parent, request.mode) catch return call.fail("mkdir", parent);
    }
    const created = make_one(path, request.mode) catch return call.fail("mkdir", path);
    return .{ .created = created };
}

fn make_one(path: []const u8, mode: u32) sys.Error!bool {
    sys.mkdirat(sys.AT.FDCWD, path, mode) catch {
        if (sys.is(.EXIST)) return false;
        return error.Sys;
    };
    return true;
}

pub const Entry = struct {
    name: []const u8,
    /// Owner of the entry.
    uid: u32,
    directory: bool,
};
pub const ListReply = struct {
    /// False: there is no such directory.
    found: bool,
    entries: []const Entry,
};

/// The entries of a directory, in no order.
pub fn list_directory(call: *Call, request: PathRequest) Call.Error!ListReply {
    const fd = sys.open(request.path, sys.O.RDONLY | sys.O.DIRECTORY) catch {
        if (sys.is(.NOENT)) return .{ .found = false, .entries = &.{} };
        return call.fail("open", request.path);
    };
    defer sys.close(fd);
    var entries: std.ArrayList(Entry) = .empty;
    var buffer: [16 * 1024]u8 = undefined;
    while (true) {
        const bytes = sys.getdents(fd, &buffer) catch return call.fail("getdents64", request.path);
        if (bytes.len == 0) break;
        var iterator: sys.DirectoryEntries = .{ .bytes = bytes };
        while (iterator.next()) |entry| {
            // Gone in the meantime: not an entry any more.
            const stat = sys.statx(fd, entry.name, sys.AT.SYMLINK_NOFOLLOW) catch continue;
            try entries.append(call.arena, .{
                .name = try call.arena.dupe(u8, entry.name),
                .uid = stat.uid,
                .directory = stat.is_directory(),
            });
        }
    }
    return .{ .found = true, .entries = entries.items };
}

/// Removes a state directory: plain files, and directories of such. A missing one is not an error.
pub fn remove_directory(call: *Call, request: PathRequest) Call.Error!Done {
    try remove_at(call, sys.AT.FDCWD, request.path, request.path, 1);
    return .{};
}

/// `name` in `dir`, called `shown` in errors, with `depth` levels of directories below it.
fn remove_at(call: *Call, dir: sys.fd_t, name: []const u8, shown: []const u8, depth: u32) Call.Error!void {
    const fd = sys.openat(dir, name, sys.O.RDONLY | sys.O.DIRECTORY | sys.O.NOFOLLOW) catch {
        if (sys.is(.NOENT)) return;
        return call.fail("open", shown);
    };
    defer sys.close(fd);
    var buffer: [4096]u8 = undefined;
    while (true) {
        const bytes = sys.getdents(fd, &buffer) catch return call.fail("getdents64", shown);
        if (bytes.len == 0) break;
        var iterator: sys.DirectoryEntries = .{ .bytes = bytes };
        while (iterator.next()) |entry| {
            sys.unlinkat(fd, entry.name, 0) catch {
                if (sys.is(.NOENT)) continue;
                const path = try std.fs.path.join(call.arena, &.{ shown, entry.name });
                if (!sys.is(.ISDIR) or depth == 0) return call.fail("unlink", path);
                try remove_at(call, fd, entry.name, path, depth - 1);
            };
        }
    }
    sys.unlinkat(dir, name, sys.AT.REMOVEDIR) catch {
        if (!sys.is(.NOENT)) return call.fail("rmdir", shown);
    };
}

/// rmdir(2): nothing that somebody has put into it is removed.
pub fn remove_empty_directory(call: *Call, request: PathRequest) Call.Error!Done {
    sys.unlinkat(sys.AT.FDCWD, request.path, sys.AT.REMOVEDIR) catch return call.fail("rmdir", request.path);
    return .{};
}

pub const RemoveFileReply = struct { removed: bool };

pub fn remove_file(call: *Call, request: PathRequest) Call.Error!RemoveFileReply {
    sys.unlinkat(sys.AT.FDCWD, request.path, 0) catch {
        if (sys.is(.NOENT)) return .{ .removed = false };
        return call.fail("unlink", request.path);
    };
    return .{ .removed = true };
}

pub const LockRequest = struct {
    path: []const u8,
    /// For whoever holds it.
    wait: bool,
};

pub const LockReply = struct {
    /// The descriptor that holds the lock until it is closed; null: `busy`, or the directory is gone.
    fd: ?i32,
    /// Another process holds it. Only without `wait`.
    busy: bool,
};

/// The exclusive lock of a directory (flock(2) on the directory itself: no lock file to leave behind).
pub fn lock_directory(call: *Call, request: LockRequest) Call.Error!LockReply {
    const path = request.path;
    const gone: LockReply = .{ .fd = null, .busy = false };
    const fd = sys.open(path, sys.O.RDONLY | sys.O.DIRECTORY) catch {
        if (sys.is(.NOENT)) return gone;
        return call.fail("open", path);
    };
    errdefer sys.close(fd);
    sys.flock_exclusive(fd, request.wait) catch {
        if (request.wait or !sys.is(.AGAIN)) return call.fail("flock", path);
        sys.close(fd);
        return .{ .fd = null, .busy = true };
    };
    // Removed while we waited: the name may be another directory's now, or nobody's.
    const ours = sys.fstat(fd) catch return call.fail("stat", path);
    const named = sys.statx(sys.AT.FDCWD, path, 0) catch {
        if (!sys.is(.NOENT)) return call.fail("stat", path);
        sys.close(fd);
        return gone;
    };
    if (!ours.is_file(named)) {
        sys.close(fd);
        return gone;
    }
    return .{ .fd = fd, .busy = false };
}

pub const FdRequest = struct { fd: i32 };

pub fn close_fd(_: *Call, request: FdRequest) Call.Error!Done {
    sys.close(request.fd);
    return .{};
}

pub const ResolveReply = struct {
    /// The absolute path without symbolic links; "" where it does not exist.
    path: []const u8,
    directory: bool,
};

/// realpath(3) of a host path (the bundle, the root file system), by the kernel.
pub fn resolve_path(call: *Call, request: PathRequest) Call.Error!ResolveReply {
    const fd = sys.open(request.path, sys.O.PATH) catch {
        if (sys.is(.NOENT) or sys.is(.NOTDIR)) return .{ .path = "", .directory = false };
        return call.fail("open", request.path);
    };
    defer sys.close(fd);
    const resolved = try path_of(call, fd);
    const stat = sys.fstat(fd) catch return call.fail("stat", request.path);
    return .{ .path = resolved, .directory = stat.is_directory() };
}

/// As the kernel shows it.
fn path_of(call: *Call, fd: sys.fd_t) Call.Error![]const u8 {
    var name: [64]u8 = undefined;
    const link = std.fmt.bufPrint(&name, "/proc/self/fd/{d}", .{fd}) catch unreachable;
    const buffer = try call.arena.alloc(u8, sys.path_max);
    return sys.readlinkat(sys.AT.FDCWD, link, buffer) catch call.fail("readlink", link);
}

pub const OpenFileReply = struct { fd: i32 };

/// A file or directory, for reading; the caller closes it.
pub fn open_file(call: *Call, request: PathRequest) Call.Error!OpenFileReply {
    return .{ .fd = sys.open(request.path, sys.O.RDONLY) catch return call.fail("open", request.path) };
}

pub const ResolveInRootRequest = struct {
    /// Absolute path without symbolic links.
    root: []const u8,
    /// As seen by a process with that root: absolute.
    path: []const u8,
};
pub const ResolveInRootReply = struct {
    /// Absolute, from `root`. What does not exist of `path` is kept as it is.
    path: []const u8,
};

/// Where a path of a container leads, without symbolic links: openat2(2) with RESOLVE_IN_ROOT.
pub fn resolve_in_root(call: *Call, request: ResolveInRootRequest) Call.Error!ResolveInRootReply {
    const path = request.path;
    const root = sys.open(request.root, sys.O.PATH | sys.O.DIRECTORY) catch
        return call.fail("open", request.root);
    defer sys.close(root);
    const beneath = sys.RESOLVE.IN_ROOT | sys.RESOLVE.NO_MAGICLINKS;
    var end = path.len;
    while (end > 0) {
        const fd = sys.openat2(root, path[0..end], sys.O.PATH, beneath) catch {
            if (!sys.is(.NOENT)) return call.fail("openat2", path);
            end = std.mem.lastIndexOfScalar(u8, path[0..end], '/') orelse 0;
            continue;
        };
        defer sys.close(fd);
        const resolved = try path_of(call, fd);
        const prefix = std.mem.trimEnd(u8, request.root, "/");
        // Moved out of the root meanwhile: not a path of the container.
        if (!std.mem.startsWith(u8, resolved, prefix)) return .{ .path = path };
        return .{ .path = try std.mem.concat(call.arena, u8, &.{ resolved[prefix.len..], path[end..] }) };
    }
    return .{ .path = path };
}

pub const WorkingDirectoryRequest = struct {};
pub const WorkingDirectoryReply = struct { path: []const u8 };

pub fn working_directory(call: *Call, _: WorkingDirectoryRequest) Call.Error!WorkingDirectoryReply {
    const buffer = try call.arena.alloc(u8, sys.path_max);
    return .{ .path = sys.getcwd(buffer) catch return call.fail("getcwd", "") };
}
