//! System calls, raw and libc-free, with one error for all: `error.Sys`, and the number in `errno`.
//!
//! Used in every process of the core. Each of them enters the core on one thread only (bunc-init has one;
//! libbunc is called from the JavaScript thread), so the last errno is a plain variable, as in a
//! single-threaded C program. A caller that treats one errno specially asks `is(.NOENT)`; everything
//! else goes up as a Failure (failure.zig) that names call and errno.
//! Only what the supported kernels (5.14 and newer) all have is here, unless the name says otherwise.

const std = @import("std");
const linux = std.os.linux;

pub const E = linux.E;
pub const fd_t = i32;
pub const Error = error{Sys};

/// Of the last call that returned `error.Sys`.
pub var errno: E = .SUCCESS;

pub fn is(code: E) bool {
    return errno == code;
}

pub fn errno_number() u16 {
    return @intFromEnum(errno);
}

/// Raw return value of a system call → value or `error.Sys`.
pub fn check(rc: usize) Error!usize {
    const signed: isize = @bitCast(rc);
    if (signed >= 0 or signed < -4095) return rc;
    errno = @enumFromInt(@as(u16, @intCast(-signed)));
    return error.Sys;
}

/// Sets `errno` for a failure that the core itself finds (a check that no system call made).
pub fn fail(code: E) Error {
    errno = code;
    return error.Sys;
}

fn check_fd(rc: usize) Error!fd_t {
    return @intCast(try check(rc));
}

fn check_void(rc: usize) Error!void {
    _ = try check(rc);
}

/// EINTR is not an answer: the call is made again.
fn retry(comptime number: linux.SYS, args: [6]usize) Error!usize {
    while (true) {
        const rc = linux.syscall6(number, args[0], args[1], args[2], args[3], args[4], args[5]);
        return check(rc) catch {
            if (errno == .INTR) continue;
            return error.Sys;
        };
    }
}

fn usize_of(fd: anytype) usize {
    return @bitCast(@as(isize, fd));
}

// ---- Files and paths -------------------------------------------------------------------------------

pub const path_max = 4096;
/// A path with its terminating NUL, on the stack.
pub const PathBuffer = [path_max]u8;

/// Copies `path` into `buffer` and terminates it. ENAMETOOLONG past PATH_MAX, EINVAL with a NUL inside.
pub fn zero_terminate(buffer: *PathBuffer, path: []const u8) Error![:0]const u8 {
    if (path.len >= buffer.len) return fail(.NAMETOOLONG);
    if (std.mem.indexOfScalar(u8, path, 0) != null) return fail(.INVAL);
    @memcpy(buffer[0..path.len], path);
    buffer[path.len] = 0;
    return buffer[0..path.len :0];
}

pub const O = struct {
    pub const RDONLY = 0;
    pub const WRONLY = 1;
    pub const RDWR = 2;
    pub const CREAT: u32 = @bitCast(linux.O{ .CREAT = true });
    pub const EXCL: u32 = @bitCast(linux.O{ .EXCL = true });
    pub const NOCTTY: u32 = @bitCast(linux.O{ .NOCTTY = true });
    pub const TRUNC: u32 = @bitCast(linux.O{ .TRUNC = true });
    pub const APPEND: u32 = @bitCast(linux.O{ .APPEND = true });
    pub const NONBLOCK: u32 = @bitCast(linux.O{ .NONBLOCK = true });
    pub const DIRECTORY: u32 = @bitCast(linux.O{ .DIRECTORY = true });
    pub const NOFOLLOW: u32 = @bitCast(linux.O{ .NOFOLLOW = true });
    pub const CLOEXEC: u32 = @bitCast(linux.O{ .CLOEXEC = true });
    pub const PATH: u32 = @bitCast(linux.O{ .PATH = true });
    pub const SYNC: u32 = @bitCast(linux.O{ .SYNC = true, .DSYNC = true });
};

pub const AT = struct {
    pub const FDCWD: fd_t = -100;
    pub const SYMLINK_NOFOLLOW: u32 = 0x100;
    pub const REMOVEDIR: u32 = 0x200;
    pub const RECURSIVE: u32 = 0x8000;
    pub const EMPTY_PATH: u32 = 0x1000;
};

pub const RESOLVE = struct {
    pub const NO_XDEV: u64 = 0x01;
    pub const NO_MAGICLINKS: u64 = 0x02;
    pub const NO_SYMLINKS: u64 = 0x04;
    pub const BENEATH: u64 = 0x08;
    pub const IN_ROOT: u64 = 0x10;
};

const OpenHow = extern struct { flags: u64, mode: u64, resolve: u64 };

/// openat2(2). EAGAIN (a rename raced with the walk) is tried again, a bounded number of times.
pub fn openat2(dir: fd_t, path: [*:0]const u8, flags: u32, mode: u32, resolve: u64) Error!fd_t {
    const how: OpenHow = .{ .flags = flags, .mode = mode, .resolve = resolve };
    var attempts: u32 = 0;
    while (true) : (attempts += 1) {
        const rc = retry(.openat2, .{ usize_of(dir), @intFromPtr(path), @intFromPtr(&how), @sizeOf(OpenHow), 0, 0 });
        return @intCast(rc catch {
            if (errno == .AGAIN and attempts < 128) continue;
            return error.Sys;
        });
    }
}

/// For paths of the host, which the caller trusts. Paths of the container go through openat2.
pub fn open(path: [*:0]const u8, flags: u32, mode: u32) Error!fd_t {
    return openat(AT.FDCWD, path, flags, mode);
}

pub fn openat(dir: fd_t, path: [*:0]const u8, flags: u32, mode: u32) Error!fd_t {
    return @intCast(try retry(.openat, .{ usize_of(dir), @intFromPtr(path), flags, mode, 0, 0 }));
}

