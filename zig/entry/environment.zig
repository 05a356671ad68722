//! The environment that Bun sees. Part of the entry stub (zig/entry.zig).

const std = @import("std");
const linux = std.os.linux;
const record = @import("record.zig");

/// Beginnings of names that are taken out of the environment: each makes code, files or descriptors of the
/// caller's choice act inside the runtime, which may run with more rights than who chose them. Upper and lower
/// case are the same, as they are to mimalloc.
pub const removed_prefixes = [_][]const u8{
    // BUN_OPTIONS=--preload=FILE runs FILE, BUN_BE_BUN=1 makes the executable a plain Bun, BUN_INSPECT opens a
    // debugger, BUN_JSC_* sets any option of the engine; none is meant for the end user of a compiled program.
    "BUN_",
    // NODE_OPTIONS, NODE_PATH, NODE_EXTRA_CA_CERTS; NODE_CHANNEL_FD makes Bun speak on a descriptor.
    "NODE_",
    // The engine's own: profilers that write files, signals, the just-in-time compiler that bun:ffi needs.
    "JSC_",
    "JavaScriptCore",
    "WTF_",
    // Allocator options: some print to standard error, which belongs to the container.
    "MIMALLOC_",
    // Data files read instead of those compiled in.
    "ICU_",
    // Threads of the pool.
    "UV_",
    // The record is ours to write.
    record.variable,
};

/// What is added beside the record.
const settings = [_][:0]const u8{
    // A crash must not start curl to report itself.
    "BUN_ENABLE_CRASH_REPORTING=0",
    // No thread that fills the heap in advance: a command is over before it is of use.
    "BUN_JSC_useWarmUpMarkedBlocks=0",
    // No compiler thread: what it compiles in a command's few milliseconds does not pay for it (2 % of `run`).
    "BUN_JSC_useBaselineJIT=0",
    // Address space reserved at start, in bytes and in KiB. By default it is 1 GiB each, and under a limit (ulimit -v,
    // RLIMIT_AS) of 2.3 GB or less bun:ffi does not work, or Bun crashes.
    "BUN_JSC_jitMemoryReservationSize=33554432",
    "MIMALLOC_ARENA_RESERVE=65536",
};

/// Takes the entries with a removed prefix out of `envp`, in place. → the number that stays.
pub fn clean(envp: [*:null]?[*:0]u8) usize {
    var kept: usize = 0;
    var index: usize = 0;
    while (envp[index]) |entry| : (index += 1) {
        if (isRemoved(entry)) continue;
        envp[kept] = entry;
        kept += 1;
    }
    envp[kept] = null;
    return kept;
}

fn isRemoved(entry: [*:0]const u8) bool {
    // Unrolled: an array of strings would hold addresses, and the stub has no relocations.
    inline for (removed_prefixes) |prefix| {
        if (startsWith(entry, prefix)) return true;
    }
    return false;
}

fn startsWith(entry: [*:0]const u8, comptime prefix: []const u8) bool {
    inline for (prefix, 0..) |byte, index| {
        // The terminator differs from every byte of a prefix, so nothing behind it is read.
        if (lower(entry[index]) != comptime lower(byte)) return false;
    }
    return true;
}

fn lower(byte: u8) u8 {
    return if (byte >= 'A' and byte <= 'Z') byte | 0x20 else byte;
}

/// → a copy of `entries` with the record and the settings, in pages of its own, or null where the kernel gives none.
pub fn extend(entries: []const ?[*:0]u8, start: *const record.Start) ?[*:null]?[*:0]u8 {
    const slots = entries.len + 1 + settings.len + 1;
    const texts = comptime blk: {
        var size: usize = record.text_bytes_max;
        for (settings) |setting| size += setting.len + 1;
        break :blk size;
    };
    const size = slots * @sizeOf(usize) + texts;
    const address = linux.mmap(null, size, .{ .READ = true, .WRITE = true }, .{ .TYPE = .PRIVATE, .ANONYMOUS = true }, -1, 0);
    if (linux.errno(address) != .SUCCESS) return null;
    const extended: [*]?[*:0]u8 = @ptrFromInt(address);
    const text: [*]u8 = @ptrFromInt(address + slots * @sizeOf(usize));

    for (entries, 0..) |entry, index| extended[index] = entry;
    var at: usize = start.write(text);
    extended[entries.len] = text[0 .. at - 1 :0].ptr;
    inline for (settings, 1..) |setting, index| {
        extended[entries.len + index] = @ptrCast(text + at);
        inline for (setting ++ "\x00") |byte| {
            text[at] = byte;
            at += 1;
        }
    }
    // The pages are zero: the last slot is the end of the list.
    return @ptrCast(extended);
}

fn cleaned(comptime given: []const [:0]const u8) [given.len]?[]const u8 {
    var list: [given.len:null]?[*:0]u8 = undefined;
    for (given, 0..) |entry, index| list[index] = @constCast(entry.ptr);
    list[given.len] = null;
    const kept = clean(&list);
    std.debug.assert(list[kept] == null);
    var result: [given.len]?[]const u8 = @splat(null);
    for (0..kept) |index| result[index] = std.mem.span(list[index].?);
    return result;
}

test "names with a removed prefix go, all others stay in order" {
    const result = cleaned(&.{ "BUN_OPTIONS=--preload=/x", "PATH=/bin", "bun_be_bun=1", "NODE_OPTIONS=", "BUNC_START=1", "BUNDLE=1", "Mimalloc_verbose=1", "B", "", "NODE" });
    const expected = [_][]const u8{ "PATH=/bin", "BUNDLE=1", "B", "", "NODE" };
    for (expected, 0..) |entry, index| try std.testing.expectEqualStrings(entry, result[index].?);
    try std.testing.expect(result[expected.len] == null);
}

test "an environment without entries gets the record and the settings" {
    var none: [0:null]?[*:0]u8 = .{};
    const start = record.take();
    const extended = extend(none[0..clean(&none)], &start).?;
    try std.testing.expectStringStartsWith(std.mem.span(extended[0].?), record.variable ++ "=1,");
    for (settings, 1..) |setting, index| try std.testing.expectEqualStrings(setting, std.mem.span(extended[index].?));
    try std.testing.expect(extended[1 + settings.len] == null);
}
