//! System calls that change nothing outside the calling process: they query something, or manage descriptors
//! and memory.

const sys = @import("../sys.zig");
const linux = @import("std").os.linux;

pub fn is(number: linux.SYS, a: [6]usize) bool {
    return switch (number) {
        .close, .read, .pread64, .lseek, .statx => true,
        .statfs, .fstatfs, .faccessat2, .getdents64, .readlinkat => true,
        .mmap, .munmap, .fcntl, .dup3, .pipe2 => true,
        .ppoll, .wait4, .pidfd_open, .clock_gettime, .signalfd4 => true,
        .getpid, .geteuid, .getegid, .capget => true,
        .sched_getaffinity, .uname, .rt_sigprocmask, .rt_sigaction => true,
        .recvmsg, .listen, .exit, .exit_group => true,
        .socket => a[0] != linux.AF.NETLINK,
        .bpf => a[0] == bpf_query,
        .ioctl => a[1] == siocgifflags or a[1] == linux.T.FIONREAD or a[1] == linux.T.CGETS or
            a[1] == linux.T.IOCGWINSZ,
        .prlimit64 => a[2] == 0,
        .prctl => a[0] == sys.PR.CAPBSET_READ or a[0] == get_no_new_privs,
        .openat => a[2] & sys.O.CREAT == 0,
        .openat2 => @as(*const [3]u64, @ptrFromInt(a[2]))[0] & sys.O.CREAT == 0,
        else => false,
    };
}

const bpf_query = 16;
const siocgifflags = 0x8913;
const get_no_new_privs = 39;