pub fn close(fd: fd_t) void {
    // Nothing can be done about an error, and the descriptor is gone in any case (close(2)).
    _ = linux.close(fd);
}

pub fn read(fd: fd_t, buffer: []u8) Error!usize {
    return retry(.read, .{ usize_of(fd), @intFromPtr(buffer.ptr), buffer.len, 0, 0, 0 });
}

pub fn write(fd: fd_t, bytes: []const u8) Error!usize {
    return retry(.write, .{ usize_of(fd), @intFromPtr(bytes.ptr), bytes.len, 0, 0, 0 });
}

pub fn write_all(fd: fd_t, bytes: []const u8) Error!void {
    var done: usize = 0;
    while (done < bytes.len) done += try write(fd, bytes[done..]);
}

pub fn pread(fd: fd_t, buffer: []u8, offset: u64) Error!usize {
    return retry(.pread64, .{ usize_of(fd), @intFromPtr(buffer.ptr), buffer.len, offset, 0, 0 });
}

/// Reads to the end of the file, at most `buffer.len` bytes.
pub fn read_to_end(fd: fd_t, buffer: []u8) Error![]u8 {
    var length: usize = 0;
    while (length < buffer.len) {
        const count = try read(fd, buffer[length..]);
        if (count == 0) break;
        length += count;
    }
    return buffer[0..length];
}

fn fsync(fd: fd_t) Error!void {
    try check_void(linux.fsync(fd));
}

pub fn mkdirat(dir: fd_t, path: [*:0]const u8, mode: u32) Error!void {
    try check_void(linux.mkdirat(dir, path, mode));
}

pub fn mknodat(dir: fd_t, path: [*:0]const u8, mode: u32, device: u32) Error!void {
    try check_void(linux.syscall4(.mknodat, usize_of(dir), @intFromPtr(path), mode, device));
}

/// A device number as mknod(2) takes it: 12 bits of major, 20 of minor. Null: out of range.
pub fn makedev(major: u32, minor: u32) ?u32 {
    if (major >= 1 << 12 or minor >= 1 << 20) return null;
    return (minor & 0xff) | (major << 8) | ((minor & 0xfff00) << 12);
}

pub fn unlinkat(dir: fd_t, path: [*:0]const u8, flags: u32) Error!void {
    try check_void(linux.unlinkat(dir, path, flags));
}

pub fn symlinkat(target: [*:0]const u8, dir: fd_t, path: [*:0]const u8) Error!void {
    try check_void(linux.symlinkat(target, dir, path));
}

pub fn readlinkat(dir: fd_t, path: [*:0]const u8, buffer: []u8) Error![]u8 {
    const length = try check(linux.readlinkat(dir, path, buffer.ptr, buffer.len));
    return buffer[0..length];
}

pub fn renameat(from_dir: fd_t, from: [*:0]const u8, to_dir: fd_t, to: [*:0]const u8) Error!void {
    try check_void(linux.syscall5(.renameat2, usize_of(from_dir), @intFromPtr(from), usize_of(to_dir), @intFromPtr(to), 0));
}

fn linkat(from_dir: fd_t, from: [*:0]const u8, to_dir: fd_t, to: [*:0]const u8, flags: u32) Error!void {
    try check_void(linux.syscall5(.linkat, usize_of(from_dir), @intFromPtr(from), usize_of(to_dir), @intFromPtr(to), flags));
}

pub fn fchmod(fd: fd_t, mode: u32) Error!void {
    try check_void(linux.syscall2(.fchmod, usize_of(fd), mode));
}

/// No permission bit is taken away by the umask; the file must not be an O_PATH descriptor.
pub fn fchmodat(dir: fd_t, path: [*:0]const u8, mode: u32) Error!void {
    try check_void(linux.syscall3(.fchmodat, usize_of(dir), @intFromPtr(path), mode));
}

/// (uid_t)-1 and (gid_t)-1: "no change" to chown(2) and set*id(2), and the ID of nobody. Here null says that,
/// and a number that would say it is refused (EINVAL).
const no_id = std.math.maxInt(u32);

fn own_id(id: u32) Error!u32 {
    return if (id == no_id) fail(.INVAL) else id;
}

/// null: that one stays as it is.
pub fn fchownat(dir: fd_t, path: [*:0]const u8, uid: ?u32, gid: ?u32, flags: u32) Error!void {
    const owner = if (uid) |it| try own_id(it) else no_id;
    const group = if (gid) |it| try own_id(it) else no_id;
    try check_void(linux.syscall5(.fchownat, usize_of(dir), @intFromPtr(path), owner, group, flags));
}

pub fn faccessat_execute(dir: fd_t, path: [*:0]const u8) Error!void {
    const x_ok = 1;
    const at_eaccess = 0x200;
    try check_void(linux.syscall4(.faccessat2, usize_of(dir), @intFromPtr(path), x_ok, at_eaccess));
}

pub const S = linux.S;

pub const Stat = struct {
    /// File type and permission bits (inode(7)).
    mode: u32,
    uid: u32,
    gid: u32,
    inode: u64,
    size: u64,
    /// Device that the file is on; and, for a device node, the device that it is.
    device_major: u32,
    device_minor: u32,
    rdev_major: u32,
    rdev_minor: u32,
    /// As in /proc/pid/mountinfo.
    mount_id: u64,

    pub fn is_directory(self: Stat) bool {
        return self.mode & S.IFMT == S.IFDIR;
    }
    pub fn is_symlink(self: Stat) bool {
        return self.mode & S.IFMT == S.IFLNK;
    }
};

