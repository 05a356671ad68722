//! The mounts of this process's mount namespace, line by line. proc_pid_mountinfo(5). Runs in bunc-init.

const std = @import("std");
const sys = @import("../sys.zig");

/// Points into the line that it was read from.
pub const Entry = struct {
    id: u64,
    /// Path of the mount's root within its file system. Escaped (\040), as is `mount_point`.
    root: []const u8,
    mount_point: []const u8,
    /// Of the mount, not of its file system: "ro,nosuid,relatime".
    options: []const u8,
    type: []const u8,

    pub fn has_option(self: Entry, name: []const u8) bool {
        var options = std.mem.splitScalar(u8, self.options, ',');
        while (options.next()) |option| if (std.mem.eql(u8, option, name)) return true;
        return false;
    }
};

/// TooLong: a line is longer than one can be.
pub const Error = error{ Sys, TooLong };

pub const Reader = struct {
    /// Of /proc/pid/mountinfo; the caller closes it.
    file: sys.fd_t,
    start: usize = 0,
    filled: usize = 0,
    // Paths of one line, each escaped fourfold at worst, and options of a page.
    buffer: [12 * sys.path_max]u8 = undefined,

    /// Valid until the next call. A malformed line is skipped.
    pub fn next(self: *Reader) Error!?Entry {
        while (true) {
            while (std.mem.indexOfScalarPos(u8, self.buffer[0..self.filled], self.start, '\n')) |end| {
                defer self.start = end + 1;
                if (parse(self.buffer[self.start..end])) |entry| return entry;
            }
            if (self.start == 0 and self.filled == self.buffer.len) return error.TooLong;
            std.mem.copyForwards(
                u8,
                self.buffer[0 .. self.filled - self.start],
                self.buffer[self.start..self.filled],
            );
            self.filled -= self.start;
            self.start = 0;
            const count = try sys.read(self.file, self.buffer[self.filled..]);
            if (count == 0) return null;
            self.filled += count;
        }
    }
};

/// ID parent major:minor root point options [field …] - type source options
fn parse(line: []const u8) ?Entry {
    var fields = std.mem.splitScalar(u8, line, ' ');
    const id = std.fmt.parseInt(u64, fields.next() orelse return null, 10) catch return null;
    for (0..2) |_| _ = fields.next() orelse return null;
    const root = fields.next() orelse return null;
    const mount_point = fields.next() orelse return null;
    const options = fields.next() orelse return null;
    while (fields.next()) |field| {
        if (!std.mem.eql(u8, field, "-")) continue;
        const kind = fields.next() orelse return null;
        return .{ .id = id, .root = root, .mount_point = mount_point, .options = options, .type = kind };
    }
    return null;
}

/// Octal escapes of a path. Null: too long, or malformed.
pub fn unescape(buffer: *sys.PathBuffer, escaped: []const u8) ?[:0]const u8 {
    var length: usize = 0;
    var rest = escaped;
    while (rest.len > 0) : (length += 1) {
        if (length + 1 >= buffer.len) return null;
        if (rest[0] == '\\') {
            if (rest.len < 4) return null;
            buffer[length] = std.fmt.parseInt(u8, rest[1..4], 8) catch return null;
            rest = rest[4..];
        } else {
            buffer[length] = rest[0];
            rest = rest[1..];
        }
    }
    buffer[length] = 0;
    return buffer[0..length :0];
}

test "lines of mountinfo" {
    const entry = parse("28 1 0:20 / /a\\040b rw,nosuid master:1 propagate_from:2 - proc proc rw").?;
    try std.testing.expectEqual(@as(u64, 28), entry.id);
    try std.testing.expectEqualStrings("/", entry.root);
    try std.testing.expectEqualStrings("/a\\040b", entry.mount_point);
    try std.testing.expectEqualStrings("proc", entry.type);
    try std.testing.expect(entry.has_option("nosuid"));
    try std.testing.expect(!entry.has_option("suid"));
    for ([_][]const u8{ "", "x 1 0:20 / /a rw - proc proc rw", "29 1 0:20 / /x rw", "29 1 0:20 /" }) |bad| {
        try std.testing.expectEqual(null, parse(bad));
    }
}

test "escapes of mountinfo" {
    var buffer: sys.PathBuffer = undefined;
    try std.testing.expectEqualStrings("/a b\\c", unescape(&buffer, "/a\\040b\\134c").?);
    try std.testing.expectEqual(null, unescape(&buffer, "/a\\0"));
    try std.testing.expectEqual(null, unescape(&buffer, "/a\\999"));
}

test "whatever stands in mountinfo, it is read to its end, and every path survives" {
    var state: std.Random.DefaultPrng = .init(40);
    const random = state.random();
    const lines = [_][]const u8{
        "28 1 0:20 / /a\\040b rw,nosuid master:1 - proc proc rw\n",
        "29 28 0:21 /\\134x /c\\012 ro shared:7 unbindable - tmpfs none rw,size=1k\n",
        "\n",
        "30 29 0:22 / " ++ "/" ** 300 ++ " rw - ext4 /dev/sda rw\n",
    };
    for (0..2000) |_| {
        var text: [4096]u8 = undefined;
        var length: usize = 0;
        for (0..random.uintLessThan(usize, 8)) |_| {
            const line = lines[random.uintLessThan(usize, lines.len)];
            @memcpy(text[length..][0..line.len], line);
            length += line.len;
        }
        for (0..random.uintLessThan(usize, 4)) |_| {
            if (length > 0) text[random.uintLessThan(usize, length)] = random.int(u8);
        }
        var pipe: [2]sys.fd_t = undefined;
        try sys.pipe(&pipe);
        defer sys.close(pipe[0]);
        try sys.write_all(pipe[1], text[0..length]);
        sys.close(pipe[1]);
        var reader: Reader = .{ .file = pipe[0] };
        while (try reader.next()) |entry| {
            var buffer: sys.PathBuffer = undefined;
            for ([_][]const u8{ entry.root, entry.mount_point }) |path| {
                const plain = unescape(&buffer, path) orelse continue;
                try std.testing.expect(plain.len <= path.len);
            }
        }
    }
}
