//! The files of a rehearsed host: those that exist at the beginning, and those that are made.

const std = @import("std");

pub const Node = struct { path: []const u8, is_directory: bool, text: []const u8 };

/// A file system of this type is mounted there. `magic`: f_type of statfs(2).
pub const Mount = struct { path: []const u8, magic: u64 };

pub const Tree = struct {
    arena: std.mem.Allocator,
    nodes: std.ArrayList(Node) = .empty,
    mounts: []const Mount,

    pub fn find(self: *const Tree, path: []const u8) ?*Node {
        for (self.nodes.items) |*node| if (std.mem.eql(u8, node.path, path)) return node;
        return null;
    }

    pub fn add(self: *Tree, path: []const u8, is_directory: bool, text: []const u8) void {
        const node: Node =
            .{ .path = self.keep(path), .is_directory = is_directory, .text = self.keep(text) };
        self.nodes.append(self.arena, node) catch @panic("no memory");
    }

    pub fn remove(self: *Tree, node: *Node) void {
        _ = self.nodes.orderedRemove(node - self.nodes.items.ptr);
    }

    /// Overwrites an existing file.
    pub fn rename(self: *Tree, from: []const u8, to: []const u8) void {
        if (self.find(to)) |old| self.remove(old);
        self.find(from).?.path = self.keep(to);
    }

    pub fn append(self: *Tree, node: *Node, text: []const u8) void {
        node.text = std.mem.concat(self.arena, u8, &.{ node.text, text }) catch @panic("no memory");
    }

    pub fn replace(self: *Tree, path: []const u8, text: []const u8) void {
        if (self.find(path)) |node| node.text = self.keep(text) else self.add(path, false, text);
    }

    pub fn magic_of(self: *const Tree, path: []const u8) u64 {
        var found: Mount = .{ .path = "", .magic = 0xef53 };
        for (self.mounts) |mount| {
            if (mount.path.len > found.path.len and is_at_or_below(mount.path, path)) found = mount;
        }
        return found.magic;
    }

    pub fn name_below(directory: []const u8, path: []const u8) ?[]const u8 {
        const head = std.mem.trimEnd(u8, directory, "/");
        if (path.len <= head.len + 1 or !std.mem.startsWith(u8, path, head) or path[head.len] != '/') {
            return null;
        }
        const name = path[head.len + 1 ..];
        return if (std.mem.indexOfScalar(u8, name, '/') == null) name else null;
    }

    fn keep(self: *Tree, text: []const u8) []const u8 {
        return self.arena.dupe(u8, text) catch @panic("no memory");
    }
};

pub fn is_at_or_below(directory: []const u8, path: []const u8) bool {
    if (!std.mem.startsWith(u8, path, directory)) return false;
    return path.len == directory.len or path[directory.len] == '/' or directory.len == 1;
}