pub fn statx(dir: fd_t, path: [*:0]const u8, flags: u32) Error!Stat {
    var raw: linux.Statx = undefined;
    const basic_stats_and_mount_id = 0x17ff;
    try check_void(linux.syscall5(.statx, usize_of(dir), @intFromPtr(path), flags, basic_stats_and_mount_id, @intFromPtr(&raw)));
    return .{
        .mode = raw.mode,
        .uid = raw.uid,
        .gid = raw.gid,
        .inode = raw.ino,
        .size = raw.size,
        .device_major = raw.dev_major,
        .device_minor = raw.dev_minor,
        .rdev_major = raw.rdev_major,
        .rdev_minor = raw.rdev_minor,
        .mount_id = raw.mnt_id,
    };
}

pub fn fstat(fd: fd_t) Error!Stat {
    return statx(fd, "", AT.EMPTY_PATH);
}

pub const fs_magic = struct {
    pub const proc: u64 = 0x9fa0;
    pub const cgroup2: u64 = 0x63677270;
    pub const cgroup: u64 = 0x27e0eb;
    pub const tmpfs: u64 = 0x01021994;
    pub const devpts: u64 = 0x1cd1;
    pub const pipefs: u64 = 0x50495045;
};

const StatFs = extern struct {
    type: u64,
    bsize: u64,
    blocks: u64,
    bfree: u64,
    bavail: u64,
    files: u64,
    ffree: u64,
    fsid: [2]i32,
    namelen: u64,
    frsize: u64,
    flags: u64,
    spare: [4]u64,
};

/// statfs(2) f_type.
pub fn fstatfs_type(fd: fd_t) Error!u64 {
    var raw: StatFs = undefined;
    try check_void(linux.syscall2(.fstatfs, usize_of(fd), @intFromPtr(&raw)));
    return raw.type;
}

/// Whether the mount that a descriptor leads to has noexec: ST_NOEXEC of statfs(2) f_flags.
pub fn fstatfs_noexec(fd: fd_t) Error!bool {
    const st_noexec = 8;
    var raw: StatFs = undefined;
    try check_void(linux.syscall2(.fstatfs, usize_of(fd), @intFromPtr(&raw)));
    return raw.flags & st_noexec != 0;
}

pub fn statfs_type(path: [*:0]const u8) Error!u64 {
    var raw: StatFs = undefined;
    try check_void(linux.syscall2(.statfs, @intFromPtr(path), @intFromPtr(&raw)));
    return raw.type;
}

/// getdents64(2) into `buffer`; iterate with `DirectoryEntries`.
pub fn getdents(fd: fd_t, buffer: []u8) Error![]u8 {
    const length = try check(linux.syscall3(.getdents64, usize_of(fd), @intFromPtr(buffer.ptr), buffer.len));
    return buffer[0..length];
}

pub const DirectoryEntry = struct { name: [:0]const u8, type: u8 };

/// The records of one getdents result, without "." and "..".
pub const DirectoryEntries = struct {
    bytes: []const u8,

    pub fn next(self: *DirectoryEntries) ?DirectoryEntry {
        while (self.bytes.len > 0) {
            const record_length = std.mem.readInt(u16, self.bytes[16..18], @import("builtin").cpu.arch.endian());
            const record = self.bytes[0..record_length];
            self.bytes = self.bytes[record_length..];
            const name = std.mem.sliceTo(@as([*:0]const u8, @ptrCast(record.ptr + 19)), 0);
            if (std.mem.eql(u8, name, ".") or std.mem.eql(u8, name, "..")) continue;
            return .{ .name = name, .type = record[18] };
        }
        return null;
    }
};

pub fn dup3(from: fd_t, to: fd_t, flags: u32) Error!void {
    try check_void(linux.syscall3(.dup3, usize_of(from), usize_of(to), flags));
}

/// Duplicates to the lowest free number that is at least `minimum`, close-on-exec.
pub fn dup_at_least(fd: fd_t, minimum: fd_t) Error!fd_t {
    return check_fd(linux.fcntl(fd, linux.F.DUPFD_CLOEXEC, usize_of(minimum)));
}

pub fn fcntl(fd: fd_t, command: i32, argument: usize) Error!usize {
    return check(linux.fcntl(fd, command, argument));
}

pub fn set_cloexec(fd: fd_t, on: bool) Error!void {
    _ = try fcntl(fd, linux.F.SETFD, if (on) linux.FD_CLOEXEC else 0);
}

/// Marks [first, last] close-on-exec (`cloexec`) or closes them. close_range(2).
pub fn close_range(first: u32, last: u32, cloexec: bool) Error!void {
    const flag_cloexec = 4;
    try check_void(linux.syscall3(.close_range, first, last, if (cloexec) flag_cloexec else 0));
}

/// pipe2(2): close-on-exec, and reading never waits.
pub fn pipe(pair: *[2]fd_t) Error!void {
    try check_void(linux.syscall2(.pipe2, @intFromPtr(pair), O.CLOEXEC));
    const flags = try fcntl(pair[0], linux.F.GETFL, 0);
    _ = try fcntl(pair[0], linux.F.SETFL, flags | O.NONBLOCK);
}

/// As `pipe`, but its descriptors wait.
pub fn waiting_pipe(pair: *[2]fd_t) Error!void {
    try check_void(linux.syscall2(.pipe2, @intFromPtr(pair), O.CLOEXEC));
}

/// Moves up to `size` bytes without copying; one of the two is a pipe. EAGAIN: the pipe that is read is
/// empty, or the one that is written full. splice(2) with SPLICE_F_NONBLOCK, which leaves the descriptors'
/// own flags alone.
pub fn splice(from: fd_t, to: fd_t, size: usize) Error!usize {
    const move = 1;
    const nonblock = 2;
    return retry(.splice, .{ usize_of(from), 0, usize_of(to), 0, size, move | nonblock });
}

