//! Going through a cgroup and all below it, however deep and wide: by descriptors, never by paths, because a
//! process that may write the cgroup can nest deeper than any path reaches. Runs in the bunc process.
//!
//! One descriptor is open at a time, and memory holds the names of the cgroups that are still to be seen. The
//! way up is "..": a cgroup never moves to another parent.

const std = @import("std");
const sys = @import("../sys.zig");
const groups = @import("group.zig");
const Call = @import("../call.zig").Call;
const Cgroup = groups.Cgroup;

const dt_dir = 4;
/// As in group.zig, but for BENEATH, with which ".." leads nowhere.
const resolve = sys.RESOLVE.NO_SYMLINKS | sys.RESOLVE.NO_XDEV;
/// Restarts of a walk after its current cgroup was removed.
const attempts_max = 64;

/// Calls `visitor.enter(directory)` for the cgroup and each below it, parents first, or
/// `visitor.leave(parent_directory, name)` for each below it once all of its own have been left; whichever it
/// has. Both take an O_PATH descriptor, and may see a cgroup again when the walk had to begin anew. A cgroup
/// that is gone is not visited.
pub fn walk(call: *Call, mount: groups.Mount, group: Cgroup, visitor: anytype) Call.Error!void {
    for (0..attempts_max) |_| {
        if (try attempt(call, mount, group, visitor)) return;
    }
    return call.fail_as(.timeout, "openat2", try group.absolute(call), "the cgroups below it keep changing");
}

/// The cgroups of one level that have not been seen.
const Level = struct {
    /// Names, each ended by NUL, one behind the other.
    names: []const u8,
    /// Where the current one begins.
    at: usize = 0,

    fn current(self: Level) []const u8 {
        return std.mem.sliceTo(self.names[self.at..], 0);
    }
};

/// False: the way up is gone.
fn attempt(call: *Call, mount: groups.Mount, group: Cgroup, visitor: anytype) Call.Error!bool {
    const enters = comptime std.meta.hasMethod(@TypeOf(visitor), "enter");
    const leaves = comptime std.meta.hasMethod(@TypeOf(visitor), "leave");
    // Names are given back level by level: the arena would keep those of a million cgroups.
    const gpa = std.heap.page_allocator;
    var levels: std.ArrayList(Level) = .empty;
    defer for (levels.items) |level| gpa.free(level.names);
    var directory = groups.open_directory(mount, group.path) catch {
        if (groups.is_gone()) return true;
        return call.fail("openat2", try group.absolute(call));
    };
    defer sys.close(directory);
    if (enters) try visitor.enter(directory);
    try levels.ensureUnusedCapacity(call.arena, 8);
    levels.appendAssumeCapacity(.{ .names = try children(call, gpa, group, directory) });

    while (true) {
        const level = &levels.items[levels.items.len - 1];
        if (level.at < level.names.len) {
            const child = groups.open_child(directory, level.current()) catch {
                if (!groups.is_gone()) return call.fail("openat2", try group.absolute(call));
                level.at += level.current().len + 1;
                continue;
            };
            sys.close(directory);
            directory = child;
            if (enters) try visitor.enter(directory);
            try levels.ensureUnusedCapacity(call.arena, 1);
            levels.appendAssumeCapacity(.{ .names = try children(call, gpa, group, directory) });
            continue;
        }
        gpa.free(level.names);
        _ = levels.pop();
        if (levels.items.len == 0) return true;
        const parent = sys.openat2(directory, "..", groups.directory_flags, resolve) catch {
            if (groups.is_gone()) return false;
            return call.fail("openat2", try group.absolute(call));
        };
        sys.close(directory);
        directory = parent;
        const above = &levels.items[levels.items.len - 1];
        const name = above.current();
        if (leaves) try visitor.leave(directory, name);
        above.at += name.len + 1;
    }
}

/// Names of the cgroups in a directory. Of one that is gone: none.
fn children(call: *Call, gpa: std.mem.Allocator, group: Cgroup, directory: sys.fd_t) Call.Error![]const u8 {
    var names: std.ArrayList(u8) = .empty;
    errdefer names.deinit(gpa);
    const listing = groups.open_file(directory, ".", sys.O.RDONLY | sys.O.DIRECTORY) catch {
        if (groups.is_gone()) return "";
        return call.fail("openat2", try group.absolute(call));
    };
    defer sys.close(listing);
    var buffer: [8192]u8 align(8) = undefined;
    while (true) {
        const bytes = sys.getdents(listing, &buffer) catch {
            if (groups.is_gone()) break;
            return call.fail("getdents64", try group.absolute(call));
        };
        if (bytes.len == 0) break;
        var entries: sys.DirectoryEntries = .{ .bytes = bytes };
        while (entries.next()) |entry| {
            if (entry.type != dt_dir) continue;
            try names.appendSlice(gpa, entry.name);
            try names.append(gpa, 0);
        }
    }
    return names.toOwnedSlice(gpa);
}
