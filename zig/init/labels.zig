//! Labels that the next execve enters: AppArmor profile, SELinux context. Runs in bunc-init, stage 2.
//! They are written through a private procfs, never through the container's /proc, where an image could
//! have put a file that swallows the write (CVE-2019-16884, CVE-2025-52881).

const std = @import("std");
const sys = @import("../sys.zig");
const plan = @import("../plan.zig");
const procfs = @import("procfs.zig");
const Context = @import("context.zig").Context;

pub fn apparmor_exec(context: *Context, op: plan.Label) Context.Failed!void {
    var buffer: [sys.path_max]u8 = undefined;
    const too_long = "the profile's name is too long";
    const command = std.fmt.bufPrint(&buffer, "exec {s}", .{op.label}) catch
        return context.fail_as(.limit, "write attr/apparmor/exec", op.label, too_long);
    try write(context, "thread-self/attr/apparmor/exec", command, op.label);
}

pub fn selinux_exec(context: *Context, op: plan.Label) Context.Failed!void {
    try write(context, "thread-self/attr/exec", op.label, op.label);
}

fn write(context: *Context, path: [:0]const u8, bytes: []const u8, label: []const u8) Context.Failed!void {
    const file = try procfs.open_proc(context, path, sys.O.WRONLY);
    defer sys.close(file);
    // The security module takes the value in one piece or not at all.
    const count = sys.write(file, bytes) catch return context.fail("write label", label);
    if (count != bytes.len) return context.refuse(.IO, .system, "write label", label, "");
}
