//! Mounts and the root: open_tree(2), move_mount(2), fsopen(2), mount_setattr(2), pivot_root(2).

const kernel = @import("kernel.zig");
const files = @import("files.zig");
const linux = @import("std").os.linux;

const Error = kernel.Error;
const call = kernel.call;
const call_fd = kernel.call_fd;
const fd_t = kernel.fd_t;
const AT = files.AT;
const O = files.O;

pub const mount_attr = struct {
    pub const RDONLY = 0x1;
    pub const NOSUID = 0x2;
    pub const NODEV = 0x4;
    pub const NOEXEC = 0x8;
    pub const ATIME_MASK = 0x70;
    pub const NOATIME = 0x10;
    pub const STRICTATIME = 0x20;
    pub const NODIRATIME = 0x80;
    pub const IDMAP = 0x100000;
    pub const NOSYMFOLLOW = 0x200000;
};

/// struct mount_attr of mount_setattr(2).
pub const MountAttr = extern struct {
    set: u64 = 0,
    clear: u64 = 0,
    /// MS_SHARED, MS_PRIVATE, MS_SLAVE, MS_UNBINDABLE or 0.
    propagation: u64 = 0,
    userns_fd: u64 = 0,
};

pub fn mount_setattr(dir: fd_t, path: []const u8, flags: u32, attr: MountAttr) Error!void {
    _ = try call(.mount_setattr, .{ dir, path, flags, &attr, @sizeOf(MountAttr) });
}

pub const set_id_map_call = "mount_setattr(MOUNT_ATTR_IDMAP)";

/// `detached`: a mount. `namespace`: a user namespace that has the mapping.
pub fn set_id_map(detached: fd_t, namespace: fd_t, recursive: bool) Error!void {
    const flags = AT.EMPTY_PATH | (if (recursive) AT.RECURSIVE else 0);
    try mount_setattr(detached, "", flags, .{ .set = mount_attr.IDMAP, .userns_fd = @intCast(namespace) });
}

/// A detached copy of the mount (and, `recursive`, of all below it) that `path` is on.
pub fn open_tree_clone(dir: fd_t, path: []const u8, recursive: bool, flags: u32) Error!fd_t {
    const open_tree_clone_flag = 1;
    const all = open_tree_clone_flag | O.CLOEXEC | flags | (if (recursive) AT.RECURSIVE else 0);
    return call_fd(.open_tree, .{ dir, path, all });
}

/// Attaches the detached mount `from` over what the descriptor `to` refers to.
pub fn move_mount(from: fd_t, to: fd_t) Error!void {
    const from_empty = 0x4;
    const to_empty = 0x40;
    _ = try call(.move_mount, .{ from, "", to, "", from_empty | to_empty });
}

pub fn fsopen(file_system: []const u8) Error!fd_t {
    const cloexec = 1;
    return call_fd(.fsopen, .{ file_system, cloexec });
}

pub fn fsconfig_string(fs: fd_t, key: []const u8, value: []const u8) Error!void {
    _ = try call(.fsconfig, .{ fs, 1, key, value, 0 });
}

pub fn fsconfig_flag(fs: fd_t, key: []const u8) Error!void {
    _ = try call(.fsconfig, .{ fs, 0, key, 0, 0 });
}

pub fn fsconfig_fd(fs: fd_t, key: []const u8, value: fd_t) Error!void {
    _ = try call(.fsconfig, .{ fs, 5, key, 0, value });
}

pub fn fsconfig_create(fs: fd_t) Error!void {
    _ = try call(.fsconfig, .{ fs, 6, 0, 0, 0 });
}

pub fn fsconfig_reconfigure(fs: fd_t) Error!void {
    _ = try call(.fsconfig, .{ fs, 7, 0, 0, 0 });
}

/// `attributes`: MOUNT_ATTR_* mask.
pub fn fsmount(fs: fd_t, attributes: u32) Error!fd_t {
    const cloexec = 1;
    return call_fd(.fsmount, .{ fs, cloexec, attributes });
}

pub fn fspick(dir: fd_t, path: []const u8, flags: u32) Error!fd_t {
    const cloexec = 1;
    return call_fd(.fspick, .{ dir, path, cloexec | flags });
}

pub const fspick_empty_path = 8;

pub fn umount_detach(path: []const u8) Error!void {
    _ = try call(.umount2, .{ path, linux.MNT.DETACH });
}

const Text = ?[]const u8;

/// The classic mount(2), for what the new calls cannot say. `data`: the file system's own options, less than
/// a page.
pub fn mount(source: Text, target: []const u8, fs_type: Text, flags: u32, data: Text) Error!void {
    _ = try call(.mount, .{ source, target, fs_type, flags, data });
}

pub fn pivot_root(new_root: []const u8, put_old: []const u8) Error!void {
    _ = try call(.pivot_root, .{ new_root, put_old });
}

pub fn chroot(path: []const u8) Error!void {
    _ = try call(.chroot, .{path});
}

pub fn chdir(path: []const u8) Error!void {
    _ = try call(.chdir, .{path});
}

pub fn fchdir(fd: fd_t) Error!void {
    _ = try call(.fchdir, .{fd});
}

/// The raw getcwd(2): "(unreachable)…" when the directory is outside the root.
pub fn getcwd(buffer: []u8) Error![]u8 {
    const length = try call(.getcwd, .{ buffer.ptr, buffer.len });
    return buffer[0 .. length - 1];
}