/// Offset 0. lseek(2).
pub fn rewind(fd: fd_t) Error!void {
    try check_void(linux.syscall3(.lseek, usize_of(fd), 0, 0));
}

pub fn memfd_create(name: [*:0]const u8) Error!fd_t {
    const cloexec = 1;
    const allow_sealing = 2;
    return check_fd(linux.memfd_create(name, cloexec | allow_sealing));
}

/// No more writes, no resize, no further seals: the contents are final. F_ADD_SEALS.
pub fn seal(fd: fd_t) Error!void {
    const f_add_seals = 1033;
    const seal_seal = 1;
    const seal_shrink = 2;
    const seal_grow = 4;
    const seal_write = 8;
    _ = try fcntl(fd, f_add_seals, seal_seal | seal_shrink | seal_grow | seal_write);
}

pub fn flock_exclusive(fd: fd_t, wait: bool) Error!void {
    const lock_ex = 2;
    const lock_nb = 4;
    const operation: usize = if (wait) lock_ex else lock_ex | lock_nb;
    _ = try retry(.flock, .{ usize_of(fd), operation, 0, 0, 0, 0 });
}

pub fn ioctl(fd: fd_t, request: u32, argument: usize) Error!usize {
    return check(linux.ioctl(fd, request, argument));
}

// ---- Mounts: open_tree(2), move_mount(2), fsopen(2) and family ---------------------------------------

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

pub fn mount_setattr(dir: fd_t, path: [*:0]const u8, flags: u32, attr: MountAttr) Error!void {
    try check_void(linux.syscall5(.mount_setattr, usize_of(dir), @intFromPtr(path), flags, @intFromPtr(&attr), @sizeOf(MountAttr)));
}

pub const set_id_map_call = "mount_setattr(MOUNT_ATTR_IDMAP)";

/// `detached`: a mount. `namespace`: a user namespace that has the mapping.
pub fn set_id_map(detached: fd_t, namespace: fd_t, recursive: bool) Error!void {
    const flags = AT.EMPTY_PATH | (if (recursive) AT.RECURSIVE else 0);
    try mount_setattr(detached, "", flags, .{ .set = mount_attr.IDMAP, .userns_fd = @intCast(namespace) });
}

/// A detached copy of the mount (and, `recursive`, of all below it) that `path` is on.
pub fn open_tree_clone(dir: fd_t, path: [*:0]const u8, recursive: bool, flags: u32) Error!fd_t {
    const open_tree_clone_flag = 1;
    const all = open_tree_clone_flag | O.CLOEXEC | flags | (if (recursive) AT.RECURSIVE else 0);
    return check_fd(linux.syscall3(.open_tree, usize_of(dir), @intFromPtr(path), all));
}

/// Attaches the detached mount `from` over what the descriptor `to` refers to.
pub fn move_mount(from: fd_t, to: fd_t) Error!void {
    const from_empty = 0x4;
    const to_empty = 0x40;
    try check_void(linux.syscall5(.move_mount, usize_of(from), @intFromPtr(""), usize_of(to), @intFromPtr(""), from_empty | to_empty));
}

pub fn fsopen(file_system: [*:0]const u8) Error!fd_t {
    const cloexec = 1;
    return check_fd(linux.syscall2(.fsopen, @intFromPtr(file_system), cloexec));
}

pub fn fsconfig_string(fs: fd_t, key: [*:0]const u8, value: [*:0]const u8) Error!void {
    try check_void(linux.syscall5(.fsconfig, usize_of(fs), 1, @intFromPtr(key), @intFromPtr(value), 0));
}

pub fn fsconfig_flag(fs: fd_t, key: [*:0]const u8) Error!void {
    try check_void(linux.syscall5(.fsconfig, usize_of(fs), 0, @intFromPtr(key), 0, 0));
}

pub fn fsconfig_fd(fs: fd_t, key: [*:0]const u8, value: fd_t) Error!void {
    try check_void(linux.syscall5(.fsconfig, usize_of(fs), 5, @intFromPtr(key), 0, usize_of(value)));
}

pub fn fsconfig_create(fs: fd_t) Error!void {
    try check_void(linux.syscall5(.fsconfig, usize_of(fs), 6, 0, 0, 0));
}

pub fn fsconfig_reconfigure(fs: fd_t) Error!void {
    try check_void(linux.syscall5(.fsconfig, usize_of(fs), 7, 0, 0, 0));
}

/// `attributes`: MOUNT_ATTR_* mask.
pub fn fsmount(fs: fd_t, attributes: u32) Error!fd_t {
    const cloexec = 1;
    return check_fd(linux.syscall3(.fsmount, usize_of(fs), cloexec, attributes));
}

pub fn fspick(dir: fd_t, path: [*:0]const u8, flags: u32) Error!fd_t {
    const cloexec = 1;
    return check_fd(linux.syscall3(.fspick, usize_of(dir), @intFromPtr(path), cloexec | flags));
}

pub const fspick_empty_path = 8;

pub fn umount_detach(path: [*:0]const u8) Error!void {
    try check_void(linux.umount2(path, linux.MNT.DETACH));
}

/// The classic mount(2), for what the new calls cannot say (MS_MOVE over "/").
pub fn mount(source: ?[*:0]const u8, target: [*:0]const u8, fs_type: ?[*:0]const u8, flags: u32) Error!void {
    try check_void(linux.syscall5(.mount, @intFromPtr(source), @intFromPtr(target), @intFromPtr(fs_type), flags, 0));
}

/// With the file system's own options, a NUL-terminated string of at most a page.
pub fn mount_with_data(source: [*:0]const u8, target: [*:0]const u8, fs_type: [*:0]const u8, flags: u32, data: [*:0]const u8) Error!void {
    try check_void(linux.syscall5(.mount, @intFromPtr(source), @intFromPtr(target), @intFromPtr(fs_type), flags, @intFromPtr(data)));
}

