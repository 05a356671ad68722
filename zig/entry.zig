//! The entry stub: the first code of dist/bunc, before any of Bun's. The build puts it into the executable
//! together with the core and makes it the entry point (build/link.ts); the kernel jumps here.
//!
//!   kernel ──▶ bunc_start (here) ──▶ the executable's segments are made whole
//!              ──▶ the image (zig/image.zig), where it fits; otherwise
//!              ──▶ what the caller gave is recorded, the environment cleaned ──▶ Bun's _start
//!
//! No libc, which begins in Bun's _start: it finds a stack as the kernel makes it, with another environment.
//! The stub ends the process only where there is no room for Bun (entry/segments.zig,
//! entry/memory_limits.zig): any other step that fails is left out, and TypeScript finds no record
//! (src/host/start-record.ts). Why all this: docs/decisions/0002-entry-stub.md.

const std = @import("std");
const builtin = @import("builtin");
const Block = @import("entry/block.zig").Block;
const environment = @import("entry/environment.zig");
const record = @import("entry/record.zig");
const rest = @import("entry/rest.zig");
const segments = @import("entry/segments.zig");
const memory_limits = @import("entry/memory_limits.zig");
const stack = @import("entry/stack.zig");
const image = @import("image.zig");
const image_stack = @import("image/stack.zig");
const processor = @import("image/processor.zig");

/// Bun's own entry point. The linker script gives the address (build/linker-script.ts).
extern const bun_start: u8;

/// Where the stack of the main thread ends, for libc's functions of ours (zig/cxx/libc.zig).
pub export var bunc_stack_top: usize = 0;

/// Why this is the normal start.
var reason: image.Reason = .none;

/// The stack pointer is all that the kernel gives; below the block at it, there is room.
pub export fn bunc_start() linksection(".entry") callconv(.naked) noreturn {
    switch (builtin.cpu.arch) {
        .x86_64 => asm volatile (
            \\ movq %%rsp, %%rdi
            \\ call %[begin:P]
            \\ movq %%rax, %%rsp
            \\ movq %%rsp, %%rbx
            \\ movq %%rsp, %%rdi
            \\ call %[room:P]
            \\ subq %%rax, %%rsp
            \\ movq %%rbx, %%rdi
            \\ movq %%rsp, %%rsi
            \\ call %[prepare:P]
            \\ xorl %%edx, %%edx
            \\ jmpq *%%rax
            :
            : [begin] "X" (&begin),
              [room] "X" (&room),
              [prepare] "X" (&prepare),
        ),
        .aarch64 => asm volatile (
            \\ mov x0, sp
            \\ bl %[begin]
            \\ mov sp, x0
            \\ mov x19, sp
            \\ mov x0, sp
            \\ bl %[room]
            \\ sub x1, x19, x0
            \\ mov sp, x1
            \\ mov x0, x19
            \\ bl %[prepare]
            \\ mov x16, x0
            \\ mov x0, xzr
            \\ br x16
            :
            : [begin] "X" (&begin),
              [room] "X" (&room),
              [prepare] "X" (&prepare),
        ),
        else => @compileError("no entry code for this architecture"),
    }
}

/// Returns where the image is not used. → where the kernel's block is from then on.
fn begin(words: [*]usize) callconv(.c) [*]usize {
    segments.complete(.at(words));
    if (image.isRecording()) {
        reason = .recording;
        processor.begin();
        return image_stack.move(words);
    }
    reason = image.start(.at(words));
    memory_limits.check();
    return stack.enlarge(words);
}

/// → bytes for the block that replaces the one at `words`, at most; a multiple of 16.
fn room(words: [*]usize) callconv(.c) usize {
    const given: Block = .at(words);
    const entries = given.environment.len + environment.added_count + 1;
    const bytes =
        (given.arguments.len + entries + given.auxiliary.len) * @sizeOf(usize) + environment.added_bytes_max;
    return (bytes + 15) & ~@as(usize, 15);
}

/// Writes the new block to `target`. → the address to go on at.
fn prepare(words: [*]usize, target: [*]usize) callconv(.c) *const anyopaque {
    const given: Block = .at(words);
    const start = record.take(reason);
    rest.take(given.environment);
    // The build gives settings for Bun to the program of which it takes the image.
    const kept: []const usize = if (image.isRecording())
        given.environment
    else
        @ptrCast(environment.clean(@ptrCast(given.environment)));
    const entries = kept.len + environment.added_count + 1;
    const vectors = given.arguments.len + entries + given.auxiliary.len;

    copy(target, given.arguments);
    const slots = target + given.arguments.len;
    copy(slots, kept);
    environment.add(@ptrCast(slots + kept.len), @ptrCast(target + vectors), &start);
    slots[entries - 1] = 0;
    copy(slots + entries, given.auxiliary);
    bunc_stack_top = std.mem.alignForward(usize, @intFromPtr(slots + entries), std.heap.page_size_min);
    return &bun_start;
}

/// Not @memcpy, which may be a call into libc.
fn copy(target: [*]usize, words: []const usize) void {
    for (words, 0..) |word, index| target[index] = word;
}
