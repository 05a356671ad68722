//! Writing resource limits, in the order given, and reading files back. Runs in the bunc process.

const std = @import("std");
const sys = @import("../sys.zig");
const groups = @import("group.zig");
const whole_file = @import("../whole_file.zig");
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
            return fail_write(call, "openat2", group, wanted.writes[0]);
        defer sys.close(directory);
        for (wanted.writes) |write| try write_one(call, directory, group, write, &tolerated);
    }
    return .{ .tolerated = tolerated.items };
}

fn write_one(
    call: *Call,
    directory: sys.fd_t,
    group: Cgroup,
    wanted: CgroupWrite,
    tolerated: *std.ArrayList(CgroupTolerated),
) Call.Error!void {
    var write = wanted;
    sys.backend.about(write.subject);
    const fd = groups.open_file(directory, try file_name(call, write.file), sys.O.WRONLY) catch fd: {
        const alternative = write.alternative orelse return judge(call, "openat2", group, write, tolerated);
        if (!sys.is(.NOENT)) return judge(call, "openat2", group, write, tolerated);
        write.file = alternative.file;
        write.value = alternative.value;
        break :fd groups.open_file(directory, try file_name(call, write.file), sys.O.WRONLY) catch
            return judge(call, "openat2", group, write, tolerated);
    };
    defer sys.close(fd);
    _ = sys.write(fd, write.value) catch return judge(call, "write", group, write, tolerated);
}

fn judge(
    call: *Call,
    op: []const u8,
    group: Cgroup,
    write: CgroupWrite,
    tolerated: *std.ArrayList(CgroupTolerated),
) Call.Error!void {
    for (write.tolerate) |errno| {
        if (errno != sys.errno_number()) continue;
        return tolerated.append(call.arena, .{
            .path = try group.file(call, write.file),
            .subject = write.subject,
            .errno = errno,
        });
    }
    return fail_write(call, op, group, write);
}

fn fail_write(call: *Call, op: []const u8, group: Cgroup, write: CgroupWrite) Call.Error {
    return call.fail_with(.{
        .code = .system,
        .stage = .parent,
        .op = op,
        .errno = sys.errno_number(),
        .subject = write.subject,
        .target = try group.file(call, write.file),
        .detail = write.value,
    });
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
            const text = read_file(call, group.directory, file) catch |err| switch (err) {
                error.OutOfMemory => return error.OutOfMemory,
                error.Sys => {
                    try texts.append(call.arena, .{ .text = "", .errno = sys.errno_number() });
                    continue;
                },
            };
            try texts.append(call.arena, .{ .text = text, .errno = 0 });
        }
    }
    return .{ .files = texts.items };
}

pub fn read_file(
    call: *Call,
    directory: sys.fd_t,
    name: []const u8,
) (sys.Error || error{OutOfMemory})![]const u8 {
    const fd = try groups.open_file(directory, name, sys.O.RDONLY);
    defer sys.close(fd);
    return whole_file.read(fd, file_size_max, call.arena);
}

test "a file name that leads elsewhere is not a file name" {
    var arena: std.heap.ArenaAllocator = .init(std.testing.allocator);
    defer arena.deinit();
    for ([_][]const u8{ "", "../memory.max", "a/b", "/etc/passwd" }) |name| {
        var call: Call = .{ .arena = arena.allocator() };
        try std.testing.expectError(error.Failed, file_name(&call, name));
    }
}
