//! What Bun needs of the address space, and what is said where the caller's limit leaves it less. Part of the
//! entry stub (zig/entry.zig).

const std = @import("std");
const linux = std.os.linux;
const Writer = @import("writer.zig").Writer;

/// Bun aborts with a page about itself below some 350 MB. Below the 110 MB of the executable the kernel ends
/// its execve(2).
const needed: u64 = 384 << 20;

/// Ends the process where there is too little.
pub fn check() void {
    var limit: linux.rlimit = undefined;
    if (linux.errno(linux.prlimit(0, .AS, null, &limit)) != .SUCCESS or limit.cur >= needed) return;
    var text: [256]u8 = undefined;
    var writer: Writer = .{ .text = &text };
    writer.words("bunc: the limit of the address space, RLIMIT_AS, is ");
    writer.number(limit.cur);
    writer.words(" bytes; at least ");
    writer.number(needed);
    writer.words(" (ulimit -v ");
    writer.number(needed / 1024);
    writer.words(") or unlimited is needed\n");
    _ = linux.write(2, &text, writer.length);
    linux.exit_group(1);
}
