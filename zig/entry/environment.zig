//! The environment that Bun sees. Part of the entry stub (zig/entry.zig).

const std = @import("std");
const record = @import("record.zig");
const rest = @import("rest.zig");

/// Beginnings of names that are taken out of the environment: each makes code, files or descriptors of the
/// caller's choice act inside the runtime, which may run with more rights than who chose them. Upper and
/// lower case are the same, as they are to mimalloc.
pub const removed_prefixes = [_][]const u8{
    // BUN_OPTIONS=--preload=FILE runs FILE, BUN_BE_BUN=1 makes the executable a plain Bun, BUN_INSPECT opens
    // a debugger, BUN_JSC_* sets any option of the engine; none is meant for the end user of a compiled
    // program.
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
    rest.variable,
};

/// What is added beside the record.
const settings = [_][:0]const u8{
    // A crash must not start curl to report itself.
    "BUN_ENABLE_CRASH_REPORTING=0",
    // No thread that fills the heap in advance: a command is over before it is of use.
    "BUN_JSC_useWarmUpMarkedBlocks=0",
    // No compiler thread: what it compiles in a command's few milliseconds does not pay for it (2 % of
    // `run`).
    "BUN_JSC_useBaselineJIT=0",
    // Address space reserved at start, in bytes and in KiB. By default it is 1 GiB each, and under a limit
    // (ulimit -v, RLIMIT_AS) of 2.3 GB or less bun:ffi does not work, or Bun crashes.
    "BUN_JSC_jitMemoryReservationSize=33554432",
    "MIMALLOC_ARENA_RESERVE=65536",
};

/// Takes the entries with a removed prefix out of `entries`, in place. → those that stay.
pub fn clean(entries: [][*:0]u8) [][*:0]u8 {
    var kept: usize = 0;
    for (entries) |entry| {
        if (isRemoved(entry)) continue;
        entries[kept] = entry;
        kept += 1;
    }
    return entries[0..kept];
}

fn isRemoved(entry: [*:0]const u8) bool {
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

/// Entries that `add` makes.
pub const added_count = 1 + settings.len;

/// Bytes of their texts, at most.
pub const added_bytes_max = blk: {
    var size: usize = record.text_bytes_max;
    for (settings) |setting| size += setting.len + 1;
    break :blk size;
};

/// Writes the record and the settings to `text`, and where they stand to `slots`.
pub fn add(slots: *[added_count][*:0]const u8, text: [*]u8, start: *const record.Start) void {
    var at: usize = start.write(text);
    slots[0] = text[0 .. at - 1 :0].ptr;
    inline for (settings, 1..) |setting, index| {
        slots[index] = @ptrCast(text + at);
        inline for (setting ++ "\x00") |byte| {
            text[at] = byte;
            at += 1;
        }
    }
}

test "names with a removed prefix go, all others stay in order" {
    const given = [_][:0]const u8{
        "BUN_OPTIONS=--preload=/x",
        "PATH=/bin",
        "bun_be_bun=1",
        "NODE_OPTIONS=",
        "BUNC_START=1",
        "BUNDLE=1",
        "Mimalloc_verbose=1",
        "B",
        "",
        "NODE",
    };
    var list: [given.len][*:0]u8 = undefined;
    for (given, 0..) |entry, index| list[index] = @constCast(entry.ptr);
    const kept = clean(&list);
    const expected = [_][]const u8{ "PATH=/bin", "BUNDLE=1", "B", "", "NODE" };
    try std.testing.expectEqual(expected.len, kept.len);
    for (expected, kept) |entry, result| try std.testing.expectEqualStrings(entry, std.mem.span(result));
}

test "the record and the settings are added" {
    const start = record.take(.none);
    var text: [added_bytes_max]u8 = undefined;
    var slots: [added_count][*:0]const u8 = undefined;
    add(&slots, &text, &start);
    try std.testing.expectStringStartsWith(std.mem.span(slots[0]), record.variable ++ "=3,");
    for (settings, slots[1..]) |setting, slot| try std.testing.expectEqualStrings(
        setting,
        std.mem.span(slot),
    );
}
