//! What a processor can do, as far as Bun's code chooses by it. Such choices are in the image.

const builtin = @import("builtin");

/// Bits of CPUID, and of XCR0: which registers the kernel saves. Elsewhere than on x86-64 all zero: no image
/// is made there.
pub const Features = extern struct {
    basic: u32 = 0,
    extended: [3]u32 = @splat(0),
    amd: u32 = 0,
    registers: u32 = 0,

    /// Whether these have all that is in `needed`.
    pub fn cover(have: Features, needed: Features) bool {
        if (needed.basic & ~have.basic != 0 or needed.amd & ~have.amd != 0) return false;
        for (needed.extended, have.extended) |want, got| if (want & ~got != 0) return false;
        return needed.registers & ~have.registers == 0;
    }
};

/// That of the machine which is recorded: x86-64-v3, with AES and PCLMULQDQ, which Bun's code wants of such a
/// processor. Whatever the machine has on which the build runs, an image is used on all that have this.
pub const level: Features = .{
    // SSE3, PCLMULQDQ, SSSE3, FMA, CMPXCHG16B, SSE4.1, SSE4.2, MOVBE, POPCNT, AES, XSAVE, OSXSAVE, AVX, F16C
    .basic = bits(&.{ 0, 1, 9, 12, 13, 19, 20, 22, 23, 25, 26, 27, 28, 29 }),
    // BMI1, AVX2, BMI2
    .extended = .{ bits(&.{ 3, 5, 8 }), 0, 0 },
    // LAHF, LZCNT
    .amd = bits(&.{ 0, 5 }),
    // x87, SSE, AVX
    .registers = bits(&.{ 0, 1, 2 }),
};

/// CPUID of that machine, an Intel of 2013: eax, ebx, ecx, edx.
pub fn leafOfLevel(leaf: u32, subleaf: u32) [4]u32 {
    return switch (leaf) {
        // Leaves there are, and "GenuineIntel".
        0 => .{ 7, 0x756e6547, 0x6c65746e, 0x49656e69 },
        // Model; 64 bytes to a line of the cache.
        1 => .{
            0x306c3,
            0x800,
            level.basic,
            bits(&.{ 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 12, 13, 14, 15, 16, 17, 19, 23, 24, 25, 26 }),
        },
        7 => if (subleaf == 0) .{ 0, level.extended[0], level.extended[1], level.extended[2] } else @splat(0),
        0x8000_0000 => .{ 0x8000_0008, 0, 0, 0 },
        0x8000_0001 => .{ 0, 0, level.amd, bits(&.{ 11, 20, 27, 29 }) },
        // Bits of physical and of linear addresses.
        0x8000_0008 => .{ 0x302e, 0, 0, 0 },
        else => @splat(0),
    };
}

/// Without those that say nothing about instructions: mitigations, power, virtualization, the kernel's own.
const basic_mask = bits(&.{ 0, 1, 9, 12, 13, 19, 20, 22, 23, 25, 26, 27, 28, 29, 30 });
const extended_mask = [3]u32{
    bits(&.{ 3, 5, 8, 9, 16, 17, 18, 19, 21, 23, 24, 26, 27, 28, 29, 30, 31 }),
    bits(&.{ 1, 6, 8, 9, 10, 11, 12, 14, 22 }),
    bits(&.{ 2, 3, 4, 8, 22, 23, 24, 25 }),
};
const amd_mask = bits(&.{ 0, 5, 6, 8 });
const registers_mask = bits(&.{ 0, 1, 2, 5, 6, 7 });
const osxsave = 1 << 27;

pub fn features() Features {
    if (builtin.cpu.arch != .x86_64) return .{};
    const basic = cpuid(1, 0)[2];
    const extended = cpuid(7, 0);
    return .{
        .basic = basic & basic_mask,
        .extended = .{
            extended[1] & extended_mask[0],
            extended[2] & extended_mask[1],
            extended[3] & extended_mask[2],
        },
        .amd = cpuid(0x8000_0001, 0)[2] & amd_mask,
        .registers = if (basic & osxsave != 0) enabledRegisters() & registers_mask else 0,
    };
}

fn bits(comptime numbers: []const u5) u32 {
    var mask: u32 = 0;
    for (numbers) |number| mask |= @as(u32, 1) << number;
    return mask;
}

/// → eax, ebx, ecx, edx
fn cpuid(leaf: u32, subleaf: u32) [4]u32 {
    var eax: u32 = undefined;
    var ebx: u32 = undefined;
    var ecx: u32 = undefined;
    var edx: u32 = undefined;
    asm volatile ("cpuid"
        : [_] "={eax}" (eax),
          [_] "={ebx}" (ebx),
          [_] "={ecx}" (ecx),
          [_] "={edx}" (edx),
        : [_] "{eax}" (leaf),
          [_] "{ecx}" (subleaf),
    );
    return .{ eax, ebx, ecx, edx };
}

/// XCR0, its lower half.
fn enabledRegisters() u32 {
    return asm volatile ("xgetbv"
        : [_] "={eax}" (-> u32),
        : [_] "{ecx}" (@as(u32, 0)),
        : .{ .edx = true });
}

test "a processor covers itself, and not one that can more" {
    const std = @import("std");
    const own = features();
    try std.testing.expect(own.cover(own));
    try std.testing.expect(own.cover(.{}));
    inline for (.{ "basic", "amd", "registers" }) |name| {
        var more = own;
        @field(more, name) |= 1 << 4;
        try std.testing.expect(!own.cover(more));
    }
    var more = own;
    more.extended[2] |= 1;
    try std.testing.expect(!own.cover(more));
}

test "the level's own answers are the level" {
    const std = @import("std");
    try std.testing.expectEqual(level.basic, leafOfLevel(1, 0)[2] & basic_mask);
    try std.testing.expectEqual(
        level.extended,
        [3]u32{
            leafOfLevel(7, 0)[1] & extended_mask[0],
            leafOfLevel(7, 0)[2] & extended_mask[1],
            leafOfLevel(7, 0)[3] & extended_mask[2],
        },
    );
    try std.testing.expectEqual(level.amd, leafOfLevel(0x8000_0001, 0)[2] & amd_mask);
    try std.testing.expectEqual([4]u32{ 0, 0, 0, 0 }, leafOfLevel(7, 1));
}
