//! Kernel parameters of the container's namespaces. Runs in bunc-init, stage 2. sysctl(2), proc_sys(5).

const std = @import("std");
const sys = @import("../sys.zig");
const plan = @import("../plan.zig");
const procfs = @import("procfs.zig");
const Context = @import("context.zig").Context;

pub fn sysctl(context: *Context, op: plan.Sysctl) Context.Failed!void {
    var buffer: sys.PathBuffer = undefined;
    const path = std.fmt.bufPrint(&buffer, "sys/{s}", .{op.key}) catch
        return context.refuse(.NAMETOOLONG, .limit, "openat2", op.key, "");
    const file = try procfs.open_proc(context, path, sys.O.WRONLY);
    defer sys.close(file);
    // proc(5): a parameter takes its value from one write.
    const count = sys.write(file, op.value) catch return fail(context, op);
    if (count != op.value.len) {
        sys.backend.errno = .IO;
        return fail(context, op);
    }
}

fn fail(context: *const Context, op: plan.Sysctl) Context.Failed {
    var target: [sys.path_max]u8 = undefined;
    var detail: [512]u8 = undefined;
    const path = std.fmt.bufPrint(&target, "/proc/sys/{s}", .{op.key}) catch op.key;
    const value = std.fmt.bufPrint(&detail, "value \"{s}\"", .{op.value}) catch "";
    return context.fail_as(.system, "write", path, value);
}
