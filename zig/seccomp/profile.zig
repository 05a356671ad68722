//! The seccomp profile as TypeScript hands it over: `linux.seccomp` of the OCI
//! runtime-spec 1.3.0 with every default already chosen. Listener path and
//! metadata are not here: they do not change the program.
//!
//! Runs in the library (process `bunc`), as part of the plan. Plain data,
//! decoded by std.json; enum tags are spelled as the specification spells them.

const std = @import("std");
const U64 = @import("../integer.zig").U64;

/// runtime-spec config-linux.md, `linux.seccomp.defaultAction`.
pub const Action = enum {
    SCMP_ACT_KILL,
    SCMP_ACT_KILL_THREAD,
    SCMP_ACT_KILL_PROCESS,
    SCMP_ACT_TRAP,
    SCMP_ACT_ERRNO,
    SCMP_ACT_TRACE,
    SCMP_ACT_ALLOW,
    SCMP_ACT_LOG,
    SCMP_ACT_NOTIFY,

    /// The 32-bit value a filter returns, seccomp(2). Only SCMP_ACT_ERRNO and
    /// SCMP_ACT_TRACE carry `errno_ret`; for the others it has no meaning.
    pub fn return_value(action: Action, errno_ret: u32) u32 {
        const RET = std.os.linux.SECCOMP.RET;
        return switch (action) {
            .SCMP_ACT_KILL, .SCMP_ACT_KILL_THREAD => RET.KILL_THREAD,
            .SCMP_ACT_KILL_PROCESS => RET.KILL_PROCESS,
            .SCMP_ACT_TRAP => RET.TRAP,
            .SCMP_ACT_ERRNO => RET.ERRNO | (errno_ret & RET.DATA),
            .SCMP_ACT_TRACE => RET.TRACE | (errno_ret & RET.DATA),
            .SCMP_ACT_ALLOW => RET.ALLOW,
            .SCMP_ACT_LOG => RET.LOG,
            .SCMP_ACT_NOTIFY => RET.USER_NOTIF,
        };
    }
};

/// `linux.seccomp.syscalls[].args[].op`.
pub const Operator = enum {
    SCMP_CMP_NE,
    SCMP_CMP_LT,
    SCMP_CMP_LE,
    SCMP_CMP_EQ,
    SCMP_CMP_GE,
    SCMP_CMP_GT,
    /// (argument & value) == value_two
    SCMP_CMP_MASKED_EQ,
};

/// `linux.seccomp.flags`. SECCOMP_FILTER_FLAG_TSYNC is not in the
/// specification; like runc, it is known and does nothing, because the process
/// that installs the filter has one thread.
pub const Flag = enum {
    SECCOMP_FILTER_FLAG_TSYNC,
    SECCOMP_FILTER_FLAG_LOG,
    SECCOMP_FILTER_FLAG_SPEC_ALLOW,
    SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV,

    /// The bit for seccomp(2); 0 for a flag that does nothing.
    pub fn bit(flag: Flag) u32 {
        const FILTER_FLAG = std.os.linux.SECCOMP.FILTER_FLAG;
        return switch (flag) {
            .SECCOMP_FILTER_FLAG_TSYNC => 0,
            .SECCOMP_FILTER_FLAG_LOG => FILTER_FLAG.LOG,
            .SECCOMP_FILTER_FLAG_SPEC_ALLOW => FILTER_FLAG.SPEC_ALLOW,
            // linux/seccomp.h; std has no name for it.
            .SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV => 1 << 5,
        };
    }
};

/// `linux.seccomp.architectures`: the names that runc 1.5 knows.
pub const Architecture = enum {
    SCMP_ARCH_X86,
    SCMP_ARCH_X86_64,
    SCMP_ARCH_X32,
    SCMP_ARCH_ARM,
    SCMP_ARCH_AARCH64,
    SCMP_ARCH_MIPS,
    SCMP_ARCH_MIPS64,
    SCMP_ARCH_MIPS64N32,
    SCMP_ARCH_MIPSEL,
    SCMP_ARCH_MIPSEL64,
    SCMP_ARCH_MIPSEL64N32,
    SCMP_ARCH_PPC,
    SCMP_ARCH_PPC64,
    SCMP_ARCH_PPC64LE,
    SCMP_ARCH_RISCV64,
    SCMP_ARCH_S390,
    SCMP_ARCH_S390X,
    SCMP_ARCH_LOONGARCH64,
};

/// One comparison of `linux.seccomp.syscalls[].args`.
pub const Argument = struct {
    /// 0 to 5
    index: u32,
    value: U64,
    /// Only for SCMP_CMP_MASKED_EQ.
    value_two: U64,
    op: Operator,
};

/// One entry of `linux.seccomp.syscalls`.
pub const Rule = struct {
    names: []const []const u8,
    action: Action,
    /// For SCMP_ACT_ERRNO 0 to 4094, for SCMP_ACT_TRACE 0 to 65535; EPERM
    /// where the configuration has none.
    errno_ret: u32,
    /// All must hold. If two of them are about the same argument, each stands
    /// for a rule of its own instead (as runc does).
    args: []const Argument,
};

pub const Profile = struct {
    default_action: Action,
    default_errno_ret: u32,
    architectures: []const Architecture,
    flags: []const Flag,
    syscalls: []const Rule,
};
