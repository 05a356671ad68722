//! The executable's large segments, of which the kernel maps one page each, made whole. Part of the entry
//! stub (zig/entry.zig).
//!
//! Where a limit leaves no room for what execve(2) maps, the kernel ends the process with SIGSEGV, and
//! nothing of ours runs to say why. So the headers that it reads tell of the first pages only
//! (build/segments.ts).
//! mremap(2) makes a mapping of a file larger in place: no descriptor, no name and no /proc is needed.

const std = @import("std");
const linux = std.os.linux;
const Block = @import("block.zig").Block;
const headers_max = @import("block.zig").headers_max;
const memory_limits = @import("memory_limits.zig");
const Writer = @import("writer.zig").Writer;

/// Written by the build (build/segments.ts).
const Table = extern struct {
    /// 0: the kernel maps everything.
    count: usize,
    /// As they would be in the file.
    headers: [headers_max]std.elf.Elf64_Phdr,
    /// Of the segment at the same place: bytes that the kernel maps; 0: all.
    mapped: [headers_max]usize,
};

/// Beside the first code, because that page is there already; and not among the data, which comes from the
/// image as it was before the build wrote this. Nothing writes to it, but of a constant the compiler would
/// take the value for known.
pub export var bunc_segments: Table linksection(".entry.segments") = std.mem.zeroes(Table);

/// Ends the process where that is not possible. Until it returns, there is nothing of Bun's.
pub fn complete(given: Block) void {
    const table = @as(*const volatile Table, &bunc_segments);
    const count = table.count;
    if (count == 0) return;
    const page_size = given.auxiliaryValue(std.elf.AT_PAGESZ) orelse std.heap.page_size_min;
    for (0..count) |index| {
        const mapped = table.mapped[index];
        if (mapped == 0) continue;
        const address = table.headers[index].p_vaddr;
        const begin = std.mem.alignBackward(usize, address, page_size);
        const size = std.mem.alignForward(usize, address + mapped, page_size) - begin;
        const end = std.mem.alignForward(usize, address + table.headers[index].p_filesz, page_size);
        const result = enlarge(begin, size, end - begin);
        if (result != .SUCCESS) refuse(result);
    }
    // For libc, and for what else looks where the segments are (image/forget.zig).
    given.setAuxiliary(std.elf.AT_PHDR, @intFromPtr(&bunc_segments.headers));
    given.setAuxiliary(std.elf.AT_PHNUM, count);
}

fn enlarge(begin: usize, size: usize, whole: usize) linux.E {
    const place = remap(begin, size, whole, .{ .MAYMOVE = true }, 0);
    if (linux.errno(place) != .SUCCESS or place == begin) return linux.errno(place);
    // An emulator (qemu-user) keeps all addresses between the first segment and the last for itself.
    return linux.errno(remap(place, whole, whole, .{ .MAYMOVE = true, .FIXED = true }, begin));
}

fn remap(from: usize, size: usize, new_size: usize, flags: linux.MREMAP, to: usize) usize {
    return linux.syscall5(.mremap, from, size, new_size, @as(u32, @bitCast(flags)), to);
}

fn refuse(reason: linux.E) noreturn {
    memory_limits.check();
    var text: [128]u8 = undefined;
    var writer: Writer = .{ .text = &text };
    writer.words("bunc: the executable cannot be mapped: mremap: E");
    for (std.enums.tagName(linux.E, reason) orelse "?") |byte| writer.put(byte);
    writer.put('\n');
    _ = linux.write(2, &text, writer.length);
    linux.exit_group(1);
}
