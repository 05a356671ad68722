//! The environment of the process: what the plan says, HOME from the container's /etc/passwd where it is
//! missing, LISTEN_PID. Duplicates were removed when the plan was made. Runs in bunc-init, stage 2.

const std = @import("std");
const sys = @import("../sys.zig");
const Context = @import("context.zig").Context;

pub const Vector = [:null]?[*:0]const u8;

const home_default = "/";
/// /etc/passwd belongs to the image: at most this much of it is read.
const passwd_size_max = 1024 * 1024;

/// Allocated from the context's allocator, for execve(2).
pub fn build(context: *Context) Context.Failed!Vector {
    return build_vector(context) catch |err| switch (err) {
        error.Failed => error.Failed,
        error.OutOfMemory => context.fail_as(.limit, "execve", "process.env", "no room for the environment"),
    };
}

fn build_vector(context: *Context) error{ Failed, OutOfMemory }!Vector {
    const process = context.plan.process;
    const allocator = context.allocator;
    const vector = try allocator.allocSentinel(?[*:0]const u8, process.env.len + 2, null);
    var count: usize = 0;
    var has_home = false;
    for (process.env) |variable| {
        // An empty HOME is no HOME.
        if (std.mem.eql(u8, variable, "HOME=")) continue;
        if (std.mem.startsWith(u8, variable, "HOME=")) has_home = true;
        vector[count] = try allocator.dupeZ(u8, variable);
        count += 1;
    }
    if (!has_home) {
        var buffer: [sys.path_max]u8 = undefined;
        const home = read_home(context, process.home_uid, &buffer) orelse home_default;
        vector[count] = try std.fmt.allocPrintSentinel(allocator, "HOME={s}", .{home}, 0);
        count += 1;
    }
    if (process.listen_pid) {
        vector[count] = try std.fmt.allocPrintSentinel(allocator, "LISTEN_PID={d}", .{sys.getpid()}, 0);
        count += 1;
    }
    vector[count] = null;
    return vector[0..count :null];
}

/// Value of a variable of the plan's environment; the last one wins, as for getenv after a dedup.
pub fn get(env: []const []const u8, name: []const u8) ?[]const u8 {
    var index = env.len;
    while (index > 0) {
        index -= 1;
        const variable = env[index];
        if (variable.len <= name.len or variable[name.len] != '=') continue;
        if (std.mem.startsWith(u8, variable, name)) return variable[name.len + 1 ..];
    }
    return null;
}

/// null for a user without an entry, or if /etc/passwd cannot be read: both are common.
fn read_home(context: *const Context, uid: u32, home: *[sys.path_max]u8) ?[]const u8 {
    std.debug.assert(context.root >= 0);
    // It may be a FIFO or a device of the image's: neither wait for a writer nor make it our terminal.
    const flags = sys.O.RDONLY | sys.O.NONBLOCK | sys.O.NOCTTY;
    const resolve = sys.RESOLVE.IN_ROOT | sys.RESOLVE.NO_MAGICLINKS;
    const file = sys.openat2(context.root, "/etc/passwd", flags, resolve) catch return null;
    defer sys.close(file);
    const stat = sys.fstat(file) catch return null;
    if (stat.mode & sys.S.IFMT != sys.S.IFREG) return null;

    var finder: HomeFinder = .{ .uid = uid, .home = home };
    var total: usize = 0;
    while (total < passwd_size_max) {
        var chunk: [4096]u8 = undefined;
        const count = sys.read(file, &chunk) catch return null;
        if (count == 0) return finder.end();
        total += count;
        if (finder.feed(chunk[0..count])) |found| return found;
    }
    return null;
}

/// passwd(5), line by line over chunks: name:password:UID:GID:GECOS:directory:shell. Over-long lines are
/// skipped.
const HomeFinder = struct {
    uid: u32,
    home: *[sys.path_max]u8,
    line: [2 * sys.path_max]u8 = undefined,
    length: usize = 0,
    too_long: bool = false,

    fn feed(self: *HomeFinder, chunk: []const u8) ?[]const u8 {
        for (chunk) |byte| {
            if (byte == '\n') {
                if (self.end()) |found| return found;
                self.length = 0;
                self.too_long = false;
            } else if (self.length < self.line.len) {
                self.line[self.length] = byte;
                self.length += 1;
            } else {
                self.too_long = true;
            }
        }
        return null;
    }

    /// Evaluates the line collected so far.
    fn end(self: *HomeFinder) ?[]const u8 {
        if (self.too_long) return null;
        var fields = std.mem.splitScalar(u8, self.line[0..self.length], ':');
        for (0..2) |_| _ = fields.next() orelse return null;
        const uid = std.fmt.parseInt(u32, fields.next() orelse return null, 10) catch return null;
        if (uid != self.uid) return null;
        for (0..2) |_| _ = fields.next() orelse return null;
        const directory = fields.next() orelse return null;
        // A NUL would cut the variable short in the middle.
        if (directory.len == 0 or directory.len > self.home.len) return null;
        if (std.mem.indexOfScalar(u8, directory, 0) != null) return null;
        @memcpy(self.home[0..directory.len], directory);
        return self.home[0..directory.len];
    }
};

test "HOME of a uid from passwd lines, whatever the image wrote" {
    const long: [3 * sys.path_max]u8 = @splat('x');
    const cases = [_]struct { []const u8, u32, ?[]const u8 }{
        .{ "root:x:0:0:root:/root:/bin/sh\n", 0, "/root" },
        .{ "root:x:0:0:root:/root:/bin/sh\napp:x:1000:1000::/home/app:/bin/sh", 1000, "/home/app" },
        .{ "a:x:7:7::/first:\nb:x:7:7::/second:\n", 7, "/first" },
        .{ "root:x:0:0:root:/root:/bin/sh\n", 1, null },
        .{ "", 0, null },
        .{ "\n\n:::\nx:y\n", 0, null },
        .{ "a:x:-1:0::/a:\n", 0, null },
        .{ "a:x: 5:0::/a:\nb:x:5:0::/b:", 5, "/b" },
        .{ "a:x:4294967296:0::/a:\n", 0, null },
        .{ "a:x:5:0::\x00:\n", 5, null },
        .{ long ++ "\nb:x:5:0::/b:\n", 5, "/b" },
        .{ "b:x:5:0::" ++ long ++ "\n", 5, null },
        .{ "b:x:5:0::/no-shell", 5, "/no-shell" },
    };
    for (cases) |case| {
        // The answer does not depend on where the chunks end.
        for ([_]usize{ 1, 7, 4096 }) |step| {
            var home: [sys.path_max]u8 = undefined;
            var finder: HomeFinder = .{ .uid = case[1], .home = &home };
            var rest = case[0];
            const found = while (rest.len > 0) {
                const size = @min(step, rest.len);
                if (finder.feed(rest[0..size])) |found| break found;
                rest = rest[size..];
            } else finder.end();
            if (case[2]) |expected| {
                try std.testing.expectEqualStrings(expected, found orelse return error.NotFound);
            } else try std.testing.expectEqual(null, found);
        }
    }
}

test "get takes the last and only whole names" {
    const env = [_][]const u8{ "PATHX=no", "PATH=/a", "PATH=/b", "EMPTY=", "NOEQUALS" };
    try std.testing.expectEqualStrings("/b", get(&env, "PATH").?);
    try std.testing.expectEqualStrings("", get(&env, "EMPTY").?);
    try std.testing.expectEqual(null, get(&env, "PAT"));
    try std.testing.expectEqual(null, get(&env, "NOEQUALS"));
}