pub fn pivot_root(new_root: [*:0]const u8, put_old: [*:0]const u8) Error!void {
    try check_void(linux.syscall2(.pivot_root, @intFromPtr(new_root), @intFromPtr(put_old)));
}

pub fn chroot(path: [*:0]const u8) Error!void {
    try check_void(linux.chroot(path));
}

pub fn chdir(path: [*:0]const u8) Error!void {
    try check_void(linux.chdir(path));
}

pub fn fchdir(fd: fd_t) Error!void {
    try check_void(linux.fchdir(fd));
}

/// The raw getcwd(2): "(unreachable)…" when the directory is outside the root.
pub fn getcwd(buffer: []u8) Error![]u8 {
    const length = try check(linux.getcwd(buffer.ptr, buffer.len));
    return buffer[0 .. length - 1];
}

// ---- Processes and namespaces ------------------------------------------------------------------------

pub const CloneArgs = extern struct {
    flags: u64 = 0,
    pidfd: u64 = 0,
    child_tid: u64 = 0,
    parent_tid: u64 = 0,
    exit_signal: u64 = 0,
    stack: u64 = 0,
    stack_size: u64 = 0,
    tls: u64 = 0,
    set_tid: u64 = 0,
    set_tid_size: u64 = 0,
    cgroup: u64 = 0,
};

/// clone3(2) as fork(2): the child continues here with 0. Not with CLONE_VM, which wants another stack.
pub fn clone3_fork(args: *const CloneArgs) Error!i32 {
    std.debug.assert(args.flags & linux.CLONE.VM == 0);
    return @intCast(try check(linux.syscall2(.clone3, @intFromPtr(args), @sizeOf(CloneArgs))));
}

pub fn unshare(flags: u32) Error!void {
    try check_void(linux.unshare(flags));
}

pub fn setns(fd: fd_t, flags: u32) Error!void {
    try check_void(linux.syscall2(.setns, usize_of(fd), flags));
}

pub fn pidfd_open(pid: i32) Error!fd_t {
    return check_fd(linux.syscall2(.pidfd_open, usize_of(pid), 0));
}

/// After pidfd_open(2) failed: there is no such process (any more). Kernels before 6.9 say EINVAL for one
/// that is just being reaped.
pub fn is_no_process() bool {
    return is(.SRCH) or is(.INVAL);
}

pub fn pidfd_send_signal(pidfd: fd_t, signal: u32) Error!void {
    try check_void(linux.syscall4(.pidfd_send_signal, usize_of(pidfd), signal, 0, 0));
}

pub fn kill(pid: i32, signal: u32) Error!void {
    try check_void(linux.syscall2(.kill, usize_of(pid), signal));
}

/// wait4(2). The pid, or 0 with WNOHANG when nothing has ended.
pub fn wait4(pid: i32, status: *u32, options: u32) Error!i32 {
    return @intCast(try retry(.wait4, .{ usize_of(pid), @intFromPtr(status), options, 0, 0, 0 }));
}

pub fn execveat(dir: fd_t, path: [*:0]const u8, args: [*:null]const ?[*:0]const u8, env: [*:null]const ?[*:0]const u8, flags: u32) Error!void {
    try check_void(linux.syscall5(.execveat, usize_of(dir), @intFromPtr(path), @intFromPtr(args), @intFromPtr(env), flags));
}

pub fn getpid() i32 {
    return @bitCast(@as(u32, @truncate(linux.syscall0(.getpid))));
}

pub fn geteuid() u32 {
    return @truncate(linux.syscall0(.geteuid));
}

pub fn getegid() u32 {
    return @truncate(linux.syscall0(.getegid));
}

pub fn setsid() Error!void {
    try check_void(linux.syscall0(.setsid));
}

pub fn umask(mask: u32) u32 {
    return @truncate(linux.syscall1(.umask, mask));
}

/// syslog(2), SYSLOG_ACTION_READ_ALL: the last bytes of the kernel's log that fit, which stay in it.
pub fn syslog_read_all(buffer: []u8) Error![]u8 {
    const read_all = 3;
    const length = try check(linux.syscall3(.syslog, read_all, @intFromPtr(buffer.ptr), buffer.len));
    return buffer[0..length];
}

/// prctl(2); the PR_* number first.
pub fn prctl(option: i32, a: usize, b: usize, c: usize, d: usize) Error!usize {
    return check(linux.syscall5(.prctl, usize_of(option), a, b, c, d));
}

pub const PR = struct {
    pub const SET_DUMPABLE = 4;
    pub const SET_KEEPCAPS = 8;
    pub const CAPBSET_READ = 23;
    pub const CAPBSET_DROP = 24;
    pub const SET_CHILD_SUBREAPER = 36;
    pub const SET_NO_NEW_PRIVS = 38;
    pub const CAP_AMBIENT = 47;
    pub const CAP_AMBIENT_RAISE = 2;
    pub const CAP_AMBIENT_CLEAR_ALL = 4;
};

pub const RLimit = extern struct { soft: u64, hard: u64 };

/// prlimit(2); pid 0: the caller. Either pointer may be null.
pub fn prlimit(pid: i32, resource: u32, new: ?*const RLimit, old: ?*RLimit) Error!void {
    try check_void(linux.syscall4(.prlimit64, usize_of(pid), resource, @intFromPtr(new), @intFromPtr(old)));
}

pub fn sethostname(name: []const u8) Error!void {
    try check_void(linux.syscall2(.sethostname, @intFromPtr(name.ptr), name.len));
}

pub fn setdomainname(name: []const u8) Error!void {
    try check_void(linux.syscall2(.setdomainname, @intFromPtr(name.ptr), name.len));
}

