//! memset for Bun, which clears more than a megabyte of its own memory in every command. That of Zig's
//! compiler_rt writes byte by byte. Compiled with no_builtin: LLVM would make a call of memset out of these
//! loops.

const builtin = @import("builtin");

const Block = @Vector(16, u8);

/// From here on the microcode of `rep stosb` is faster than a loop, and no slower on processors without it
/// (ERMS).
const rep_from = 1024;

pub export fn memset(destination: [*]u8, value: c_int, length: usize) [*]u8 {
    const byte: u8 = @truncate(@as(c_uint, @bitCast(value)));
    if (length < @sizeOf(Block)) {
        fillSmall(destination, byte, length);
        return destination;
    }
    if (builtin.cpu.arch == .x86_64 and length >= rep_from) {
        var end: [*]u8 = undefined;
        var left: usize = undefined;
        asm volatile ("rep stosb"
            : [end] "={rdi}" (end),
              [left] "={rcx}" (left),
            : [destination] "{rdi}" (destination),
              [length] "{rcx}" (length),
              [byte] "{al}" (byte),
            : .{ .memory = true });
        return destination;
    }
    const block: Block = @splat(byte);
    var at: usize = 0;
    while (at + @sizeOf(Block) < length) : (at += @sizeOf(Block)) store(Block, destination + at, block);
    // The last one may overlap what is written already.
    store(Block, destination + length - @sizeOf(Block), block);
    return destination;
}

/// Of less than a block: two stores of the same size that may overlap.
fn fillSmall(destination: [*]u8, byte: u8, length: usize) void {
    inline for (.{ u64, u32, u16 }) |Word| {
        if (length >= @sizeOf(Word)) {
            const word = @as(Word, byte) * (~@as(Word, 0) / 0xff);
            store(Word, destination, word);
            store(Word, destination + length - @sizeOf(Word), word);
            return;
        }
    }
    if (length == 1) destination[0] = byte;
}

fn store(comptime T: type, destination: [*]u8, value: T) void {
    @as(*align(1) T, @ptrCast(destination)).* = value;
}

const expect = @import("std").testing.expect;

test "every length writes its bytes and none beside them" {
    var buffer: [8192]u8 = undefined;
    for (0..buffer.len - 64) |length| {
        // Lengths beyond the border of `rep stosb` differ in nothing but their number.
        if (length > rep_from + 128 and length % 257 != 0) continue;
        for ([_]usize{ 1, 7, 16 }) |start| {
            for (&buffer) |*byte| byte.* = 0xee;
            try expect(memset(buffer[start..].ptr, 0x1234, length) == buffer[start..].ptr);
            for (buffer, 0..) |byte, at| {
                const inside = at >= start and at < start + length;
                try expect(byte == @as(u8, if (inside) 0x34 else 0xee));
            }
        }
    }
}
