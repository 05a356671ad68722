//! Writing resource limits, in the order given, and reading files back. Runs in the bunc process.

const std = @import("std");
const sys = @import("../sys.zig");
const groups = @import("group.zig");
const Call = @import("../call.zig").Call;
const Cgroup = groups.Cgroup;

pub const CgroupWrite = struct {
    file: []const u8,
    value: []const u8,
    /// Config path that asked for it.
    subject: []const u8,
    /// errno numbers that are reported in the reply instead of ending the call.
    tolerate: []const u16,
    /// Written instead where `file` does not exist.
    alternative: ?CgroupAlternative,
};
pub const CgroupAlternative = struct { file: []const u8, value: []const u8 };

pub const CgroupWrites = struct {
    mount: []const u8,
    path: []const u8,
    writes: []const CgroupWrite,
};

pub const CgroupWriteRequest = struct { groups: []const CgroupWrites };
pub const CgroupWriteReply = struct { tolerated: []const CgroupTolerated };
pub const CgroupTolerated = struct { path: []const u8, subject: []const u8, errno: u16 };

/// A refused write is a Failure whose target is the file, detail the value and subject the config path.
pub fn cgroup_write(call: *Call, request: CgroupWriteRequest) Call.Error!CgroupWriteReply {
    var tolerated: std.ArrayList(CgroupTolerated) = .empty;
    for (request.groups) |wanted| {
        if (wanted.writes.len == 0) continue;
        const group: Cgroup = .{ .mount = wanted.mount, .path = wanted.path };
        const mount = try groups.open_mount(call, group.mount);
        defer mount.close();
        const directory = groups.open_directory(mount, group.path) catch
            return fail(call, "openat2", group, wanted.writes[0]);
        defer sys.close(directory);
        for (wanted.writes) |wish| {
            sys.backend.about(wish.subject);
            var write = wish;
            const op = try attempt(call, directory, &write) orelse continue;
            if (std.mem.indexOfScalar(u16, write.tolerate, sys.errno_number()) == null)
                return fail(call, op, group, write);
            const errno = sys.errno_number();
            const path = try group.file(call, write.file);
            try tolerated.append(call.arena, .{ .path = path, .subject = write.subject, .errno = errno });
        }
    }
    return .{ .tolerated = tolerated.items };
}

/// → the call that failed; null: it is written. `write` becomes its alternative where that is what is there.
fn attempt(call: *Call, directory: sys.fd_t, write: *CgroupWrite) Call.Error!?[]const u8 {
    const fd = groups.open_file(directory, try file_name(call, write.file), sys.O.WRONLY) catch fd: {
        const alternative = write.alternative orelse return "openat2";
        if (!sys.is(.NOENT)) return "openat2";
        write.file = alternative.file;
        write.value = alternative.value;
        break :fd groups.open_file(directory, try file_name(call, write.file), sys.O.WRONLY) catch
            return "openat2";
    };
    defer sys.close(fd);
    _ = sys.write(fd, write.value) catch return "write";
    return null;
}

fn fail(call: *Call, op: []const u8, group: Cgroup, write: CgroupWrite) Call.Error {
    const target = try group.file(call, write.file);
    const failed = call.fail_as(.system, op, target, write.value);
    call.failure.?.subject = write.subject;
    return failed;
}

/// A name in the cgroup's own directory, nothing else.
fn file_name(call: *Call, name: []const u8) Call.Error![]const u8 {
    if (name.len == 0 or std.mem.indexOfScalar(u8, name, '/') != null) {
        return call.fail_as(.protocol, "open", name, "not a file name");
    }
    return name;
}

pub const CgroupFiles = struct {
    mount: []const u8,
    path: []const u8,
    files: []const []const u8,
};

pub const CgroupReadRequest = struct { groups: []const CgroupFiles };
pub const CgroupReadReply = struct {
    /// In the order of the request, all groups' files in one list.
    files: []const CgroupFileText,
};
pub const CgroupFileText = struct {
    text: []const u8,
    /// Why there is no text; 0: there is.
    errno: u16,
};

/// No statistics file of any kernel comes near it.
const file_size_max = 1 << 20;

/// Files for statistics: many at once, each with its own errno, since which of them exist depends on the
/// kernel.
pub fn cgroup_read(call: *Call, request: CgroupReadRequest) Call.Error!CgroupReadReply {
    var texts: std.ArrayList(CgroupFileText) = .empty;
    for (request.groups) |wanted| {
        const opened = try groups.open(call, .{ .mount = wanted.mount, .path = wanted.path });
        defer if (opened) |group| group.close();
        for (wanted.files) |name| {
            const group = opened orelse {
                try texts.append(call.arena, .{ .text = "", .errno = @intFromEnum(sys.E.NOENT) });
                continue;
            };
            const file = try file_name(call, name);
            const read = groups.read_whole(group.directory, file, file_size_max, call.arena);
            const text: CgroupFileText = if (read) |it| .{ .text = it, .errno = 0 } else |err| switch (err) {
                error.OutOfMemory => return error.OutOfMemory,
                error.Sys => .{ .text = "", .errno = sys.errno_number() },
            };
            try texts.append(call.arena, text);
        }
    }
    return .{ .files = texts.items };
}

test "a file name that leads elsewhere is not a file name" {
    var arena: std.heap.ArenaAllocator = .init(std.testing.allocator);
    defer arena.deinit();
    for ([_][]const u8{ "", "../memory.max", "a/b", "/etc/passwd" }) |name| {
        var call: Call = .{ .arena = arena.allocator() };
        try std.testing.expectError(error.Failed, file_name(&call, name));
    }
}
