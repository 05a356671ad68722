//! What the kernel fixes per architecture: audit token, width and byte order of
//! the arguments, and how system call numbers are numbered.
//!
//! Runs in the library (process `bunc`); pure.

const std = @import("std");
const builtin = @import("builtin");
const Architecture = @import("profile.zig").Architecture;
const EM = std.elf.EM;

/// A numbering of system calls; several architectures share one (both byte
/// orders of MIPS, of PowerPC 64).
pub const Table = enum {
    x86,
    x86_64,
    x32,
    arm,
    aarch64,
    mips_o32,
    mips_n64,
    mips_n32,
    powerpc,
    powerpc64,
    riscv64,
    s390,
    s390x,
    loongarch64,

    /// What is added to a slot of the table to make the number, up to
    /// `private_slot`.
    pub fn base(table: Table) u32 {
        return switch (table) {
            .x32 => x32_bit,
            // asm/unistd.h of MIPS: __NR_O32_Linux, __NR_64_Linux, __NR_N32_Linux
            .mips_o32 => 4000,
            .mips_n64 => 5000,
            .mips_n32 => 6000,
            else => 0,
        };
    }
};

/// __X32_SYSCALL_BIT of asm/unistd.h: x32 shares its audit token with x86_64
/// and is told apart by this bit of the number.
pub const x32_bit: u32 = 0x4000_0000;

/// __ARM_NR_BASE of asm/unistd.h of ARM: system calls private to ARM.
pub const arm_private_base: u32 = 0x000f_0000;

pub const Traits = struct {
    /// seccomp_data.arch
    audit_token: u32,
    /// 64-bit arguments: both words of an argument are compared. On 32-bit
    /// architectures only the low word is.
    wide: bool,
    endian: std.builtin.Endian,
    /// socket and System V IPC calls also come through socketcall(2), ipc(2).
    multiplexed: bool,
    table: Table,
};

pub fn traits(arch: Architecture) Traits {
    return switch (arch) {
        .SCMP_ARCH_X86 => of(.@"386", .elf32, false, .little, true, .x86),
        .SCMP_ARCH_X86_64 => of(.X86_64, .elf64, true, .little, false, .x86_64),
        .SCMP_ARCH_X32 => of(.X86_64, .elf64, false, .little, false, .x32),
        .SCMP_ARCH_ARM => of(.ARM, .elf32, false, .little, false, .arm),
        .SCMP_ARCH_AARCH64 => of(.AARCH64, .elf64, true, .little, false, .aarch64),
        .SCMP_ARCH_MIPS => of(.MIPS, .elf32, false, .big, true, .mips_o32),
        .SCMP_ARCH_MIPS64 => of(.MIPS, .elf64, true, .big, false, .mips_n64),
        .SCMP_ARCH_MIPS64N32 => of(.MIPS, .mips_n32, false, .big, false, .mips_n32),
        .SCMP_ARCH_MIPSEL => of(.MIPS, .elf32, false, .little, true, .mips_o32),
        .SCMP_ARCH_MIPSEL64 => of(.MIPS, .elf64, true, .little, false, .mips_n64),
        .SCMP_ARCH_MIPSEL64N32 => of(.MIPS, .mips_n32, false, .little, false, .mips_n32),
        .SCMP_ARCH_PPC => of(.PPC, .elf32, false, .big, true, .powerpc),
        .SCMP_ARCH_PPC64 => of(.PPC64, .elf64, true, .big, true, .powerpc64),
        .SCMP_ARCH_PPC64LE => of(.PPC64, .elf64, true, .little, true, .powerpc64),
        .SCMP_ARCH_RISCV64 => of(.RISCV, .elf64, true, .little, false, .riscv64),
        .SCMP_ARCH_S390 => of(.S390, .elf32, false, .big, true, .s390),
        .SCMP_ARCH_S390X => of(.S390, .elf64, true, .big, true, .s390x),
        .SCMP_ARCH_LOONGARCH64 => of(.LOONGARCH, .elf64, true, .little, false, .loongarch64),
    };
}

/// How linux/audit.h derives the token from the ELF machine.
const Convention = enum(u32) {
    elf32 = 0,
    /// __AUDIT_ARCH_64BIT
    elf64 = 0x8000_0000,
    /// __AUDIT_ARCH_64BIT | __AUDIT_ARCH_CONVENTION_MIPS64_N32
    mips_n32 = 0xa000_0000,
};

/// __AUDIT_ARCH_LE
const audit_little_endian: u32 = 0x4000_0000;

fn of(
    machine: EM,
    convention: Convention,
    wide: bool,
    endian: std.builtin.Endian,
    multiplexed: bool,
    table: Table,
) Traits {
    const order: u32 = if (endian == .little) audit_little_endian else 0;
    return .{
        .audit_token = @intFromEnum(machine) | @intFromEnum(convention) | order,
        .wide = wide,
        .endian = endian,
        .multiplexed = multiplexed,
        .table = table,
    };
}

/// The architecture this binary is built for: always part of a filter, whether
/// the profile names it or not.
pub const native: Architecture = switch (builtin.cpu.arch) {
    .x86 => .SCMP_ARCH_X86,
    .x86_64 => .SCMP_ARCH_X86_64,
    .arm, .thumb => .SCMP_ARCH_ARM,
    .aarch64 => .SCMP_ARCH_AARCH64,
    .mips => .SCMP_ARCH_MIPS,
    .mipsel => .SCMP_ARCH_MIPSEL,
    .mips64 => .SCMP_ARCH_MIPS64,
    .mips64el => .SCMP_ARCH_MIPSEL64,
    .powerpc => .SCMP_ARCH_PPC,
    .powerpc64 => .SCMP_ARCH_PPC64,
    .powerpc64le => .SCMP_ARCH_PPC64LE,
    .riscv64 => .SCMP_ARCH_RISCV64,
    .s390x => .SCMP_ARCH_S390X,
    .loongarch64 => .SCMP_ARCH_LOONGARCH64,
    else => @compileError("no seccomp architecture for " ++ @tagName(builtin.cpu.arch)),
};

test "audit tokens are those of linux/audit.h" {
    const expectEqual = std.testing.expectEqual;
    try expectEqual(0x4000_0003, traits(.SCMP_ARCH_X86).audit_token);
    try expectEqual(0xc000_003e, traits(.SCMP_ARCH_X86_64).audit_token);
    try expectEqual(0xc000_003e, traits(.SCMP_ARCH_X32).audit_token);
    try expectEqual(0x4000_0028, traits(.SCMP_ARCH_ARM).audit_token);
    try expectEqual(0xc000_00b7, traits(.SCMP_ARCH_AARCH64).audit_token);
    try expectEqual(0xe000_0008, traits(.SCMP_ARCH_MIPSEL64N32).audit_token);
    try expectEqual(0xc000_00f3, traits(.SCMP_ARCH_RISCV64).audit_token);
    try expectEqual(0x0000_0016, traits(.SCMP_ARCH_S390).audit_token);
    try expectEqual(0x8000_0016, traits(.SCMP_ARCH_S390X).audit_token);
    try expectEqual(0xc000_0102, traits(.SCMP_ARCH_LOONGARCH64).audit_token);
}
