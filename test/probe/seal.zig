//! Run on the host by tests of random input: a mount namespace in which next to nothing can be written.
//! mount_setattr(2).

const std = @import("std");
const linux = std.os.linux;
const json = @import("json.zig");
const terminate = @import("files.zig").terminate;

const recursive = 0x8000; // AT_RECURSIVE
const read_only = 1; // MOUNT_ATTR_RDONLY

/// struct mount_attr
const Attributes = extern struct {
    set: u64 = 0,
    clear: u64 = 0,
    propagation: u64 = 0,
    user_namespace: u64 = 0,
};

/// What can be written besides. No file can be made in the kernel's, and where these are read-only a user
/// namespace gets none of its own.
const writable = [_][:0]const u8{ temporary, "/proc", "/sys" };

/// Where runc has files for a moment.
const temporary = "/tmp";

/// `seal:DIRECTORY,KEPT[,MOUNT…]`: all mounts of this mount namespace are read-only from now on, but for the
/// directory, what is mounted at the places behind, /proc, /sys and /tmp, which is empty but for the
/// directory and for what is kept ("": nothing). → `errno`
pub fn seal(argument: [:0]const u8) void {
    json.outcome(if (seal_all(argument)) |failed| failed else 0);
}

/// → the call's result that failed.
fn seal_all(argument: [:0]const u8) ?usize {
    var places = std.mem.splitScalar(u8, argument, ',');
    const directory = places.first();
    const kept = places.next() orelse "";
    if (move_to_own_tmp(if (kept.len > 0) &.{ directory, kept } else &.{directory})) |failed| return failed;
    if (set("/", recursive, .{ .set = read_only })) |failed| return failed;
    if (set(terminate(directory), 0, .{ .clear = read_only })) |failed| return failed;
    while (places.next()) |place| {
        if (set(terminate(place), 0, .{ .clear = read_only })) |failed| return failed;
    }
    for (writable) |path| {
        if (set(path, 0, .{ .clear = read_only })) |failed| return failed;
    }
    return null;
}

/// The directories as mounts of their own, which have flags of their own, in place of all that is in /tmp.
fn move_to_own_tmp(directories: []const []const u8) ?usize {
    const clone = 1 | 0x80000; // OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC
    var trees: [2]usize = undefined;
    for (directories, trees[0..directories.len]) |directory, *tree| {
        tree.* = linux.syscall3(.open_tree, here, @intFromPtr(terminate(directory).ptr), clone);
        if (failed_call(tree.*)) |failed| return failed;
    }
    if (failed_call(linux.mount("tmpfs", temporary, "tmpfs", 0, 0))) |failed| return failed;
    for (directories, trees[0..directories.len]) |directory, tree| {
        const target = terminate(directory);
        make_directories(target);
        const from_descriptor = 4; // MOVE_MOUNT_F_EMPTY_PATH
        const moved = linux.syscall5(
            .move_mount,
            tree,
            @intFromPtr(""),
            here,
            @intFromPtr(target.ptr),
            from_descriptor,
        );
        if (failed_call(moved)) |failed| return failed;
        _ = linux.close(@intCast(tree));
    }
    return null;
}

fn make_directories(path: [:0]u8) void {
    for (path[1..], 1..) |byte, at| {
        if (byte != '/') continue;
        path[at] = 0;
        _ = linux.mkdirat(linux.AT.FDCWD, path, 0o755);
        path[at] = '/';
    }
    _ = linux.mkdirat(linux.AT.FDCWD, path, 0o755);
}

const here: usize = @bitCast(@as(isize, linux.AT.FDCWD));

fn failed_call(rc: usize) ?usize {
    return if (linux.errno(rc) == .SUCCESS) null else rc;
}

fn set(path: [:0]const u8, flags: usize, attributes: Attributes) ?usize {
    const size = @sizeOf(Attributes);
    return failed_call(
        linux.syscall5(.mount_setattr, here, @intFromPtr(path.ptr), flags, @intFromPtr(&attributes), size),
    );
}
