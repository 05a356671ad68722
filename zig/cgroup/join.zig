//! Moving processes into cgroups that are there, and giving a cgroup to the user who is to manage it.
//! Runs in the bunc process.

const std = @import("std");
const sys = @import("../sys.zig");
const groups = @import("group.zig");
const Call = @import("../call.zig").Call;
const Cgroup = groups.Cgroup;

pub const CgroupJoinRequest = struct {
    pids: []const u32,
    groups: []const Cgroup,
    /// errno numbers that leave a group out instead of ending the call.
    tolerate: []const u16,
};
/// errno for each group of the request, 0: all are in.
pub const CgroupJoinReply = struct { errnos: []const u16 };

const attempts_max = 5;

pub fn cgroup_join(call: *Call, request: CgroupJoinRequest) Call.Error!CgroupJoinReply {
    const errnos = try call.arena.alloc(u16, request.groups.len);
    for (request.groups, errnos) |group, *errno| {
        errno.* = 0;
        join(call, group, request.pids) catch |err| switch (err) {
            error.Sys => {
                errno.* = sys.errno_number();
                if (std.mem.indexOfScalar(u16, request.tolerate, errno.*) != null) continue;
                return call.fail("write", try group.file(call, "cgroup.procs"));
            },
            error.Failed, error.OutOfMemory => |other| return other,
        };
    }
    return .{ .errnos = errnos };
}

fn join(call: *Call, group: Cgroup, pids: []const u32) (Call.Error || sys.Error)!void {
    const mount = try groups.open_mount(call, group.mount);
    defer mount.close();
    const directory = try groups.open_directory(mount, group.path);
    defer sys.close(directory);
    const fd = try groups.open_file(directory, "cgroup.procs", sys.O.WRONLY);
    defer sys.close(fd);
    for (pids) |pid| {
        var buffer: [16]u8 = undefined;
        const text = std.fmt.bufPrint(&buffer, "{d}", .{pid}) catch unreachable;
        var attempt: u32 = 1;
        while (true) : (attempt += 1) {
            if (sys.write(fd, text)) |_| break else |_| {}
            // EINVAL: the process has just been forked and cannot be moved yet.
            if (!sys.is(.INVAL) or attempt == attempts_max) return error.Sys;
            _ = try sys.poll(&.{}, 10);
        }
    }
}

pub const CgroupDelegateRequest = struct {
    group: Cgroup,
    uid: u32,
    /// The names in /sys/kernel/cgroup/delegate: what the owner of a subtree may write.
    files: []const []const u8,
};
pub const CgroupDelegateReply = struct {};

/// chown of the cgroup's directory and of the files, so far as they exist (cgroups(7), "Delegation").
pub fn cgroup_delegate(call: *Call, request: CgroupDelegateRequest) Call.Error!CgroupDelegateReply {
    const opened = try groups.open(call, request.group) orelse {
        sys.backend.errno = .NOENT;
        return call.fail("openat2", try request.group.absolute(call));
    };
    defer opened.close();
    sys.fchownat(opened.directory, "", request.uid, null, sys.AT.EMPTY_PATH) catch
        return call.fail("fchownat", try request.group.absolute(call));
    for (request.files) |name| {
        if (std.mem.indexOfScalar(u8, name, '/') != null) {
            return call.fail_as(.protocol, "fchownat", name, "not a file name");
        }
        sys.fchownat(opened.directory, name, request.uid, null, sys.AT.SYMLINK_NOFOLLOW) catch {
            if (sys.is(.NOENT)) continue;
            return call.fail("fchownat", try request.group.file(call, name));
        };
    }
    return .{};
}
