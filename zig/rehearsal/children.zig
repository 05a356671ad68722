//! The processes of a rehearsed host, and their cgroups.

const std = @import("std");
const tree = @import("tree.zig");

pub const Process = struct {
    pid: i32,
    state: enum { running, zombie, reaped } = .running,
    /// As wait4(2) returns it.
    status: u32 = 0,
    /// It has called execve(2).
    has_program: bool = false,
    own_user_namespace: bool = false,
    cgroups: std.ArrayList([]const u8) = .empty,
};

pub const sigkill = 9;

pub const Children = struct {
    arena: std.mem.Allocator,
    list: std.ArrayList(*Process) = .empty,
    next_pid: i32 = 100,

    pub fn make(self: *Children) *Process {
        defer self.next_pid += 1;
        return self.make_with(self.next_pid);
    }

    /// `pid`: not in use.
    pub fn make_with(self: *Children, pid: i32) *Process {
        const process = self.arena.create(Process) catch @panic("no memory");
        process.* = .{ .pid = pid };
        self.list.append(self.arena, process) catch @panic("no memory");
        return process;
    }

    /// Including zombies.
    pub fn find(self: *const Children, pid: i32) ?*Process {
        for (self.list.items) |process| if (process.pid == pid and process.state != .reaped) return process;
        return null;
    }

    pub fn end(process: *Process, status: u32) void {
        if (process.state != .running) return;
        process.state = .zombie;
        process.status = status;
        process.cgroups = .empty;
    }

    pub fn kill_below(self: *const Children, cgroup: []const u8) void {
        for (self.list.items) |process| {
            if (is_in(process, cgroup, tree.is_at_or_below)) end(process, sigkill);
        }
    }

    pub fn move(self: *const Children, process: *Process, mount: []const u8, cgroup: []const u8) void {
        var index: usize = 0;
        while (index < process.cgroups.items.len) {
            if (tree.is_at_or_below(mount, process.cgroups.items[index])) {
                _ = process.cgroups.orderedRemove(index);
            } else index += 1;
        }
        process.cgroups.append(self.arena, cgroup) catch @panic("no memory");
    }

    /// The contents of cgroup.procs.
    pub fn pids_in(self: *const Children, cgroup: []const u8) []const u8 {
        var text: std.ArrayList(u8) = .empty;
        for (self.list.items) |process| {
            if (is_in(process, cgroup, is_same)) {
                text.print(self.arena, "{d}\n", .{process.pid}) catch @panic("no memory");
            }
        }
        return text.items;
    }

    pub fn is_populated(self: *const Children, cgroup: []const u8) bool {
        for (self.list.items) |process| if (is_in(process, cgroup, tree.is_at_or_below)) return true;
        return false;
    }
};

fn is_same(cgroup: []const u8, path: []const u8) bool {
    return std.mem.eql(u8, cgroup, path);
}

fn is_in(process: *const Process, cgroup: []const u8, matches: *const fn ([]const u8, []const u8) bool) bool {
    if (process.state != .running) return false;
    for (process.cgroups.items) |path| if (matches(cgroup, path)) return true;
    return false;
}
