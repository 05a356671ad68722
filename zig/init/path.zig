//! Paths of the container: opened, and made where they are missing, without ever leaving its root.
//! Runs in bunc-init, stage 2, whose umask is 0.
//!
//! The image is hostile: any component may be a symbolic link to anywhere, and another container with the
//! same volume may exchange directories for links while we walk (CVE-2021-30465, CVE-2024-45310). So the
//! kernel resolves (openat2 with RESOLVE_IN_ROOT), and what is missing is made component by component
//! below a descriptor that is already known to be inside.

const std = @import("std");
const sys = @import("../sys.zig");
const Context = @import("context.zig").Context;
const Failed = Context.Failed;

const O = sys.O;
const RESOLVE = sys.RESOLVE;

/// What to make if the target is missing.
pub const Kind = enum { directory, file };

/// Whether a symbolic link on the way is followed (inside the root) or is an error.
pub const Links = enum { follow, refuse };

/// As in the kernel (MAXSYMLINKS).
const links_max = 40;

/// An O_PATH descriptor of what stands at `path`, an absolute path in the container. Links are followed as
/// the container's own processes would, but a magic link of procfs is an error (ELOOP). `flags`: O_DIRECTORY
/// or 0.
pub fn open(context: *const Context, path: []const u8, links: Links, flags: u32) sys.Error!sys.fd_t {
    std.debug.assert(context.root >= 0);
    std.debug.assert(path.len > 0 and path[0] == '/');
    return sys.openat2(context.root, path, O.PATH | flags, resolve_flags(links));
}

fn resolve_flags(links: Links) u64 {
    const inside = RESOLVE.IN_ROOT | RESOLVE.NO_MAGICLINKS;
    return switch (links) {
        .follow => inside,
        .refuse => inside | RESOLVE.NO_SYMLINKS,
    };
}

/// Makes `path`, which `open` did not find, with all its parents: directories 0755, a file 0644 and empty.
/// Links that point to nothing yet are followed to where they point, and that is made (an image's
/// /var/run -> /run without a /run).
pub fn create(context: *const Context, path: []const u8, kind: Kind, links: Links) Failed!sys.fd_t {
    var buffers: [2]sys.PathBuffer = undefined;
    var current = path;
    for (0..links_max) |attempt| {
        switch (try create_once(context, current, kind, links, &buffers[attempt % 2])) {
            .made => |fd| return fd,
            .link => |next| current = next,
        }
    }
    return context.refuse(.LOOP, .system, "openat2", path, "");
}

const Created = union(enum) {
    made: sys.fd_t,
    /// A component is a link: the path with the link's target in its place.
    link: []const u8,
};

fn create_once(
    context: *const Context,
    path: []const u8,
    kind: Kind,
    links: Links,
    spare: *sys.PathBuffer,
) Failed!Created {
    var offset: usize = undefined;
    var directory = try open_existing(context, path, links, &offset);
    while (true) {
        while (offset < path.len and path[offset] == '/') offset += 1;
        if (offset == path.len) return .{ .made = directory };
        const end = std.mem.indexOfScalarPos(u8, path, offset, '/') orelse path.len;
        const is_last = std.mem.indexOfNonePos(u8, path, end, "/") == null;
        const name = path[offset..end];
        if (std.mem.eql(u8, name, ".")) {
            offset = end;
            continue;
        }
        const make: Kind = if (is_last) kind else .directory;
        const next = make_component(directory, name, make) catch {
            if (!sys.is(.LOOP) and !sys.is(.NOTDIR)) return context.fail(make_call(make), path);
            const refused = sys.backend.errno;
            const next_path = follow(directory, name, path, offset, end, spare) catch {
                if (sys.is(.INVAL)) sys.backend.errno = refused; // Not a link after all.
                return context.fail(make_call(make), path);
            };
            if (links == .refuse) return refuse_link(context, path);
            sys.close(directory);
            return .{ .link = next_path };
        };
        sys.close(directory);
        directory = next;
        offset = end;
    }
}

/// Where Links.refuse says so.
pub fn refuse_link(context: *const Context, path: []const u8) Failed {
    return context.refuse(.LOOP, .unsafe_path, "openat2", path, "a component is a symbolic link");
}

fn make_call(kind: Kind) []const u8 {
    return switch (kind) {
        .directory => "mkdirat",
        .file => "openat",
    };
}

/// The longest part of `path` that exists, and in `rest` the offset at which the rest begins.
fn open_existing(context: *const Context, path: []const u8, links: Links, rest: *usize) Failed!sys.fd_t {
    var length = path.len;
    while (true) {
        while (length > 0 and path[length - 1] == '/') length -= 1;
        length = std.mem.lastIndexOfScalar(u8, path[0..length], '/') orelse 0;
        rest.* = length;
        const prefix = if (length == 0) "/" else path[0..length];
        return sys.openat2(context.root, prefix, O.PATH | O.DIRECTORY, resolve_flags(links)) catch {
            if (sys.is(.NOENT) and length > 0) continue;
            if (links == .refuse and sys.is(.LOOP)) return refuse_link(context, path);
            return context.fail("openat2", path);
        };
    }
}