pub fn setgroups(groups: []const u32) Error!void {
    for (groups) |group| _ = try own_id(group);
    try check_void(linux.syscall2(.setgroups, groups.len, @intFromPtr(groups.ptr)));
}

/// EINVAL for 4294967295, which would leave the process who it is.
pub fn setresuid(uid: u32) Error!void {
    _ = try own_id(uid);
    try check_void(linux.syscall3(.setresuid, uid, uid, uid));
}

/// As `setresuid`.
pub fn setresgid(gid: u32) Error!void {
    _ = try own_id(gid);
    try check_void(linux.syscall3(.setresgid, gid, gid, gid));
}

// ---- What a process is: credentials(7), sched(7), keyrings(7), seccomp(2) ------------------------------

pub fn execve(path: [*:0]const u8, args: [*:null]const ?[*:0]const u8, env: [*:null]const ?[*:0]const u8) Error!void {
    try check_void(linux.syscall3(.execve, @intFromPtr(path), @intFromPtr(args), @intFromPtr(env)));
}

/// The three sets of capset(2), bit n: capability n.
pub const CapabilitySets = struct { effective: u64, permitted: u64, inheritable: u64 };

const CapHeader = extern struct { version: u32 = 0x20080522, pid: i32 = 0 };
const CapData = extern struct { effective: u32, permitted: u32, inheritable: u32 };

pub fn capget() Error!CapabilitySets {
    var header: CapHeader = .{};
    var data: [2]CapData = undefined;
    try check_void(linux.syscall2(.capget, @intFromPtr(&header), @intFromPtr(&data)));
    return .{
        .effective = data[0].effective | @as(u64, data[1].effective) << 32,
        .permitted = data[0].permitted | @as(u64, data[1].permitted) << 32,
        .inheritable = data[0].inheritable | @as(u64, data[1].inheritable) << 32,
    };
}

pub fn capset(sets: CapabilitySets) Error!void {
    var header: CapHeader = .{};
    var data: [2]CapData = undefined;
    for (&data, [_]u6{ 0, 32 }) |*half, shift| half.* = .{
        .effective = @truncate(sets.effective >> shift),
        .permitted = @truncate(sets.permitted >> shift),
        .inheritable = @truncate(sets.inheritable >> shift),
    };
    try check_void(linux.syscall2(.capset, @intFromPtr(&header), @intFromPtr(&data)));
}

/// 8192 CPUs: the most any kernel is built for.
pub const cpu_words_max = 8192 / 32;

/// Of the calling thread; bit n of the mask: CPU n.
pub fn sched_setaffinity(mask: []const u32) Error!void {
    try check_void(linux.syscall3(.sched_setaffinity, 0, mask.len * @sizeOf(u32), @intFromPtr(mask.ptr)));
}

/// The part of `buffer` that the kernel has written.
pub fn sched_getaffinity(buffer: *align(8) [cpu_words_max]u32) Error![]u32 {
    const bytes = try check(linux.syscall3(.sched_getaffinity, 0, @sizeOf(@TypeOf(buffer.*)), @intFromPtr(buffer)));
    return buffer[0 .. bytes / @sizeOf(u32)];
}

/// struct sched_attr of sched_setattr(2), in its first version.
pub const SchedAttr = extern struct {
    size: u32 = @sizeOf(SchedAttr),
    policy: u32,
    flags: u64,
    nice: i32,
    priority: u32,
    runtime_ns: u64,
    deadline_ns: u64,
    period_ns: u64,
};

pub fn sched_setattr(attr: *const SchedAttr) Error!void {
    try check_void(linux.syscall3(.sched_setattr, 0, @intFromPtr(attr), 0));
}

/// Of the caller. ioprio_set(2).
pub fn ioprio_set(value: u32) Error!void {
    const who_process = 1;
    try check_void(linux.syscall3(.ioprio_set, who_process, 0, value));
}

/// `max_node` bits of `nodes` are read. set_mempolicy(2).
pub fn set_mempolicy(mode: u32, nodes: ?[*]const u32, max_node: usize) Error!void {
    try check_void(linux.syscall3(.set_mempolicy, mode, @intFromPtr(nodes), max_node));
}

pub fn personality(persona: u32) Error!void {
    try check_void(linux.syscall1(.personality, persona));
}

pub const KEYCTL = struct {
    pub const JOIN_SESSION_KEYRING = 1;
    pub const SETPERM = 5;
    pub const DESCRIBE = 6;
};

/// keyctl(2); the KEYCTL_* number first.
pub fn keyctl(operation: u32, a: usize, b: usize, c: usize) Error!usize {
    return check(linux.syscall5(.keyctl, operation, a, b, c, 0));
}

/// struct sock_fprog.
pub const SockFprog = extern struct { length: u16, filter: [*]const u8 };

/// SECCOMP_SET_MODE_FILTER: 0, or the listener with SECCOMP_FILTER_FLAG_NEW_LISTENER. seccomp(2).
pub fn seccomp_set_filter(flags: u32, program: *const SockFprog) Error!usize {
    const set_mode_filter = 1;
    return check(linux.syscall3(.seccomp, set_mode_filter, flags, @intFromPtr(program)));
}

/// The process's system call filter may refuse each of these: then the next one, and in the end what needs no
/// call.
pub fn exit(status: u8) noreturn {
    _ = linux.syscall1(.exit_group, status);
    _ = linux.syscall1(.exit, status);
    // A filter may answer with 0 or any errno, which to kill(2) would be other processes.
    const pid = @as(isize, @bitCast(linux.syscall0(.getpid)));
    if (pid > 0) _ = linux.syscall2(.kill, @bitCast(pid), @intFromEnum(linux.SIG.KILL));
    // SIGILL: also of pid 1 of a pid namespace, which its own SIGKILL does not reach.
    @trap();
}

