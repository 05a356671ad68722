//! The 31-bit s390 numbering as differences from s390x, which is the only one
//! of the two that std has. From arch/s390/kernel/syscalls/syscall.tbl of
//! Linux: the rows of ABI "32", and those of ABI "64" that are absent here.
//!
//! Comptime data.

/// Name and number in the 31-bit numbering; null where 31-bit has no such call.
pub const differences = [_]struct { []const u8, ?u16 }{
    .{ "chown", 182 },                  .{ "chown32", 212 },
    .{ "clock_adjtime64", 405 },        .{ "clock_getres_time64", 406 },
    .{ "clock_gettime64", 403 },        .{ "clock_nanosleep_time64", 407 },
    .{ "clock_settime64", 404 },        .{ "fadvise64_64", 264 },
    .{ "fchown", 95 },                  .{ "fchown32", 207 },
    .{ "fcntl64", 221 },                .{ "fstat64", 197 },
    .{ "fstatat64", 293 },              .{ "ftruncate64", 194 },
    .{ "futex_time64", 422 },           .{ "getegid", 50 },
    .{ "getegid32", 202 },              .{ "geteuid", 49 },
    .{ "geteuid32", 201 },              .{ "getgid", 47 },
    .{ "getgid32", 200 },               .{ "getgroups", 80 },
    .{ "getgroups32", 205 },            .{ "getresgid", 171 },
    .{ "getresgid32", 211 },            .{ "getresuid", 165 },
    .{ "getresuid32", 209 },            .{ "getrlimit", 76 },
    .{ "getuid", 24 },                  .{ "getuid32", 199 },
    .{ "ioperm", 101 },                 .{ "io_pgetevents_time64", 416 },
    .{ "lchown", 16 },                  .{ "lchown32", 198 },
    .{ "_llseek", 140 },                .{ "lstat64", 196 },
    .{ "mmap2", 192 },                  .{ "mq_timedreceive_time64", 419 },
    .{ "mq_timedsend_time64", 418 },    .{ "newfstatat", null },
    .{ "_newselect", 142 },             .{ "ppoll_time64", 414 },
    .{ "pselect6_time64", 413 },        .{ "recvmmsg_time64", 417 },
    .{ "rt_sigtimedwait_time64", 421 }, .{ "sched_rr_get_interval_time64", 423 },
    .{ "select", null },                .{ "semtimedop", null },
    .{ "semtimedop_time64", 420 },      .{ "sendfile64", 223 },
    .{ "setfsgid", 139 },               .{ "setfsgid32", 216 },
    .{ "setfsuid", 138 },               .{ "setfsuid32", 215 },
    .{ "setgid", 46 },                  .{ "setgid32", 214 },
    .{ "setgroups", 81 },               .{ "setgroups32", 206 },
    .{ "setregid", 71 },                .{ "setregid32", 204 },
    .{ "setresgid", 170 },              .{ "setresgid32", 210 },
    .{ "setresuid", 164 },              .{ "setresuid32", 208 },
    .{ "setreuid", 70 },                .{ "setreuid32", 203 },
    .{ "setuid", 23 },                  .{ "setuid32", 213 },
    .{ "stat64", 195 },                 .{ "stime", 25 },
    .{ "time", 13 },                    .{ "timerfd_gettime64", 410 },
    .{ "timerfd_settime64", 411 },      .{ "timer_gettime64", 408 },
    .{ "timer_settime64", 409 },        .{ "truncate64", 193 },
    .{ "ugetrlimit", 191 },             .{ "utimensat_time64", 412 },
};
