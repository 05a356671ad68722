//! New file systems: fsopen(2), fsconfig(2), fsmount(2). Runs in bunc-init, stage 2.
//!
//! fsconfig takes values of at most 255 bytes. A longer layer of an overlay can be given as a descriptor
//! (Linux 6.13); for all else that is longer there is the option string of mount(2), a page for everything.

const std = @import("std");
const sys = @import("../sys.zig");
const plan = @import("../plan.zig");

const MS = std.os.linux.MS;
/// Not in Zig's std. linux/mount.h.
const MS_NOSYMFOLLOW = 256;
const attr = sys.mount_attr;
const value_max = 255;
/// A page, with the terminating NUL.
const options_max = 4095;

/// Which call failed, and the details for the error.
pub const Report = struct {
    op: []const u8 = "",
    text: [1024]u8 = undefined,
    length: usize = 0,

    pub fn detail(self: *const Report) []const u8 {
        return self.text[0..self.length];
    }

    fn failed(self: *Report, op: []const u8, fs: sys.fd_t, option: ?plan.MountOption) sys.Error {
        const errno = sys.backend.errno;
        self.op = op;
        var text: std.Io.Writer = .fixed(&self.text);
        // What has no room is left out.
        describe(&text, fs, option) catch {};
        self.length = text.end;
        return sys.fail(errno);
    }

    fn describe(text: *std.Io.Writer, fs: sys.fd_t, option: ?plan.MountOption) std.Io.Writer.Error!void {
        if (option) |it| {
            try text.print("option \"{s}", .{it.key});
            if (it.value) |value| try text.print("={s}", .{value});
            try text.writeAll("\"");
        }
        if (fs >= 0) try read_log(text, fs);
    }

    /// What the file system says for itself: one message a read, "e " (error), "w " or "i " in front.
    /// fsopen(2).
    fn read_log(text: *std.Io.Writer, fs: sys.fd_t) std.Io.Writer.Error!void {
        var buffer: [512]u8 = undefined;
        for (0..8) |_| {
            const count = sys.read(fs, &buffer) catch return; // ENODATA: that was all.
            if (text.end > 0) try text.writeAll("; ");
            try text.writeAll(std.mem.trimEnd(u8, buffer[0..count], "\n"));
        }
    }
};

/// Unfit: this kernel takes some option only in the option string of mount(2).
pub const Error = error{ Sys, Unfit };

/// A detached mount of a new file system. `attributes`: MOUNT_ATTR_* to set. `extra`: an option before the
/// others.
pub fn make(op: plan.Filesystem, attributes: u32, extra: ?plan.MountOption, report: *Report) Error!sys.fd_t {
    const fs = sys.fsopen(op.type) catch return report.failed("fsopen", -1, null);
    defer sys.close(fs);
    if (op.source.len > 0) try set(fs, op.type, .{ .key = "source", .value = op.source }, report);
    if (extra) |option| try set(fs, op.type, option, report);
    for (op.options) |option| try set(fs, op.type, option, report);
    sys.fsconfig_create(fs) catch return report.failed("fsconfig", fs, null);
    return sys.fsmount(fs, attributes) catch return report.failed("fsmount", fs, null);
}

/// Gives the file system of the mount at `target` new options.
pub fn reconfigure(target: sys.fd_t, options: []const plan.MountOption, report: *Report) Error!void {
    const fs = sys.fspick(target, "", sys.fspick_empty_path) catch return report.failed("fspick", -1, null);
    defer sys.close(fs);
    for (options) |option| try set(fs, "", option, report);
    sys.fsconfig_reconfigure(fs) catch return report.failed("fsconfig", fs, null);
}

fn set(fs: sys.fd_t, fs_type: []const u8, option: plan.MountOption, report: *Report) Error!void {
    const key = option.key;
    if (key.len > value_max) return error.Unfit;
    const value = option.value orelse {
        sys.fsconfig_flag(fs, key) catch return report.failed("fsconfig", fs, option);
        return;
    };
    const is_overlay = std.mem.eql(u8, fs_type, "overlay");
    if (value.len <= value_max) {
        sys.fsconfig_string(fs, key, value) catch {
            // Before 6.5 overlay took no value with a comma this way.
            if (is_overlay and sys.is(.INVAL) and std.mem.indexOfScalar(u8, value, ',') != null) {
                return error.Unfit;
            }
            return report.failed("fsconfig", fs, option);
        };
        return;
    }
    const is_layer = is_overlay and
        (std.mem.eql(u8, key, "lowerdir+") or std.mem.eql(u8, key, "datadir+"));
    if (!is_layer) return error.Unfit;
    try set_directory(fs, key, value);
}

