//! All that Bun has in memory, given back by a process that will run none of Bun's code any more
//! (zig/parent/forget.zig). What stays: the core with its data, the stack, libc's record of the thread.

const std = @import("std");
const linux = std.os.linux;
const image = @import("../image.zig");
const context = @import("context.zig");
const headers_max = @import("../entry/block.zig").headers_max;
const Area = image.Area;

const page_size = std.heap.page_size_min;
/// Below and above the thread pointer: variables of the thread, and libc's record of it.
const thread_below = 8 * page_size;
const thread_above = page_size;

/// `block`: what the kernel gave to this process.
pub fn forget(header: *const image.Header, block: image.Block) void {
    // Actions of Bun's, which would find nothing.
    const default: [4]usize = @splat(0);
    for (header.stopped.actions, 1..) |action, signal| {
        if (action[0] > 1) _ = linux.syscall4(.rt_sigaction, signal, @intFromPtr(&default), 0, 8);
    }
    const thread = std.mem.alignBackward(usize, context.threadPointer(), page_size);
    const stack = @frameAddress();
    for (header.areas.items[0..header.areas.count]) |area| {
        if (contains(area, stack)) continue;
        const end = area.address + area.size;
        if (contains(area, thread)) {
            release(area.address, thread -| thread_below);
            release(thread + thread_above, end);
        } else release(area.address, end);
    }
    dropProgram(block);
}

fn contains(area: Area, address: usize) bool {
    return address -% area.address < area.size;
}

fn release(from: usize, to: usize) void {
    if (from < to) _ = linux.syscall2(.munmap, from, to - from);
}

/// The program's own code and data, the image's header among them: mapped anew from the file where they are
/// touched, which only the core's code is. Its data is the one segment that stays.
fn dropProgram(block: image.Block) void {
    const table: [*]const std.elf.Elf64_Phdr =
        @ptrFromInt(block.auxiliaryValue(std.elf.AT_PHDR) orelse return);
    const count = block.auxiliaryValue(std.elf.AT_PHNUM) orelse return;
    const core_data = @intFromPtr(&image.bunc_image);
    // The table is in one of them: to read on in it would bring back what was given back.
    var room: [headers_max]std.elf.Elf64_Phdr = undefined;
    const segments = room[0..@min(count, room.len)];
    @memcpy(segments, table[0..segments.len]);
    for (segments) |segment| {
        if (segment.p_type != std.elf.PT_LOAD or core_data -% segment.p_vaddr < segment.p_memsz) continue;
        const from = std.mem.alignBackward(usize, segment.p_vaddr, page_size);
        const to = std.mem.alignForward(usize, segment.p_vaddr + segment.p_memsz, page_size);
        _ = linux.syscall3(.madvise, from, to - from, linux.MADV.DONTNEED);
    }
}