// ---- Signals -----------------------------------------------------------------------------------------

/// A kernel signal set: bit n-1 is signal n.
pub const SignalSet = u64;

pub fn signal_bit(signal: u32) SignalSet {
    std.debug.assert(signal >= 1 and signal <= 64);
    return @as(SignalSet, 1) << @intCast(signal - 1);
}

pub const SIG = struct {
    pub const BLOCK = 0;
    pub const SETMASK = 2;
};

pub fn sigprocmask(how: u32, set: SignalSet, old: ?*SignalSet) void {
    const rc = linux.syscall4(.rt_sigprocmask, how, @intFromPtr(&set), @intFromPtr(old), @sizeOf(SignalSet));
    std.debug.assert(rc == 0);
}

/// SIG_DFL for every signal that can have another disposition.
pub fn reset_signal_dispositions() void {
    // struct kernel_sigaction; all zero is SIG_DFL with no flags.
    const default_action: [4]u64 = @splat(0);
    var signal: u32 = 1;
    while (signal <= 64) : (signal += 1) {
        if (signal == 9 or signal == 19) continue; // SIGKILL and SIGSTOP
        _ = linux.syscall4(.rt_sigaction, signal, @intFromPtr(&default_action), 0, @sizeOf(SignalSet));
    }
}

pub fn signalfd(set: SignalSet) Error!fd_t {
    const cloexec = O.CLOEXEC;
    return check_fd(linux.syscall4(.signalfd4, usize_of(@as(i32, -1)), @intFromPtr(&set), @sizeOf(SignalSet), cloexec));
}

pub fn eventfd() Error!fd_t {
    return check_fd(linux.syscall2(.eventfd2, 0, O.CLOEXEC));
}

pub const SignalInfo = linux.signalfd_siginfo;

pub const PollFd = linux.pollfd;
pub const POLL = linux.POLL;

/// poll(2) with a timeout in milliseconds, -1: none. EINTR is retried with the whole timeout.
pub fn poll(fds: []PollFd, timeout_ms: i32) Error!usize {
    if (timeout_ms < 0) {
        return retry(.ppoll, .{ @intFromPtr(fds.ptr), fds.len, 0, 0, 0, 0 });
    }
    const timeout: [2]i64 = .{ @divTrunc(timeout_ms, 1000), @as(i64, @rem(timeout_ms, 1000)) * 1_000_000 };
    return retry(.ppoll, .{ @intFromPtr(fds.ptr), fds.len, @intFromPtr(&timeout), 0, 0, 0 });
}

/// CLOCK_MONOTONIC, milliseconds.
pub fn monotonic_ms() u64 {
    return monotonic_us() / 1000;
}

pub fn monotonic_us() u64 {
    var now: [2]i64 = undefined;
    const rc = linux.syscall2(.clock_gettime, 1, @intFromPtr(&now));
    std.debug.assert(rc == 0);
    return @as(u64, @intCast(now[0])) * 1_000_000 + @as(u64, @intCast(now[1])) / 1000;
}

// ---- Sockets -----------------------------------------------------------------------------------------

pub const AF_UNIX = 1;
pub const SOCK_STREAM = 1;
pub const SOCK_SEQPACKET = 5;
pub const SOCK_DGRAM = 2;
pub const SOCK_CLOEXEC: u32 = O.CLOEXEC;

pub fn socketpair_seqpacket(pair: *[2]fd_t) Error!void {
    try check_void(linux.syscall4(.socketpair, AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, @intFromPtr(pair)));
}

pub fn socket(family: u32, kind: u32) Error!fd_t {
    return check_fd(linux.syscall3(.socket, family, kind, 0));
}

pub fn socket_protocol(family: u32, kind: u32, protocol: u32) Error!fd_t {
    return check_fd(linux.syscall3(.socket, family, kind, protocol));
}

const SockaddrUn = extern struct { family: u16 = AF_UNIX, path: [108]u8 = @splat(0) };

fn unix_address(path: []const u8) Error!SockaddrUn {
    var address: SockaddrUn = .{};
    if (path.len >= address.path.len) return fail(.NAMETOOLONG);
    @memcpy(address.path[0..path.len], path);
    return address;
}

/// `path` must be shorter than 108 bytes; longer ones go through /proc/self/fd/N of their directory.
pub fn bind_unix(fd: fd_t, path: []const u8) Error!void {
    const address = try unix_address(path);
    try check_void(linux.syscall3(.bind, usize_of(fd), @intFromPtr(&address), @sizeOf(SockaddrUn)));
}

pub fn connect_unix(fd: fd_t, path: []const u8) Error!void {
    const address = try unix_address(path);
    _ = try retry(.connect, .{ usize_of(fd), @intFromPtr(&address), @sizeOf(SockaddrUn), 0, 0, 0 });
}

/// `name` without the NUL byte that an abstract address begins with. unix(7).
pub fn connect_unix_abstract(fd: fd_t, name: []const u8) Error!void {
    var address: SockaddrUn = .{};
    if (name.len >= address.path.len) return fail(.NAMETOOLONG);
    @memcpy(address.path[1 .. 1 + name.len], name);
    const length = @offsetOf(SockaddrUn, "path") + 1 + name.len;
    _ = try retry(.connect, .{ usize_of(fd), @intFromPtr(&address), length, 0, 0, 0 });
}

pub const MSG = struct {
    pub const DONTWAIT = 0x40;
    pub const NOSIGNAL = 0x4000;
};

pub fn send(fd: fd_t, bytes: []const u8, flags: u32) Error!usize {
    return retry(.sendto, .{ usize_of(fd), @intFromPtr(bytes.ptr), bytes.len, flags, 0, 0 });
}