/// A directory given as a descriptor, whose path may be of any length.
fn set_directory(fs: sys.fd_t, key: []const u8, path: []const u8) Error!void {
    const directory = sys.open(path, sys.O.RDONLY | sys.O.DIRECTORY) catch return error.Unfit;
    defer sys.close(directory);
    sys.fsconfig_fd(fs, key, directory) catch return error.Unfit;
}

/// TooLong: the options do not fit into the page of mount(2).
pub const ClassicError = error{ Sys, TooLong };

/// The same with mount(2): attached to the directory `target` at once.
pub fn mount_classic(
    op: plan.Filesystem,
    target: sys.fd_t,
    attributes: u32,
    extra: ?plan.MountOption,
    report: *Report,
) ClassicError!void {
    var flags = mount_flags(attributes);
    var buffer: [options_max]u8 = undefined;
    var data: std.Io.Writer = .fixed(&buffer);
    if (extra) |option| add(&data, option) catch return error.TooLong;
    for (op.options) |option| {
        if (flag_of(option)) |flag| flags |= flag else add(&data, option) catch return error.TooLong;
    }
    if (op.type.len > value_max or op.source.len >= sys.path_max) return error.TooLong;
    // mount(2) knows paths only: the one that needs no resolving is ".".
    const here = sys.open(".", sys.O.PATH) catch return report.failed("open", -1, null);
    defer sys.close(here);
    sys.fchdir(target) catch return report.failed("fchdir", -1, null);
    sys.mount(op.source, ".", op.type, flags, data.buffered()) catch return report.failed("mount", -1, null);
    sys.fchdir(here) catch return report.failed("fchdir", -1, null);
}

fn add(options: *std.Io.Writer, option: plan.MountOption) std.Io.Writer.Error!void {
    if (options.end > 0) try options.writeByte(',');
    try options.writeAll(option.key);
    if (option.value) |value| try options.print("={s}", .{value});
}

/// Options that concern every file system are flags of mount(2). Null: not one of them.
fn flag_of(option: plan.MountOption) ?u32 {
    const table = [_]struct { []const u8, u32 }{
        .{ "ro", MS.RDONLY },       .{ "rw", 0 },                 .{ "sync", MS.SYNCHRONOUS },
        .{ "async", 0 },            .{ "mand", MS.MANDLOCK },     .{ "nomand", 0 },
        .{ "dirsync", MS.DIRSYNC }, .{ "lazytime", MS.LAZYTIME }, .{ "nolazytime", 0 },
    };
    if (option.value != null) return null;
    for (table) |row| if (std.mem.eql(u8, row[0], option.key)) return row[1];
    return null;
}

/// MOUNT_ATTR_* → MS_*.
fn mount_flags(attributes: u32) u32 {
    const table = [_]struct { u32, u32 }{
        .{ attr.RDONLY, MS.RDONLY },         .{ attr.NOSUID, MS.NOSUID },
        .{ attr.NODEV, MS.NODEV },           .{ attr.NOEXEC, MS.NOEXEC },
        .{ attr.NOATIME, MS.NOATIME },       .{ attr.STRICTATIME, MS.STRICTATIME },
        .{ attr.NODIRATIME, MS.NODIRATIME }, .{ attr.NOSYMFOLLOW, MS_NOSYMFOLLOW },
    };
    var flags: u32 = 0;
    for (table) |row| {
        if (attributes & row[0] != 0) flags |= row[1];
    }
    return flags;
}

test "the option string of mount(2) has a bound" {
    var buffer: [options_max]u8 = undefined;
    var options: std.Io.Writer = .fixed(&buffer);
    try add(&options, .{ .key = "a", .value = "1" });
    try add(&options, .{ .key = "b", .value = null });
    try std.testing.expectEqualStrings("a=1,b", options.buffered());
    const long: [4096]u8 = @splat('x');
    try std.testing.expectError(error.WriteFailed, add(&options, .{ .key = "c", .value = &long }));
}

test "attributes as flags of mount(2)" {
    try std.testing.expectEqual(
        MS.RDONLY | MS.NOSUID | MS.NOATIME,
        mount_flags(attr.RDONLY | attr.NOSUID | attr.NOATIME),
    );
    try std.testing.expectEqual(@as(u32, 0), mount_flags(0));
}