/// ELOOP or ENOTDIR: a link (or, for a directory, a file) stands there.
fn make_component(directory: sys.fd_t, name: []const u8, kind: Kind) sys.Error!sys.fd_t {
    const below = RESOLVE.BENEATH | RESOLVE.NO_MAGICLINKS | RESOLVE.NO_SYMLINKS;
    // What does not exist yet has no parent to go back to.
    if (std.mem.eql(u8, name, "..")) return sys.fail(.NOENT);
    switch (kind) {
        .directory => {
            sys.mkdirat(directory, name, 0o755) catch if (!sys.is(.EXIST)) return error.Sys;
            return sys.openat2(directory, name, O.PATH | O.DIRECTORY, below);
        },
        .file => {
            return sys.openat2_create(directory, name, O.EXCL | O.NOFOLLOW, 0o644, below) catch {
                if (!sys.is(.EXIST)) return error.Sys;
                return sys.openat2(directory, name, O.PATH, below);
            };
        },
    }
}

/// `path` with its component [start, end), which is a link, replaced by what the link says.
fn follow(
    directory: sys.fd_t,
    name: []const u8,
    path: []const u8,
    start: usize,
    end: usize,
    buffer: *sys.PathBuffer,
) sys.Error![]const u8 {
    var link_buffer: sys.PathBuffer = undefined;
    const link = try sys.readlinkat(directory, name, &link_buffer);
    if (link.len == 0 or link.len == link_buffer.len) return sys.fail(.NAMETOOLONG);
    const before = if (link[0] == '/') "" else path[0..start];
    return std.fmt.bufPrint(buffer, "{s}{s}{s}", .{ before, link, path[end..] }) catch sys.fail(.NAMETOOLONG);
}

/// Whether the clean path `inner` is `outer` or below it.
pub fn is_below(outer: []const u8, inner: []const u8) bool {
    if (std.mem.eql(u8, outer, "/")) return true;
    return std.mem.startsWith(u8, inner, outer) and (inner.len == outer.len or inner[outer.len] == '/');
}

/// A directory in the container and a name in it, for calls that make something there.
pub const Parent = struct {
    /// Borrowed from the context: not to be closed, valid until the next `open_parent`.
    directory: sys.fd_t,
    /// Points into the path.
    name: []const u8,
};

/// The last directory: devices and links come in sequence (/dev/null, /dev/zero …), and the directory is
/// resolved once for all of them.
pub const LastParent = struct {
    directory: sys.fd_t = -1,
    length: usize = 0,
    path: [sys.path_max]u8 = undefined,

    /// Called by everything that may cover the directory: a mount, a hook.
    pub fn forget(self: *LastParent) void {
        if (self.directory >= 0) sys.close(self.directory);
        self.directory = -1;
    }
};

/// The parent directory of `path`, made if it is missing, and the last component, which is not resolved.
pub fn open_parent(context: *Context, path: []const u8) Failed!Parent {
    const trimmed = std.mem.trimEnd(u8, path, "/");
    const slash = std.mem.lastIndexOfScalar(u8, trimmed, '/');
    const name = if (slash) |index| trimmed[index + 1 ..] else "";
    if (name.len == 0 or std.mem.eql(u8, name, ".") or std.mem.eql(u8, name, "..")) {
        return context.refuse(.INVAL, .unsafe_path, "openat2", path, "it does not end in a file name");
    }
    const directory = if (slash.? == 0) "/" else trimmed[0..slash.?];
    const last = &context.last_parent;
    if (last.directory < 0 or !std.mem.eql(u8, last.path[0..last.length], directory)) {
        if (directory.len >= last.path.len) return context.refuse(.NAMETOOLONG, .system, "openat2", path, "");
        last.forget();
        last.directory = open(context, directory, .follow, O.DIRECTORY) catch blk: {
            if (!sys.is(.NOENT)) return context.fail("openat2", directory);
            break :blk try create(context, directory, .directory, .follow);
        };
        @memcpy(last.path[0..directory.len], directory);
        last.length = directory.len;
    }
    return .{ .directory = last.directory, .name = name };
}

/// A directory as root of a container, made for one test.
const TestRoot = struct {
    directory: std.testing.TmpDir,
    plan: Plan,
    channel: [2]sys.fd_t,
    context: Context,

    const Plan = @import("../plan.zig").Plan;

    fn make(self: *TestRoot) !void {
        self.directory = std.testing.tmpDir(.{});
        try sys.socketpair_seqpacket(&self.channel);
        self.context = .{
            .plan = &self.plan,
            .stage = .init,
            .channel = self.channel[1],
            .root = self.directory.dir.handle,
            .allocator = std.testing.allocator,
        };
        const root = self.context.root;
        try sys.mkdirat(root, "dir", 0o755);
        try sys.mkdirat(root, "dir/sub", 0o755);
        const file = try sys.create(root, "file", O.EXCL, 0o644);
        sys.close(file);
        const links = [_]struct { [:0]const u8, [:0]const u8 }{
            .{ "/dir", "absolute" },
            .{ "../../../../../../../../dir", "climbing" },
            .{ "missing/below", "dangling" },
            .{ "../absolute/new", "dir/relative" },
            .{ "loop", "loop" },
            .{ "endless/x", "endless" },
        };
        for (links) |link| try sys.symlinkat(link[0], root, link[1]);
    }

    fn end(self: *TestRoot) void {
        self.context.last_parent.forget();
        sys.close(self.channel[0]);
        sys.close(self.channel[1]);
        self.directory.cleanup();
    }
};

