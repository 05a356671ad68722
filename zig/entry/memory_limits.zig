//! What Bun needs of memory, and what is said where a limit of the caller's leaves it less. Part of the entry
//! stub (zig/entry.zig).

const std = @import("std");
const linux = std.os.linux;
const Writer = @import("writer.zig").Writer;

const Need = struct {
    resource: linux.rlimit_resource,
    name: []const u8,
    what: []const u8,
    /// Of ulimit(1).
    option: []const u8,
    bytes: u64,
};

/// Below 350 MB and 270 MB Bun aborts with a page about itself. Where what the kernel maps for the stub has
/// no room, 3 MiB and 256 KiB that may be written, execve(2) ends the process with SIGSEGV.
const needs = [_]Need{
    .{ .resource = .AS, .name = "RLIMIT_AS", .what = "address space", .option = "-v", .bytes = 384 << 20 },
    .{ .resource = .DATA, .name = "RLIMIT_DATA", .what = "data segment", .option = "-d", .bytes = 320 << 20 },
};

/// Ends the process where there is too little.
pub fn check() void {
    inline for (needs) |need| {
        var limit: linux.rlimit = undefined;
        const is_known = linux.errno(linux.prlimit(0, need.resource, null, &limit)) == .SUCCESS;
        if (is_known and limit.cur < need.bytes) refuse(need, limit.cur);
    }
}

fn refuse(comptime need: Need, limit: u64) noreturn {
    var text: [256]u8 = undefined;
    var writer: Writer = .{ .text = &text };
    writer.words("bunc: the limit of the " ++ need.what ++ ", " ++ need.name ++ ", is ");
    writer.number(limit);
    writer.words(" bytes; at least ");
    writer.number(need.bytes);
    writer.words(" (ulimit " ++ need.option ++ " ");
    writer.number(need.bytes / 1024);
    writer.words(") or unlimited is needed\n");
    _ = linux.write(2, &text, writer.length);
    linux.exit_group(1);
}
