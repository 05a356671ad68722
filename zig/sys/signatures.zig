//! What arguments each system call of the core has. The compiler counts them at every call (kernel.zig): one
//! that is left out would be what its register happened to hold.

const linux = @import("std").os.linux;

/// f: descriptor, p: path, t: other text, n: number, x: flags; -: a structure, a buffer or its size.
const table = [_]struct { linux.SYS, []const u8 }{
    .{ .accept4, "f--x" },           .{ .bind, "f--" },            .{ .bpf, "n--" },
    .{ .capget, "--" },              .{ .capset, "--" },           .{ .chdir, "p" },
    .{ .chroot, "p" },               .{ .clock_gettime, "n-" },    .{ .clone3, "--" },
    .{ .close, "f" },                .{ .close_range, "nnx" },     .{ .connect, "f--" },
    .{ .dup3, "ffx" },               .{ .eventfd2, "nx" },         .{ .execve, "p--" },
    .{ .execveat, "fp--x" },         .{ .exit, "n" },              .{ .exit_group, "n" },
    .{ .faccessat2, "fpxx" },        .{ .fchdir, "f" },            .{ .fchmod, "fx" },
    .{ .fchmodat, "fpx" },           .{ .fchownat, "fpnnx" },      .{ .fcntl, "fn-" },
    .{ .flock, "fx" },               .{ .fsconfig, "fntt-" },      .{ .fsmount, "fxx" },
    .{ .fsopen, "tx" },              .{ .fspick, "fpx" },          .{ .fstatfs, "f-" },
    .{ .getcwd, "--" },              .{ .getdents64, "f--" },      .{ .getegid, "" },
    .{ .geteuid, "" },               .{ .getpid, "" },             .{ .ioctl, "fx-" },
    .{ .ioprio_set, "nnn" },         .{ .keyctl, "n----" },        .{ .kill, "nn" },
    .{ .listen, "fn" },              .{ .lseek, "fnn" },           .{ .memfd_create, "tx" },
    .{ .mkdirat, "fpx" },            .{ .mknodat, "fpxx" },        .{ .mmap, "-----n" },
    .{ .mount, "tptxt" },            .{ .mount_setattr, "fpx--" }, .{ .move_mount, "fpfpx" },
    .{ .munmap, "--" },              .{ .open_tree, "fpx" },       .{ .openat, "fpxx" },
    .{ .openat2, "fp--" },           .{ .personality, "x" },       .{ .pidfd_open, "nx" },
    .{ .pidfd_send_signal, "fn--" }, .{ .pipe2, "-x" },            .{ .pivot_root, "pp" },
    .{ .ppoll, "-n---" },            .{ .prctl, "n----" },         .{ .pread64, "f--n" },
    .{ .prlimit64, "nn--" },         .{ .read, "f--" },            .{ .readlinkat, "fp--" },
    .{ .recvfrom, "f--x--" },        .{ .recvmsg, "f-x" },         .{ .renameat2, "fpfpx" },
    .{ .rt_sigaction, "n---" },      .{ .rt_sigprocmask, "n---" }, .{ .sched_getaffinity, "n--" },
    .{ .sched_setaffinity, "n--" },  .{ .sched_setattr, "n-x" },   .{ .seccomp, "nx-" },
    .{ .sendmsg, "f-x" },            .{ .sendto, "f--x--" },       .{ .set_mempolicy, "n-n" },
    .{ .setdomainname, "t-" },       .{ .setgroups, "n-" },        .{ .sethostname, "t-" },
    .{ .setns, "fx" },               .{ .setresgid, "nnn" },       .{ .setresuid, "nnn" },
    .{ .setsid, "" },                .{ .signalfd4, "f--x" },      .{ .socket, "nxn" },
    .{ .socketpair, "nxn-" },        .{ .splice, "f-f-nx" },       .{ .statfs, "p-" },
    .{ .statx, "fpx--" },            .{ .symlinkat, "tfp" },       .{ .syslog, "n--" },
    .{ .umask, "x" },                .{ .umount2, "px" },          .{ .uname, "-" },
    .{ .unlinkat, "fpx" },           .{ .unshare, "x" },           .{ .wait4, "n-x-" },
    .{ .waitid, "nn-x-" },           .{ .write, "f--" },
};

/// Null: not a call of the core.
pub fn of(number: linux.SYS) ?[]const u8 {
    for (table) |row| if (row[0] == number) return row[1];
    return null;
}