test "what is missing is made inside the root, wherever links point" {
    const cases = [_]struct {
        path: []const u8,
        kind: Kind = .directory,
        links: Links = .follow,
        /// Where it must stand afterwards, seen from the root without any link; null: refused with `errno`.
        made: ?[:0]const u8 = null,
        errno: sys.E = .SUCCESS,
    }{
        .{ .path = "/new", .made = "new" },
        .{ .path = "/new/deep/er/", .made = "new/deep/er" },
        .{ .path = "//dir///./sub2", .made = "dir/sub2" },
        .{ .path = "/dir/f", .kind = .file, .made = "dir/f" },
        .{ .path = "/a/b/f", .kind = .file, .made = "a/b/f" },
        .{ .path = "/absolute/x", .made = "dir/x" },
        .{ .path = "/climbing/x/y", .made = "dir/x/y" },
        .{ .path = "/dangling", .made = "missing/below" },
        .{ .path = "/dangling/x", .made = "missing/below/x" },
        .{ .path = "/dangling", .kind = .file, .made = "missing/below" },
        .{ .path = "/dir/relative/x", .made = "dir/new/x" },
        .{ .path = "/dir/../new", .made = "new" },
        .{ .path = "/../../../new", .made = "new" },
        .{ .path = "/new/../x", .errno = .NOENT },
        .{ .path = "/file/x", .errno = .NOTDIR },
        .{ .path = "/loop/x", .errno = .LOOP },
        .{ .path = "/endless", .errno = .LOOP },
        .{ .path = "/absolute/x", .links = .refuse, .errno = .LOOP },
        .{ .path = "/dangling", .links = .refuse, .errno = .LOOP },
        .{ .path = "/dir/x", .links = .refuse, .made = "dir/x" },
        .{ .path = "/" ++ "n" ** 256, .errno = .NAMETOOLONG },
    };
    for (cases) |case| {
        var root: TestRoot = undefined;
        try root.make();
        defer root.end();
        const result = create(&root.context, case.path, case.kind, case.links);
        if (case.made) |made| {
            const fd = try result;
            defer sys.close(fd);
            const stat = try sys.fstat(fd);
            const below = RESOLVE.BENEATH | RESOLVE.NO_SYMLINKS;
            const expected = try sys.openat2(root.context.root, made, O.PATH, below);
            defer sys.close(expected);
            try std.testing.expectEqual((try sys.fstat(expected)).inode, stat.inode);
            try std.testing.expectEqual(case.kind == .directory, stat.is_directory());
        } else {
            try std.testing.expectError(error.Failed, result);
            try std.testing.expectEqual(case.errno, sys.backend.errno);
        }
    }
}

test "what exists is found inside the root" {
    var root: TestRoot = undefined;
    try root.make();
    defer root.end();
    const cases = [_]struct { []const u8, Links, ?[:0]const u8 }{
        .{ "/dir/sub", .follow, "dir/sub" },
        .{ "/absolute/sub", .follow, "dir/sub" },
        .{ "/climbing/sub", .follow, "dir/sub" },
        .{ "/../../dir", .follow, "dir" },
        .{ "/absolute/sub", .refuse, null },
        .{ "/dir/sub", .refuse, "dir/sub" },
        .{ "/loop", .follow, null },
    };
    for (cases) |case| {
        const fd = open(&root.context, case[0], case[1], 0) catch {
            try std.testing.expectEqual(null, case[2]);
            try std.testing.expect(sys.is(.LOOP));
            continue;
        };
        defer sys.close(fd);
        const expected = try sys.openat(root.context.root, case[2].?, O.PATH);
        defer sys.close(expected);
        try std.testing.expectEqual((try sys.fstat(expected)).inode, (try sys.fstat(fd)).inode);
    }
}

test "the parent of a path, and no name that is not one" {
    var root: TestRoot = undefined;
    try root.make();
    defer root.end();
    const first = try open_parent(&root.context, "/dir/sub/null");
    try std.testing.expectEqualStrings("null", first.name);
    const directory = first.directory;
    // The same directory is not opened again, another one is.
    try std.testing.expectEqual(directory, (try open_parent(&root.context, "/dir/sub/zero/")).directory);
    const inode = (try sys.fstat(directory)).inode;
    const other = try open_parent(&root.context, "/made/now/zero");
    try std.testing.expect(inode != (try sys.fstat(other.directory)).inode);
    try std.testing.expectEqualStrings("f", (try open_parent(&root.context, "/f")).name);
    for ([_][]const u8{ "/", "/dir/..", "/dir/.", "relative", "" }) |bad| {
        try std.testing.expectError(error.Failed, open_parent(&root.context, bad));
    }
}
