//! What JavaScript asks for where the image is made and where it goes on (src/image.ts). Runs in the bunc
//! process.

const std = @import("std");
const linux = std.os.linux;
const sys = @import("../sys.zig");
const Call = @import("../call.zig").Call;
const image = @import("../image.zig");
const record = @import("../entry/record.zig");

pub const TakeImageRequest = struct {};

/// Of the process that has started from the image; of the one that was stopped, and then continued, `started`
/// is false.
pub const TakeImageReply = struct {
    started: bool,
    /// With the name that it was called by.
    arguments: []const []const u8,
    pid: u32,
    /// As decimal texts; "18446744073709551615" is infinity.
    nofile: NoFile,
    /// The working directory had been deleted; the process is in another one now.
    cwd_deleted: bool,
    /// By the build: the command only goes through the motions (src/image.ts).
    watched: bool,
};

pub const NoFile = struct { soft: []const u8, hard: []const u8 };

/// Stops the process for the build to take its image.
pub fn take_image(call: *Call, _: TakeImageRequest) Call.Error!TakeImageReply {
    if (!image.take()) return .{
        .started = false,
        .arguments = &.{},
        .pid = 0,
        .nofile = .{ .soft = "", .hard = "" },
        .cwd_deleted = false,
        .watched = false,
    };
    openStandardStreams();
    var limit: linux.rlimit = undefined;
    _ = sys.check(linux.prlimit(0, .NOFILE, null, &limit)) catch return call.fail("prlimit64", "");
    return .{
        .started = true,
        .arguments = try texts(call, given().arguments[1..]),
        .pid = @intCast(linux.getpid()),
        .nofile = .{
            .soft = try std.fmt.allocPrint(call.arena, "{d}", .{limit.cur}),
            .hard = try std.fmt.allocPrint(call.arena, "{d}", .{limit.max}),
        },
        .cwd_deleted = record.leaveDeletedDirectory(),
        .watched = image.isWatched(),
    };
}

pub const EnvironmentRequest = struct {};
pub const EnvironmentReply = struct { entries: []const []const u8 };

/// Of a process that has started from the image.
pub fn environment(call: *Call, _: EnvironmentRequest) Call.Error!EnvironmentReply {
    return .{ .entries = try texts(call, given().environment) };
}

pub const IsInheritedRequest = struct { fd: u32 };
pub const IsInheritedReply = struct { inherited: bool };

/// Whether the caller gave this process a descriptor of that number. Those are known by their flags: exec
/// closes what is close-on-exec, and whatever has been opened since is just that. True for a process that has
/// started from the image, in which Bun has not marked the caller's.
pub fn is_inherited(_: *Call, request: IsInheritedRequest) Call.Error!IsInheritedReply {
    if (request.fd > std.math.maxInt(i32)) return .{ .inherited = false };
    const flags = linux.fcntl(@intCast(request.fd), linux.F.GETFD, 0);
    return .{ .inherited = linux.errno(flags) == .SUCCESS and flags & linux.FD_CLOEXEC == 0 };
}

/// What is opened from here on must not become somebody's standard stream: Bun does the same in a normal
/// start.
fn openStandardStreams() void {
    for (0..3) |fd| {
        if (linux.errno(linux.fcntl(@intCast(fd), linux.F.GETFD, 0)) == .SUCCESS) continue;
        _ = linux.open("/dev/null", .{ .ACCMODE = .RDWR }, 0);
    }
}

fn given() image.Block {
    return image.usedBlock().?;
}

/// To the first null.
fn texts(call: *Call, words: []const usize) ![]const []const u8 {
    const count = std.mem.indexOfScalar(usize, words, 0) orelse words.len;
    const list = try call.arena.alloc([]const u8, count);
    for (list, words[0..count]) |*text, word| text.* = std.mem.span(@as([*:0]const u8, @ptrFromInt(word)));
    return list;
}