pub fn receive(fd: fd_t, buffer: []u8, flags: u32) Error!usize {
    return retry(.recvfrom, .{ usize_of(fd), @intFromPtr(buffer.ptr), buffer.len, flags, 0, 0 });
}

pub fn listen(fd: fd_t, backlog: u32) Error!void {
    try check_void(linux.syscall2(.listen, usize_of(fd), backlog));
}

pub fn accept(fd: fd_t) Error!fd_t {
    return @intCast(try retry(.accept4, .{ usize_of(fd), 0, 0, SOCK_CLOEXEC, 0, 0 }));
}

const IoVec = extern struct { base: usize, len: usize };
const MsgHdr = extern struct {
    name: usize = 0,
    name_len: u32 = 0,
    iov: usize,
    iov_len: usize = 1,
    control: usize = 0,
    control_len: usize = 0,
    flags: u32 = 0,
};
/// cmsghdr plus at most one descriptor (SCM_RIGHTS), padded as CMSG_SPACE does.
const ControlFd = extern struct {
    len: usize = 20,
    level: i32 = 1, // SOL_SOCKET
    type: i32 = 1, // SCM_RIGHTS
    fd: fd_t,
    padding: u32 = 0,
};

/// Sends `bytes` as one message, with a descriptor unless it is negative. Never raises SIGPIPE.
pub fn send_message(fd: fd_t, bytes: []const u8, passed: fd_t) Error!void {
    const iov: IoVec = .{ .base = @intFromPtr(bytes.ptr), .len = bytes.len };
    var control: ControlFd = .{ .fd = passed };
    var header: MsgHdr = .{ .iov = @intFromPtr(&iov) };
    if (passed >= 0) {
        header.control = @intFromPtr(&control);
        header.control_len = @sizeOf(ControlFd);
    }
    const msg_nosignal = 0x4000;
    _ = try retry(.sendmsg, .{ usize_of(fd), @intFromPtr(&header), msg_nosignal, 0, 0, 0 });
}

pub const Received = struct { bytes: []u8, fd: fd_t };

/// One message and the descriptor that came with it (-1: none), close-on-exec. Empty bytes: the peer is gone.
pub fn receive_message(fd: fd_t, buffer: []u8) Error!Received {
    const iov: IoVec = .{ .base = @intFromPtr(buffer.ptr), .len = buffer.len };
    var control: ControlFd = .{ .len = 0, .fd = -1 };
    var header: MsgHdr = .{
        .iov = @intFromPtr(&iov),
        .control = @intFromPtr(&control),
        .control_len = @sizeOf(ControlFd),
    };
    const msg_cmsg_cloexec = 0x40000000;
    const length = try retry(.recvmsg, .{ usize_of(fd), @intFromPtr(&header), msg_cmsg_cloexec, 0, 0, 0 });
    const has_fd = header.control_len >= 20 and control.len == 20 and control.type == 1;
    return .{ .bytes = buffer[0..length], .fd = if (has_fd) control.fd else -1 };
}

test "check tells values from errors" {
    try std.testing.expectEqual(@as(usize, 7), try check(7));
    try std.testing.expectError(error.Sys, check(@bitCast(@as(isize, -2))));
    try std.testing.expect(is(.NOENT));
    // A high address is a value: only the last page of the range is errors.
    try std.testing.expectEqual(@as(usize, @bitCast(@as(isize, -4096))), try check(@bitCast(@as(isize, -4096))));
}

test "a descriptor crosses a seqpacket pair" {
    var pair: [2]fd_t = undefined;
    try socketpair_seqpacket(&pair);
    defer close(pair[0]);
    defer close(pair[1]);
    const memfd = try memfd_create("test");
    defer close(memfd);
    try send_message(pair[0], "hello", memfd);
    var buffer: [16]u8 = undefined;
    const received = try receive_message(pair[1], &buffer);
    try std.testing.expectEqualStrings("hello", received.bytes);
    try std.testing.expect(received.fd >= 0);
    try std.testing.expectEqual((try fstat(memfd)).inode, (try fstat(received.fd)).inode);
    close(received.fd);
    try send_message(pair[0], "bare", -1);
    try std.testing.expectEqual(@as(fd_t, -1), (try receive_message(pair[1], &buffer)).fd);
}

test "device numbers" {
    const cases = [_]struct { u32, u32, ?u32 }{
        .{ 1, 3, 0x103 },
        .{ 5, 0, 0x500 },
        .{ 8, 256, 0x100800 },
        .{ 4095, 1048575, 0xffffffff },
        .{ 4096, 0, null },
        .{ 0, 1048576, null },
    };
    for (cases) |case| try std.testing.expectEqual(case[2], makedev(case[0], case[1]));
}

test "paths are terminated and bounded" {
    var buffer: PathBuffer = undefined;
    try std.testing.expectEqualStrings("/a", try zero_terminate(&buffer, "/a"));
    try std.testing.expectError(error.Sys, zero_terminate(&buffer, "a\x00b"));
    const long: [path_max]u8 = @splat('a');
    try std.testing.expectError(error.Sys, zero_terminate(&buffer, &long));
    try std.testing.expect(is(.NAMETOOLONG));
}

test "no ID is one that the kernel reads as no change" {
    try std.testing.expectError(error.Sys, setresuid(no_id));
    try std.testing.expect(is(.INVAL));
    try std.testing.expectError(error.Sys, setresgid(no_id));
    try std.testing.expectError(error.Sys, setgroups(&.{ 1, no_id }));
    const file = try memfd_create("test");
    defer close(file);
    try std.testing.expectError(error.Sys, fchownat(file, "", no_id, null, AT.EMPTY_PATH));
    try std.testing.expectError(error.Sys, fchownat(file, "", null, no_id, AT.EMPTY_PATH));
    try fchownat(file, "", null, null, AT.EMPTY_PATH);
}
