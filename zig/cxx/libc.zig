//! Functions of libc of which Bun gets ours (build/linker-script.ts, `ownFunctions`): each saves system calls
//! at every start that bunc has no use for. Linked with musl, whose own functions they call.

const std = @import("std");
const linux = std.os.linux;

/// Where the main thread's stack ends at the top, as libc has it: the page above the auxiliary vector. The
/// entry stub writes it (zig/entry.zig).
extern var bunc_stack_top: usize;
/// Where it ends at the bottom, where it is not the kernel's (zig/entry/stack.zig); else 0.
extern var bunc_stack_bottom: usize;

/// Of the main thread when its limit is infinite, and of the one in an image, which is mapped
/// (zig/image/stack.zig).
const stack_bytes_default = 8 * 1024 * 1024;

/// pthread_attr_t.
const Attributes = opaque {};
extern fn pthread_self() usize;
extern fn pthread_getattr_np(thread: usize, attributes: *Attributes) c_int;
extern fn pthread_attr_init(attributes: *Attributes) c_int;
extern fn pthread_attr_setstack(attributes: *Attributes, address: usize, size: usize) c_int;
extern fn pthread_attr_setguardsize(attributes: *Attributes, size: usize) c_int;
/// zig/image.zig
extern fn bunc_has_image_stack() bool;
/// zig/image/pieces.zig
extern fn bunc_make_anonymous(address: usize, size: usize) void;
extern fn madvise(address: *anyopaque, size: usize, advice: c_int) c_int;

/// The main thread's stack as glibc tells it: as large as its limit lets it grow. musl tells how much of it
/// there is now, and finds that out with one mremap(2) for each page of it: 33 at each start, each time that
/// it is asked.
export fn bunc_pthread_getattr_np(thread: usize, attributes: *Attributes) callconv(.c) c_int {
    const is_main = thread == pthread_self() and linux.gettid() == linux.getpid();
    if (!is_main or bunc_stack_top == 0) return pthread_getattr_np(thread, attributes);
    _ = pthread_attr_init(attributes);
    _ = pthread_attr_setguardsize(attributes, 0);
    const size = stack_bytes();
    return pthread_attr_setstack(attributes, bunc_stack_top - size, size);
}

/// Not less than what is in use, even where the limit has been lowered below that.
fn stack_bytes() usize {
    if (bunc_has_image_stack()) return stack_bytes_default;
    if (bunc_stack_bottom != 0) return bunc_stack_top - bunc_stack_bottom;
    var limit: linux.rlimit = undefined;
    const result = linux.prlimit(0, .STACK, null, &limit);
    const known = linux.errno(result) == .SUCCESS and limit.cur != linux.RLIM.INFINITY and
        limit.cur < bunc_stack_top;
    const bytes = if (known) limit.cur else stack_bytes_default;
    const used = bunc_stack_top - @frameAddress();
    return std.mem.alignForward(usize, @max(bytes, used), std.heap.page_size_min);
}

/// Bun announces that it will need its program, in 34 calls: of a command most of it is never read. Memory
/// that it gives back must be zero when it is touched again, and what came from the image would not be
/// (zig/image/pieces.zig).
export fn bunc_madvise(address: *anyopaque, size: usize, advice: c_int) callconv(.c) c_int {
    switch (advice) {
        linux.MADV.WILLNEED => return 0,
        linux.MADV.DONTNEED, linux.MADV.FREE => bunc_make_anonymous(@intFromPtr(address), size),
        else => {},
    }
    return madvise(address, size, advice);
}
