//! tmpcopyup: copies the contents of a directory into the tmpfs that is about to cover it. The tmpfs is still
//! detached, so nobody else can reach the copies. Runs in bunc-init, stage 2, whose umask is 0.

const sys = @import("../sys.zig");
const Context = @import("context.zig").Context;

const depth_max = 256;
const O = sys.O;
const AT = sys.AT;

/// Copies everything in `from` (an O_PATH descriptor) to the root of `to`, with modes and owners. Mode and
/// owner of the root itself are the tmpfs's own (options mode, uid, gid). `shown`: the target's path.
pub fn copy(context: *const Context, from: sys.fd_t, to: sys.fd_t, shown: []const u8) Context.Failed!void {
    const source = sys.openat(from, ".", O.RDONLY | O.DIRECTORY) catch return context.fail("openat", shown);
    defer sys.close(source);
    copy_entries(source, to, 0) catch |err| switch (err) {
        error.Sys => return context.fail_as(.system, "copy", shown, "tmpcopyup"),
        error.TooDeep => {
            const too_deep = "tmpcopyup: directories are nested too deeply";
            return context.refuse(.LOOP, .limit, "copy", shown, too_deep);
        },
    };
}

const Error = error{ Sys, TooDeep };

fn copy_entries(from: sys.fd_t, to: sys.fd_t, depth: u32) Error!void {
    if (depth == depth_max) return error.TooDeep;
    var buffer: [1024]u8 align(8) = undefined;
    while (true) {
        const bytes = try sys.getdents(from, &buffer);
        if (bytes.len == 0) return;
        var entries: sys.DirectoryEntries = .{ .bytes = bytes };
        while (entries.next()) |entry| try copy_entry(from, to, entry.name, depth);
    }
}

fn copy_entry(from: sys.fd_t, to: sys.fd_t, name: [:0]const u8, depth: u32) Error!void {
    const stat = try sys.statx(from, name, AT.SYMLINK_NOFOLLOW);
    switch (stat.mode & sys.S.IFMT) {
        sys.S.IFDIR => {
            const source = try sys.openat(from, name, O.RDONLY | O.DIRECTORY | O.NOFOLLOW);
            defer sys.close(source);
            try sys.mkdirat(to, name, 0o700);
            const copied = try sys.openat(to, name, O.RDONLY | O.DIRECTORY | O.NOFOLLOW);
            defer sys.close(copied);
            try copy_entries(source, copied, depth + 1);
            try set_owner_and_mode(copied, stat);
        },
        sys.S.IFREG => try copy_file(from, to, name),
        sys.S.IFLNK => {
            try copy_link(from, to, name);
            try sys.fchownat(to, name, stat.uid, stat.gid, AT.SYMLINK_NOFOLLOW);
        },
        else => {
            const number = sys.makedev(stat.rdev_major, stat.rdev_minor) orelse return sys.fail(.INVAL);
            try sys.mknodat(to, name, stat.mode, number);
            try sys.fchownat(to, name, stat.uid, stat.gid, AT.SYMLINK_NOFOLLOW);
        },
    }
}

/// The owner first: changing it clears set-user-ID.
fn set_owner_and_mode(fd: sys.fd_t, stat: sys.Stat) sys.Error!void {
    try sys.fchownat(fd, "", stat.uid, stat.gid, AT.EMPTY_PATH);
    try sys.fchmod(fd, stat.mode & 0o7777);
}

noinline fn copy_file(from: sys.fd_t, to: sys.fd_t, name: [:0]const u8) sys.Error!void {
    const source = try sys.openat(from, name, O.RDONLY | O.NOFOLLOW | O.NONBLOCK | O.NOCTTY);
    defer sys.close(source);
    const stat = try sys.fstat(source);
    // Exchanged for something else meanwhile.
    if (stat.mode & sys.S.IFMT != sys.S.IFREG) return sys.fail(.AGAIN);
    const copied = try sys.create(to, name, O.WRONLY | O.EXCL, 0o600);
    defer sys.close(copied);
    var buffer: [16384]u8 = undefined;
    while (true) {
        const count = try sys.read(source, &buffer);
        if (count == 0) break;
        try sys.write_all(copied, buffer[0..count]);
    }
    try set_owner_and_mode(copied, stat);
}

noinline fn copy_link(from: sys.fd_t, to: sys.fd_t, name: [:0]const u8) sys.Error!void {
    var buffer: sys.PathBuffer = undefined;
    const target = try sys.readlinkat(from, name, buffer[0 .. buffer.len - 1]);
    try sys.symlinkat(target, to, name);
}
