//! The errnos with which each system call fails: the ERRORS of its man page, without EFAULT and EBADF, which
//! only a bug in bunc can cause.

const std = @import("std");
const linux = std.os.linux;
const E = linux.E;

const table = [_]struct { linux.SYS, []const E }{
    .{ .accept4, &.{ .AGAIN, .CONNABORTED, .INTR, .INVAL, .MFILE, .NFILE, .NOBUFS, .NOMEM, .PERM } },
    .{
        .bind,
        &.{
            .ACCES, .ADDRINUSE, .INVAL, .NOTSOCK, .ADDRNOTAVAIL, .LOOP, .NAMETOOLONG, .NOENT,
            .NOMEM, .NOTDIR,    .ROFS,
        },
    },
    .{ .bpf, &.{ .@"2BIG", .ACCES, .AGAIN, .INVAL, .NOENT, .NOMEM, .PERM } },
    .{ .capget, &.{ .INVAL, .PERM, .SRCH } },
    .{ .capset, &.{ .INVAL, .PERM, .SRCH } },
    .{ .chdir, &.{ .ACCES, .IO, .LOOP, .NAMETOOLONG, .NOENT, .NOMEM, .NOTDIR } },
    .{ .chroot, &.{ .ACCES, .IO, .LOOP, .NAMETOOLONG, .NOENT, .NOMEM, .NOTDIR, .PERM } },
    .{ .clone3, &.{ .AGAIN, .BUSY, .EXIST, .INVAL, .NOMEM, .NOSPC, .OPNOTSUPP, .PERM, .USERS } },
    .{ .close, &.{ .INTR, .IO, .NOSPC, .DQUOT } },
    .{ .close_range, &.{ .INVAL, .MFILE, .NOMEM } },
    .{
        .connect,
        &.{
            .ACCES,      .PERM, .ADDRINUSE, .ADDRNOTAVAIL, .AFNOSUPPORT, .AGAIN,     .ALREADY,  .CONNREFUSED,
            .INPROGRESS, .INTR, .ISCONN,    .NETUNREACH,   .NOTSOCK,     .PROTOTYPE, .TIMEDOUT,
        },
    },
    .{ .dup3, &.{ .BUSY, .INTR, .INVAL, .MFILE } },
    .{
        .execve,
        &.{
            .@"2BIG", .ACCES, .AGAIN,  .INVAL, .IO,     .ISDIR, .LIBBAD, .LOOP, .MFILE, .NAMETOOLONG,
            .NFILE,   .NOENT, .NOEXEC, .NOMEM, .NOTDIR, .PERM,  .TXTBSY,
        },
    },
    .{
        .execveat,
        &.{
            .@"2BIG", .ACCES,  .INVAL, .IO, .LOOP, .MFILE, .NFILE, .NOENT, .NOEXEC, .NOMEM, .NOTDIR,
            .PERM,    .TXTBSY,
        },
    },
    .{
        .faccessat2,
        &.{ .ACCES, .INVAL, .IO, .LOOP, .NAMETOOLONG, .NOENT, .NOMEM, .NOTDIR, .PERM, .ROFS, .TXTBSY },
    },
    .{ .fchdir, &.{ .ACCES, .NOTDIR } },
    .{ .fchmod, &.{ .IO, .PERM, .ROFS } },
    .{ .fchmodat, &.{ .INVAL, .IO, .LOOP, .NAMETOOLONG, .NOENT, .NOMEM, .NOTDIR, .OPNOTSUPP, .PERM, .ROFS } },
    .{ .fchownat, &.{ .ACCES, .INVAL, .IO, .LOOP, .NAMETOOLONG, .NOENT, .NOMEM, .NOTDIR, .PERM, .ROFS } },
    .{ .fcntl, &.{ .ACCES, .AGAIN, .BUSY, .INTR, .INVAL, .MFILE, .NOLCK, .PERM } },
    .{ .flock, &.{ .INTR, .INVAL, .NOLCK, .AGAIN } },
    .{
        .fsconfig,
        &.{ .ACCES, .BUSY, .INVAL, .LOOP, .NODEV, .NOENT, .NOMEM, .NOTBLK, .NXIO, .OPNOTSUPP, .PERM },
    },
    .{ .fsmount, &.{ .BUSY, .INVAL, .MFILE, .NFILE, .NOMEM, .PERM } },
    .{ .fsopen, &.{ .INVAL, .MFILE, .NFILE, .NODEV, .NOMEM, .PERM } },
    .{ .fspick, &.{ .ACCES, .INVAL, .LOOP, .MFILE, .NAMETOOLONG, .NFILE, .NOENT, .NOMEM, .NOTDIR, .PERM } },
    .{ .fstatfs, &.{ .INTR, .IO, .NOMEM, .NOSYS, .OVERFLOW } },
    .{ .getcwd, &.{ .ACCES, .INVAL, .NAMETOOLONG, .NOENT, .NOMEM, .RANGE } },
    .{ .getdents64, &.{ .INVAL, .NOENT, .NOTDIR } },
    .{ .ioctl, &.{ .INVAL, .NOTTY, .IO, .PERM, .NODEV } },
    .{ .ioprio_set, &.{ .INVAL, .PERM, .SRCH } },
    .{ .kill, &.{ .INVAL, .PERM, .SRCH } },
    .{
        .keyctl,
        &.{
            .ACCES, .DQUOT, .INVAL, .KEYEXPIRED, .KEYREJECTED, .KEYREVOKED, .LOOP, .NFILE, .NOENT,
            .NOKEY, .NOMEM, .NOSYS, .NOTDIR,     .OPNOTSUPP,   .OVERFLOW,   .PERM,
        },
    },
    .{ .listen, &.{ .ADDRINUSE, .NOTSOCK, .OPNOTSUPP } },
    .{ .lseek, &.{ .INVAL, .NXIO, .OVERFLOW, .SPIPE } },
    .{ .memfd_create, &.{ .INVAL, .MFILE, .NFILE, .NOMEM, .PERM } },
    .{
        .mkdirat,
        &.{
            .ACCES,  .DQUOT, .EXIST, .INVAL,    .LOOP, .MLINK, .NAMETOOLONG, .NOENT, .NOMEM, .NOSPC,
            .NOTDIR, .PERM,  .ROFS,  .OVERFLOW,
        },
    },
    .{
        .mknodat,
        &.{
            .ACCES, .DQUOT, .EXIST, .INVAL, .LOOP, .NAMETOOLONG, .NOENT, .NOMEM, .NOSPC, .NOTDIR,
            .PERM,  .ROFS,
        },
    },
    .{ .mmap, &.{ .ACCES, .AGAIN, .INVAL, .NFILE, .NODEV, .NOMEM, .OVERFLOW, .PERM } },
    .{
        .mount,
        &.{
            .ACCES,  .BUSY, .INVAL, .LOOP, .MFILE, .NAMETOOLONG, .NODEV, .NOENT, .NOMEM, .NOTBLK,
            .NOTDIR, .NXIO, .PERM,  .ROFS,
        },
    },
    .{ .mount_setattr, &.{ .BUSY, .INVAL, .MFILE, .NOENT, .NOMEM, .NOSPC, .PERM } },
    .{ .move_mount, &.{ .ACCES, .BUSY, .INVAL, .LOOP, .NAMETOOLONG, .NOENT, .NOMEM, .NOTDIR, .PERM } },
    .{ .munmap, &.{ .INVAL, .NOMEM } },
    .{
        .open_tree,
        &.{ .ACCES, .INVAL, .LOOP, .MFILE, .NAMETOOLONG, .NFILE, .NOENT, .NOMEM, .NOSPC, .NOTDIR, .PERM },
    },
    .{ .openat, &open },
    .{ .openat2, &(open ++ [_]E{ .@"2BIG", .AGAIN, .XDEV }) },
    .{ .personality, &.{.INVAL} },
    .{ .pidfd_open, &.{ .INVAL, .MFILE, .NFILE, .NODEV, .NOMEM, .SRCH } },
    .{ .pidfd_send_signal, &.{ .INVAL, .PERM, .SRCH } },
    .{ .pipe2, &.{ .INVAL, .MFILE, .NFILE } },
    .{ .pivot_root, &.{ .BUSY, .INVAL, .NOTDIR, .PERM } },
    .{ .ppoll, &.{ .INTR, .INVAL, .NOMEM } },
    .{ .prctl, &.{ .ACCES, .BUSY, .INVAL, .PERM } },
    .{ .pread64, &read },
    .{ .prlimit64, &.{ .INVAL, .PERM, .SRCH } },
    .{ .read, &read },
    .{ .readlinkat, &.{ .ACCES, .INVAL, .IO, .LOOP, .NAMETOOLONG, .NOENT, .NOMEM, .NOTDIR } },
    // EMFILE: the message arrives without its descriptor (passing.zig).
    .{ .recvmsg, &.{ .MFILE, .AGAIN, .CONNREFUSED, .CONNRESET, .INTR, .INVAL, .NOMEM, .NOTCONN, .NOTSOCK } },
    .{
        .renameat2,
        &.{
            .ACCES, .BUSY,  .DQUOT,  .EXIST,    .INVAL, .ISDIR, .LOOP, .MLINK, .NAMETOOLONG, .NOENT,
            .NOMEM, .NOSPC, .NOTDIR, .NOTEMPTY, .PERM,  .ROFS,  .XDEV,
        },
    },
    .{ .rt_sigaction, &.{.INVAL} },
    .{ .sched_getaffinity, &.{ .INVAL, .PERM, .SRCH } },
    .{ .sched_setaffinity, &.{ .INVAL, .PERM, .SRCH } },
    .{ .sched_setattr, &.{ .@"2BIG", .BUSY, .INVAL, .PERM, .SRCH } },
    .{ .seccomp, &.{ .ACCES, .BUSY, .CANCELED, .INVAL, .NOMEM, .OPNOTSUPP, .SRCH } },
    .{
        .sendmsg,
        &.{
            .ACCES,   .AGAIN,   .CONNRESET, .INTR, .INVAL, .ISCONN, .MSGSIZE, .NOBUFS, .NOMEM,
            .NOTCONN, .NOTSOCK, .OPNOTSUPP, .PIPE,
        },
    },
    .{ .set_mempolicy, &.{ .INVAL, .NOMEM } },
    .{ .setdomainname, &.{ .INVAL, .PERM } },
    .{ .setgroups, &.{ .INVAL, .NOMEM, .PERM } },
    .{ .sethostname, &.{ .INVAL, .PERM } },
    .{ .setns, &.{ .INVAL, .NOMEM, .PERM, .SRCH, .USERS } },
    .{ .setresgid, &.{ .AGAIN, .INVAL, .PERM } },
    .{ .setresuid, &.{ .AGAIN, .INVAL, .PERM } },
    .{ .setsid, &.{.PERM} },
    .{ .signalfd4, &.{ .INVAL, .MFILE, .NFILE, .NODEV, .NOMEM } },
    .{ .socket, &.{ .ACCES, .AFNOSUPPORT, .INVAL, .MFILE, .NFILE, .NOBUFS, .NOMEM, .PROTONOSUPPORT } },
    .{ .socketpair, &.{ .AFNOSUPPORT, .MFILE, .NFILE, .OPNOTSUPP, .PROTONOSUPPORT } },
    .{ .splice, &.{ .AGAIN, .INVAL, .NOMEM, .SPIPE } },
    .{ .statx, &.{ .ACCES, .INVAL, .LOOP, .NAMETOOLONG, .NOENT, .NOMEM, .NOTDIR } },
    .{
        .symlinkat,
        &.{ .ACCES, .DQUOT, .EXIST, .IO, .LOOP, .NAMETOOLONG, .NOENT, .NOMEM, .NOSPC, .NOTDIR, .PERM, .ROFS },
    },
    .{ .umount2, &.{ .AGAIN, .BUSY, .INVAL, .NAMETOOLONG, .NOENT, .NOMEM, .PERM } },
    .{
        .unlinkat,
        &.{
            .ACCES,    .BUSY, .INVAL, .IO, .ISDIR, .LOOP, .NAMETOOLONG, .NOENT, .NOMEM, .NOTDIR,
            .NOTEMPTY, .PERM, .ROFS,
        },
    },
    .{ .unshare, &.{ .INVAL, .NOMEM, .NOSPC, .PERM, .USERS } },
    .{ .wait4, &.{ .CHILD, .INTR, .INVAL, .SRCH } },
    .{ .write, &.{ .AGAIN, .DESTADDRREQ, .DQUOT, .FBIG, .INTR, .INVAL, .IO, .NOSPC, .PERM, .PIPE } },
};

const open = [_]E{
    .ACCES,
    .BUSY,
    .DQUOT,
    .EXIST,
    .FBIG,
    .INTR,
    .INVAL,
    .ISDIR,
    .LOOP,
    .MFILE,
    .NAMETOOLONG,
    .NFILE,
    .NODEV,
    .NOENT,
    .NOMEM,
    .NOSPC,
    .NOTDIR,
    .NXIO,
    .OPNOTSUPP,
    .OVERFLOW,
    .PERM,
    .ROFS,
    .TXTBSY,
};
const read = [_]E{ .AGAIN, .INTR, .INVAL, .IO, .ISDIR };

/// Calls that always succeed, according to their man pages.
const certain = [_]linux.SYS{
    .getpid,
    .geteuid,
    .getegid,
    .umask,
    .clock_gettime,
    .exit_group,
    .exit,
    .rt_sigprocmask,
};

pub fn of(number: linux.SYS) []const E {
    for (table) |row| if (row[0] == number) return row[1];
    for (certain) |each| if (each == number) return &.{};
    std.debug.panic("no errnos for {t}", .{number});
}
