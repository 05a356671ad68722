//! uid and gid maps of a new user namespace, written from outside. user_namespaces(7). Runs in the bunc
//! process.

const std = @import("std");
const sys = @import("../sys.zig");
const plan = @import("../plan.zig");
const process = @import("process.zig");
const hook = @import("../hook.zig");
const run_hook = @import("run_hook.zig");
const Call = @import("../call.zig").Call;

const Map = []const plan.IdMap;

const helper_timeout_ms = 10_000;

pub fn write(call: *Call, namespaces: plan.Namespaces, pid: i32) Call.Error!void {
    defer sys.backend.about("");
    if (namespaces.deny_setgroups) {
        sys.backend.about("linux.gidMappings");
        const path = try std.fmt.allocPrint(call.arena, "/proc/{d}/setgroups", .{pid});
        process.write_file(path, "deny") catch return call.fail("write", path);
    }
    inline for (.{ "uid", "gid" }) |kind| {
        const map = @field(namespaces, kind ++ "_map");
        const helper = @field(namespaces, "new" ++ kind ++ "map");
        const subject = "linux." ++ kind ++ "Mappings";
        if (map.len > 0) {
            sys.backend.about(subject);
            if (helper) |program| {
                try run_helper(call, pid, map, program, subject);
            } else try write_file(call, pid, kind ++ "_map", map, subject);
        }
    }
}

fn write_file(call: *Call, pid: i32, file: []const u8, map: Map, subject: []const u8) Call.Error!void {
    var text: std.ArrayList(u8) = .empty;
    for (map) |line| {
        const numbers = .{ line.container_id, line.host_id, line.size };
        try text.print(call.arena, "{d} {d} {d}\n", numbers);
    }
    const path = try std.fmt.allocPrint(call.arena, "/proc/{d}/{s}", .{ pid, file });
    process.write_file(path, text.items) catch return call.fail_on(subject, "write", path);
}

/// newuidmap(1), newgidmap(1): set-user-ID helpers that check /etc/subuid for an ordinary user.
fn run_helper(call: *Call, pid: i32, map: Map, helper: []const u8, subject: []const u8) Call.Error!void {
    var args: std.ArrayList([]const u8) = .empty;
    try args.append(call.arena, helper);
    try args.append(call.arena, try std.fmt.allocPrint(call.arena, "{d}", .{pid}));
    for (map) |line| {
        for ([_]u32{ line.container_id, line.host_id, line.size }) |number| {
            try args.append(call.arena, try std.fmt.allocPrint(call.arena, "{d}", .{number}));
        }
    }
    const program: plan.Hook = .{
        .path = helper,
        .args = args.items,
        .env = &.{},
        .env_of_process = false,
        .timeout_ms = helper_timeout_ms,
        .subject = subject,
    };
    var output: [hook.output_size_max]u8 = undefined;
    const result = hook.run(call.arena, program, "", .{}, &output);
    if (!result.succeeded()) return run_hook.fail(call, program, result, std.fs.path.basenamePosix(helper));
}
