//! The mounts that bunc-init has made in a rehearsal, indexed by place: a configuration may have any number.

const std = @import("std");

/// Both as in `Descriptor.path` (willing.zig).
pub const Mounted = struct {
    target: []const u8,
    source: []const u8,
    /// Index of the mount that this one covers at the same place.
    covers: ?usize,
};

pub const MountTable = struct {
    /// In the order in which they were made.
    list: std.ArrayList(Mounted) = .empty,
    newest: std.StringHashMapUnmanaged(usize) = .empty,

    /// The caller keeps the texts.
    pub fn add(self: *MountTable, arena: std.mem.Allocator, target: []const u8, source: []const u8) void {
        const entry = self.newest.getOrPut(arena, target) catch @panic("no memory");
        const covers: ?usize = if (entry.found_existing) entry.value_ptr.* else null;
        entry.value_ptr.* = self.list.items.len;
        self.list.append(arena, .{ .target = target, .source = source, .covers = covers }) catch
            @panic("no memory");
    }

    pub fn has(self: *const MountTable, target: []const u8) bool {
        return self.newest.contains(target);
    }

    /// Index of the mount, among the first `count`, that contains a path; null for the root itself.
    pub fn at(self: *const MountTable, path: []const u8, count: usize) ?usize {
        var found: ?usize = null;
        var place = path;
        while (place.len > 1) : (place = std.fs.path.dirnamePosix(place) orelse "") {
            const index = self.below(place, count) orelse continue;
            if (found == null or index > found.?) found = index;
        }
        return found;
    }

    fn below(self: *const MountTable, target: []const u8, count: usize) ?usize {
        var next = self.newest.get(target);
        while (next) |index| : (next = self.list.items[index].covers) if (index < count) return index;
        return null;
    }
};

test "the latest mount at a path or above it" {
    var arena_state: std.heap.ArenaAllocator = .init(std.testing.allocator);
    defer arena_state.deinit();
    const arena = arena_state.allocator();
    var table: MountTable = .{};
    for ([_][]const u8{ "/", "/a", "/a/b", "/a", "/c" }) |target| table.add(arena, target, "");
    const cases = [_]struct { []const u8, usize, ?usize }{
        .{ "/a/b/c", 5, 3 }, .{ "/a/b/c", 3, 2 }, .{ "/a/b", 2, 1 },     .{ "/a/b", 1, null },
        .{ "/ab", 5, null }, .{ "/c", 5, 4 },     .{ "/c/d/e", 5, 4 },   .{ "/c", 4, null },
        .{ "/", 5, null },   .{ "", 5, null },    .{ "new x", 5, null },
    };
    for (cases) |case| try std.testing.expectEqual(case[2], table.at(case[0], case[1]));
    try std.testing.expect(table.has("/a/b") and !table.has("/b"));
}
