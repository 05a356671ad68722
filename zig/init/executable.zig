//! Find the program of process.args[0] as an execvp would, in the container and as its user, so that a
//! missing one is reported before "ready". Runs in bunc-init, stage 2, after the root and the user changed.
//!
//! The rules are those that callers know from Go's exec.LookPath: a name with a slash is taken as it is;
//! other names are looked up in PATH of process.env, without a default; a hit in the working directory
//! (an empty or relative element of PATH) is refused.

const std = @import("std");
const sys = @import("../sys.zig");
const environment = @import("environment.zig");
const Context = @import("context.zig").Context;

/// Path for execve(2). Failures are Code.executable, op "lookup", target
/// args[0]; errno: ENOENT (nowhere in PATH, or no such file), EACCES, EISDIR, ENOTDIR, ELOOP; 0 with a
/// detail for a hit relative to the working directory.
pub fn find(context: *Context) Context.Failed![]const u8 {
    const process = context.plan.process;
    std.debug.assert(process.args.len > 0);
    const name = process.args[0];
    var buffer: sys.PathBuffer = undefined;
    if (name.len == 0) return context.refuse(.NOENT, .executable, "lookup", name, "");
    if (std.mem.indexOfScalar(u8, name, '/') != null) {
        check(name) catch return context.fail_as(.executable, "lookup", name, why_not(name));
        return name;
    }
    // splitScalar has one empty element for an empty text; an empty PATH has none.
    const search = environment.get(process.env, "PATH") orelse "";
    var directories = std.mem.splitScalar(u8, search, ':');
    while (directories.next()) |directory| {
        if (search.len == 0) break;
        const path = join(&buffer, directory, name) orelse continue;
        check(path) catch continue;
        if (path[0] != '/') {
            const relative = "cannot run executable found relative to current directory";
            return context.refuse(.SUCCESS, .executable, "lookup", name, relative);
        }
        return context.allocator.dupe(u8, path) catch
            context.fail_as(.limit, "lookup", path, "no room for the path");
    }
    return context.refuse(.NOENT, .executable, "lookup", name, "");
}

/// null: longer than any path, so it does not exist.
fn join(buffer: *sys.PathBuffer, directory: []const u8, name: []const u8) ?[]const u8 {
    const separator = if (directory.len == 0 or directory[directory.len - 1] == '/') "" else "/";
    return std.fmt.bufPrint(buffer, "{s}{s}{s}", .{ directory, separator, name }) catch null;
}

/// A regular file that may be executed. The process is inside its root, so the path leads nowhere else,
/// except through magic links of /proc: those would lead to bunc-init itself or its descriptors.
fn check(path: []const u8) sys.Error!void {
    const file = try sys.openat2(sys.AT.FDCWD, path, sys.O.PATH, sys.RESOLVE.NO_MAGICLINKS);
    defer sys.close(file);
    const stat = try sys.fstat(file);
    if (stat.is_directory()) return sys.fail(.ISDIR);
    if (stat.mode & sys.S.IFMT != sys.S.IFREG) return sys.fail(.ACCES);
    try sys.faccessat_execute(sys.AT.FDCWD, path);
}

/// Why an existing file cannot be executed, for a person; empty if unknown.
fn why_not(path: []const u8) []const u8 {
    const errno = sys.backend.errno;
    defer sys.backend.errno = errno;
    if (errno != .ACCES) return "";
    const file = sys.openat2(sys.AT.FDCWD, path, sys.O.PATH, sys.RESOLVE.NO_MAGICLINKS) catch return "";
    defer sys.close(file);
    const stat = sys.fstat(file) catch return "";
    if (stat.mode & sys.S.IFMT != sys.S.IFREG) return "it is not a regular file";
    if (stat.mode & 0o111 == 0) return "its mode lets nobody execute it";
    return if (sys.fstatfs_noexec(file) catch return "") "it is on a mount with noexec" else "";
}

test why_not {
    const cases = [_]struct { [:0]const u8, sys.E, []const u8 }{
        .{ "/etc/passwd", .ACCES, "its mode lets nobody execute it" },
        .{ "/dev/null", .ACCES, "it is not a regular file" },
        .{ "/bin/sh", .ACCES, "" },
        .{ "/no/such/file", .ACCES, "" },
        .{ "/etc/passwd", .LOOP, "" },
    };
    for (cases) |case| {
        sys.backend.errno = case[1];
        try std.testing.expectEqualStrings(case[2], why_not(case[0]));
        try std.testing.expectEqual(case[1], sys.backend.errno);
    }
}

test "the check tells why a file cannot be run" {
    const cases = [_]struct { [:0]const u8, ?sys.E }{
        .{ "/bin/sh", null },
        .{ "/", .ISDIR },
        .{ "/dev/null", .ACCES },
        .{ "/no/such/file", .NOENT },
        .{ "/etc/passwd", .ACCES },
        .{ "/etc/passwd/x", .NOTDIR },
        .{ "/proc/self/exe", .LOOP },
    };
    for (cases) |case| {
        if (case[1]) |expected| {
            try std.testing.expectError(error.Sys, check(case[0]));
            try std.testing.expectEqual(expected, sys.backend.errno);
        } else try check(case[0]);
    }
}

test "elements of PATH are joined with one slash" {
    var buffer: sys.PathBuffer = undefined;
    const cases = [_][3][]const u8{
        .{ "/bin", "ls", "/bin/ls" },
        .{ "/bin/", "ls", "/bin/ls" },
        .{ "/", "ls", "/ls" },
        .{ "", "ls", "ls" },
        .{ "bin", "ls", "bin/ls" },
    };
    for (cases) |case| try std.testing.expectEqualStrings(case[2], join(&buffer, case[0], case[1]).?);
    const long: [sys.path_max]u8 = @splat('x');
    try std.testing.expectEqual(null, join(&buffer, &long, "ls"));
}
