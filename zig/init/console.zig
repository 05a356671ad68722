//! The terminal of the process: a pseudo-terminal of the container's own devpts (pty(7)). Its master goes to
//! the parent, its slave becomes standard input, output, error, controlling terminal and /dev/console.
//! Runs in bunc-init, stage 2: after the mounts of the container, before paths are masked.
//!
//! The image and other containers that share a volume can put symbolic links where these files are
//! expected and swap them at any time (CVE-2025-52565). So no path is trusted for what it is: the master
//! is opened without following links and proved to be a devpts ptmx; the slave comes from the master
//! (TIOCGPTPEER), never from a name; and it is mounted by descriptor on a file that is opened the same way.

const std = @import("std");
const sys = @import("../sys.zig");
const plan = @import("../plan.zig");
const paths = @import("path.zig");
const Context = @import("context.zig").Context;

const NO_LINKS = sys.RESOLVE.IN_ROOT | sys.RESOLVE.NO_SYMLINKS | sys.RESOLVE.NO_MAGICLINKS;
const T = std.os.linux.T;

pub fn console(context: *Context, op: plan.Console) Context.Failed!void {
    const master = try open_master(context);
    defer sys.close(master);
    const slave = try open_slave(context, master);

    const size = context.plan.stdio;
    if (size.rows != 0 and size.columns != 0) {
        const winsize: std.posix.winsize =
            .{ .row = size.rows, .col = size.columns, .xpixel = 0, .ypixel = 0 };
        _ = sys.ioctl(master, T.IOCSWINSZ, @intFromPtr(&winsize)) catch
            return context.fail("ioctl(TIOCSWINSZ)", "terminal");
    }
    if (!op.newline_to_crlf) try keep_newlines(context, slave);
    if (op.bind) try bind(context, slave);
    try context.tell(.console, "", master);

    for (0..3) |fd| sys.dup3(slave, @intCast(fd), 0) catch return context.fail("dup3", "terminal");
    sys.close(slave);
    // bunc-init leads its session since its start (main.zig).
    _ = sys.ioctl(0, T.IOCSCTTY, 0) catch return context.fail("ioctl(TIOCSCTTY)", "terminal");
}

fn keep_newlines(context: *const Context, slave: sys.fd_t) Context.Failed!void {
    var settings: std.os.linux.termios = undefined;
    _ = sys.ioctl(slave, T.CGETS, @intFromPtr(&settings)) catch
        return context.fail("ioctl(TCGETS)", "terminal");
    settings.oflag.ONLCR = false;
    _ = sys.ioctl(slave, T.CSETS, @intFromPtr(&settings)) catch
        return context.fail("ioctl(TCSETS)", "terminal");
}

fn open_master(context: *Context) Context.Failed!sys.fd_t {
    const path = "/dev/pts/ptmx";
    // O_PATH first: opening a device of the image's choice could have effects of its own.
    const handle = sys.openat2(context.root, path, sys.O.PATH | sys.O.NOFOLLOW, NO_LINKS) catch
        return context.fail("openat2", path);
    defer sys.close(handle);
    try require_ptmx(context, handle, path, "it is not the ptmx device of a devpts file system");
    // Walked again, as an O_PATH descriptor cannot be opened without /proc; so what it opened is checked
    // again.
    const flags = sys.O.RDWR | sys.O.NOCTTY | sys.O.NOFOLLOW;
    const master = sys.openat2(context.root, path, flags, NO_LINKS) catch
        return context.fail("openat2", path);
    errdefer sys.close(master);
    try require_ptmx(context, master, path, "it changed while the terminal was made");
    return master;
}

fn require_ptmx(context: *Context, fd: sys.fd_t, path: []const u8, wrong: []const u8) Context.Failed!void {
    const right = is_ptmx(fd) catch return context.fail("fstat", path);
    if (!right) return context.refuse(.XDEV, .unsafe_path, "openat2", path, wrong);
}

/// Character device 5:2, inode 2 of a devpts (fs/devpts/inode.c).
fn is_ptmx(fd: sys.fd_t) sys.Error!bool {
    const stat = try sys.fstat(fd);
    return try sys.fstatfs_type(fd) == sys.fs_magic.devpts and stat.inode == 2 and
        stat.mode & sys.S.IFMT == sys.S.IFCHR and stat.rdev_major == 5 and stat.rdev_minor == 2;
}

fn open_slave(context: *Context, master: sys.fd_t) Context.Failed!sys.fd_t {
    const unlock: i32 = 0;
    _ = sys.ioctl(master, T.IOCSPTLCK, @intFromPtr(&unlock)) catch
        return context.fail("ioctl(TIOCSPTLCK)", "terminal");
    const flags = sys.O.RDWR | sys.O.NOCTTY | sys.O.CLOEXEC;
    const slave = sys.ioctl(master, T.IOCGPTPEER, flags) catch
        return context.fail("ioctl(TIOCGPTPEER)", "terminal");
    return @intCast(slave);
}

/// Mounts the slave over /dev/console.
fn bind(context: *Context, slave: sys.fd_t) Context.Failed!void {
    const path = "/dev/console";
    const flags = sys.O.RDONLY | sys.O.NOFOLLOW | sys.O.NOCTTY | sys.O.NONBLOCK;
    const target = sys.openat2_create(context.root, path, flags, 0o666, NO_LINKS) catch blk: {
        // A device that cannot be opened, a socket, or a file in a read-only /dev can be covered too.
        if (sys.is(.LOOP)) return paths.refuse_link(context, path);
        const refused = sys.backend.errno;
        break :blk sys.openat2(context.root, path, sys.O.PATH | sys.O.NOFOLLOW, NO_LINKS) catch {
            // It could not be made: why, the first attempt says.
            if (sys.is(.NOENT)) sys.backend.errno = refused;
            return context.fail("openat2", path);
        };
    };
    defer sys.close(target);
    const stat = sys.fstat(target) catch return context.fail("fstat", path);
    if (stat.is_directory() or stat.is_symlink()) {
        const errno: sys.E = if (stat.is_directory()) .ISDIR else .LOOP;
        return context.refuse(errno, .unsafe_path, "openat2", path, "a terminal cannot be mounted on it");
    }
    const tree = sys.open_tree_clone(slave, "", false, sys.AT.EMPTY_PATH) catch
        return context.fail("open_tree", "terminal");
    defer sys.close(tree);
    sys.move_mount(tree, target) catch return context.fail("move_mount", path);
}
