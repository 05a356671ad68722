//! Pages that a command is known to touch, in place before it goes on: each would else be a page fault of its
//! own, and those are most of what a start takes. The build has watched the hot commands
//! (build/image/watch.ts). Runs in the entry stub, after the image was mapped. Whatever fails here is left to
//! those faults.

const std = @import("std");
const linux = std.os.linux;

/// As struct iovec of process_madvise(2).
pub const Range = extern struct { address: usize, size: usize };

/// Ranges by their place in the list of all.
const Part = extern struct { first: usize, count: usize };

/// What one verb touches, or where `verb` is zero: every command.
pub const Profile = extern struct { verb: [8]u8, written: Part, read: Part };

const populate_read = 22;
const populate_write = 23;
/// PIDFD_SELF_THREAD_GROUP
const self: usize = @bitCast(@as(isize, -10001));

/// `arguments`: the words of the command line, without the name of the program.
pub fn populate(profiles: []const Profile, ranges: []const Range, arguments: []const usize) void {
    const profile = profileOf(profiles, arguments) orelse return;
    advise(part(ranges, profile.written), populate_write);
    advise(part(ranges, profile.read), populate_read);
}

fn part(ranges: []const Range, which: Part) []const Range {
    return ranges[which.first..][0..which.count];
}

/// Of the first word that is a verb with a profile; a flag's value that looks like one costs some pages.
fn profileOf(profiles: []const Profile, arguments: []const usize) ?*const Profile {
    for (arguments) |argument| {
        if (argument == 0) break;
        const word = std.mem.span(@as([*:0]const u8, @ptrFromInt(argument)));
        for (profiles) |*profile| if (isVerb(profile, word)) return profile;
    }
    for (profiles) |*profile| if (isVerb(profile, "")) return profile;
    return null;
}

fn isVerb(profile: *const Profile, word: []const u8) bool {
    if (word.len > profile.verb.len) return false;
    for (profile.verb, 0..) |byte, index| {
        if (byte != if (index < word.len) word[index] else 0) return false;
    }
    return true;
}

/// In one call where the kernel takes it from a process about itself (Linux 6.15).
fn advise(ranges: []const Range, advice: usize) void {
    if (ranges.len == 0) return;
    const done = linux.syscall5(.process_madvise, self, @intFromPtr(ranges.ptr), ranges.len, advice, 0);
    if (linux.errno(done) == .SUCCESS) return;
    for (ranges) |range| {
        // A kernel without this advice (Linux 5.14) has it for no range.
        if (linux.errno(linux.syscall3(.madvise, range.address, range.size, advice)) == .INVAL) return;
    }
}

test "the profile is that of the verb" {
    const testing = std.testing;
    const none: Part = .{ .first = 0, .count = 0 };
    var profiles: [3]Profile = undefined;
    for (&profiles, [_][]const u8{ "", "run", "state" }) |*profile, verb| {
        profile.* = .{ .verb = @splat(0), .written = none, .read = none };
        @memcpy(profile.verb[0..verb.len], verb);
    }
    const words = [_][*:0]const u8{ "--root", "/run", "state", "run" };
    var arguments: [words.len + 1]usize = undefined;
    for (arguments[0..words.len], words) |*argument, word| argument.* = @intFromPtr(word);
    arguments[words.len] = 0;
    try testing.expectEqual(&profiles[2], profileOf(&profiles, &arguments).?);
    try testing.expectEqual(&profiles[1], profileOf(&profiles, arguments[3..]).?);
    try testing.expectEqual(&profiles[0], profileOf(&profiles, arguments[0..2]).?);
    try testing.expectEqual(null, profileOf(profiles[1..], arguments[0..2]));
}

test "pages are there after they were advised" {
    const testing = std.testing;
    const page = std.heap.page_size_min;
    const flags: linux.MAP = .{ .TYPE = .PRIVATE, .ANONYMOUS = true };
    const address = linux.mmap(null, 4 * page, .{ .READ = true, .WRITE = true }, flags, -1, 0);
    try testing.expect(linux.errno(address) == .SUCCESS);
    defer _ = linux.munmap(@ptrFromInt(address), 4 * page);
    advise(
        &.{ .{ .address = address, .size = page }, .{ .address = address + 2 * page, .size = page } },
        populate_write,
    );
    var there: [4]u8 = undefined;
    try testing.expect(
        linux.errno(linux.syscall3(.mincore, address, 4 * page, @intFromPtr(&there))) == .SUCCESS,
    );
    try testing.expectEqual([4]u8{ 1, 0, 1, 0 }, there);
}
