//! The stack of the program while its image is made: at a place where no kernel puts one.

const std = @import("std");
const linux = std.os.linux;
const Block = @import("../entry/block.zig").Block;
const entry_stack = @import("../entry/stack.zig");

const bottom = 0x2aa0_0000_0000;
/// As libc tells it (zig/cxx/libc.zig), whatever the limit is.
const size = 8 << 20;
/// PROT_READ | PROT_WRITE
const read_write = 3;
/// Instead of the kernel's random bytes. The build looks for what libc makes of them, the stack guard, to
/// renew it.
const random_bytes = "\x9d\xe3\x5c\xa6\x71\x0b\xf8\x42\x17\xce\x60\xb5\x2f\x94\xd8\x3a";

/// Moves everything that the kernel gave, texts included. → the block's new place; the old one where that is
/// not free.
pub fn move(words: [*]usize) [*]usize {
    const flags: linux.MAP =
        .{ .TYPE = .PRIVATE, .ANONYMOUS = true, .FIXED_NOREPLACE = true, .NORESERVE = true };
    const result =
        linux.syscall6(.mmap, bottom, size, read_write, @as(u32, @bitCast(flags)), std.math.maxInt(usize), 0);
    if (result != bottom) return words;
    // A start gets what was asked for here: the kernel's own stack is not made of huge pages, of which the
    // first costs 2 MiB.
    _ = linux.syscall3(.madvise, bottom, size, linux.MADV.NOHUGEPAGE);
    const target = entry_stack.move(words, bottom + size) orelse return words;
    const moved: Block = .at(target);
    var at: usize = 0;
    while (moved.auxiliary[at] != 0) : (at += 2) {
        const value = &moved.auxiliary[at + 1];
        switch (moved.auxiliary[at]) {
            std.elf.AT_RANDOM => {
                const random: [*]u8 = @ptrFromInt(value.*);
                for (random, random_bytes) |*byte, fixed| byte.* = fixed;
            },
            std.elf.AT_PLATFORM, std.elf.AT_BASE_PLATFORM, std.elf.AT_EXECFN => {},
            std.elf.AT_SYSINFO_EHDR, std.elf.AT_PHDR, std.elf.AT_PHENT, std.elf.AT_PHNUM => {},
            std.elf.AT_PAGESZ, std.elf.AT_CLKTCK, std.elf.AT_BASE, std.elf.AT_ENTRY => {},
            // Who makes the image, and on what, does not matter.
            else => value.* = 0,
        }
    }
    return target;
}
