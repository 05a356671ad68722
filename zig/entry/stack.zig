//! A stack of our own where the caller's limit leaves Bun too little. Part of the entry stub (zig/entry.zig).

const std = @import("std");
const linux = std.os.linux;
const Block = @import("block.zig").Block;

/// Where the stack of ours begins, for libc's functions of ours (zig/cxx/libc.zig); 0: it is the kernel's.
pub export var bunc_stack_bottom: usize = 0;

/// Bun gets by with 160 KiB; its engine stops a recursion that is too deep for the stack that it finds.
const enough = 1 << 20;
const size = 8 << 20;
const guard = 64 << 10;
/// PROT_READ | PROT_WRITE
const read_write = 3;

/// `words`: the kernel's block. → where it is from then on; the old place where the stack is large enough, or
/// no other is to be had.
pub fn enlarge(words: [*]usize) [*]usize {
    var limit: linux.rlimit = undefined;
    if (linux.errno(linux.prlimit(0, .STACK, null, &limit)) != .SUCCESS or limit.cur >= enough) return words;
    const flags: linux.MAP = .{ .TYPE = .PRIVATE, .ANONYMOUS = true, .NORESERVE = true };
    const result =
        linux.syscall6(.mmap, 0, guard + size, 0, @as(u32, @bitCast(flags)), std.math.maxInt(usize), 0);
    if (linux.errno(result) != .SUCCESS) return words;
    const bottom = result + guard;
    if (linux.errno(linux.syscall3(.mprotect, bottom, size, read_write)) != .SUCCESS) return words;
    const moved = move(words, bottom + size) orelse return words;
    bunc_stack_bottom = bottom;
    return moved;
}

/// Moves everything that the kernel gave, texts included, so that it ends at `top`. → the block's new place;
/// null: there is no telling where it ends.
pub fn move(words: [*]usize, top: usize) ?[*]usize {
    const given: Block = .at(words);
    // The text of AT_EXECFN is the last thing on the kernel's stack.
    const last: [*:0]const u8 = @ptrFromInt(given.auxiliaryValue(std.elf.AT_EXECFN) orelse return null);
    const begin = @intFromPtr(words);
    const end = std.mem.alignForward(usize, @intFromPtr(last) + std.mem.len(last) + 1, 16);
    const distance = top -% end;
    const target: [*]usize = @ptrFromInt(begin +% distance);
    for (target[0 .. (end - begin) / @sizeOf(usize)], words) |*word, old| word.* = old;

    const moved: Block = .at(target);
    const count = moved.arguments.len;
    for (target[1..count]) |*word| {
        if (word.* != 0) word.* +%= distance;
    }
    for (moved.environment) |*word| word.* +%= distance;
    var at: usize = 0;
    while (moved.auxiliary[at] != 0) : (at += 2) {
        const value = &moved.auxiliary[at + 1];
        switch (moved.auxiliary[at]) {
            std.elf.AT_PLATFORM,
            std.elf.AT_BASE_PLATFORM,
            std.elf.AT_EXECFN,
            std.elf.AT_RANDOM,
            => value.* +%= distance,
            else => {},
        }
    }
    return target;
}
