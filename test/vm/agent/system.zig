//! Checked system calls for the guest agent, all roles. A step that the machine cannot do without ends it:
//! the message goes to the console, pid 1 exits, the kernel panics and QEMU (-no-reboot) stops with the log.
const std = @import("std");
const linux = std.os.linux;

pub const path_max = 4096;

/// Ends the process with a line on standard error that names the step, its object and the errno.
pub fn fail(comptime step: []const u8, subject: []const u8, result: usize) noreturn {
    say("bunc-vm: " ++ step ++ " ");
    say(subject);
    say(": ");
    say(@tagName(linux.errno(result)));
    say("\n");
    linux.exit_group(1);
}

pub fn say(text: []const u8) void {
    _ = linux.write(2, text.ptr, text.len);
}

pub fn check(comptime step: []const u8, subject: []const u8, result: usize) usize {
    if (linux.errno(result) != .SUCCESS) fail(step, subject, result);
    return result;
}

pub fn mount(
    source: [*:0]const u8,
    target: [*:0]const u8,
    fstype: ?[*:0]const u8,
    flags: u32,
    data: ?[*:0]const u8,
) void {
    const result = linux.mount(source, target, fstype, flags, @intFromPtr(data));
    _ = check("mount", std.mem.span(target), result);
}

/// Makes a directory; one that is already there is fine.
pub fn directory(path: [*:0]const u8) void {
    const result = linux.mkdir(path, 0o755);
    if (linux.errno(result) == .EXIST) return;
    _ = check("mkdir", std.mem.span(path), result);
}

/// Reads a whole small file into `buffer`; longer files are cut.
pub fn readFile(path: [*:0]const u8, buffer: []u8) []u8 {
    const fd: i32 = @intCast(check("open", std.mem.span(path), linux.open(path, .{ .CLOEXEC = true }, 0)));
    defer _ = linux.close(fd);
    var used: usize = 0;
    while (used < buffer.len) {
        const count = check("read", std.mem.span(path), linux.read(fd, buffer.ptr + used, buffer.len - used));
        if (count == 0) break;
        used += count;
    }
    return buffer[0..used];
}

/// Writes `text` with one write(2); the kernel's control files take a value whole or not at all.
pub fn writeFile(path: [*:0]const u8, text: []const u8) linux.E {
    const opened = linux.open(path, .{ .ACCMODE = .WRONLY, .CLOEXEC = true }, 0);
    if (linux.errno(opened) != .SUCCESS) return linux.errno(opened);
    defer _ = linux.close(@intCast(opened));
    return linux.errno(linux.write(@intCast(opened), text.ptr, text.len));
}

pub fn sleepMilliseconds(milliseconds: u32) void {
    const time: linux.timespec = .{
        .sec = milliseconds / 1000,
        .nsec = @as(isize, milliseconds % 1000) * std.time.ns_per_ms,
    };
    _ = linux.nanosleep(&time, null);
}

/// Enables every available cgroup v2 controller for the children of `cgroup`.
pub fn enableControllers(cgroup: []const u8) void {
    var path_buffer: [path_max]u8 = undefined;
    var list_buffer: [1024]u8 = undefined;
    const available = join(&path_buffer, &.{ cgroup, "/cgroup.controllers" });
    const list = readFile(available, &list_buffer);
    const control = join(&path_buffer, &.{ cgroup, "/cgroup.subtree_control" });
    var names = std.mem.tokenizeAny(u8, list, " \n");
    while (names.next()) |name| {
        var value_buffer: [64]u8 = undefined;
        const value = std.mem.span(join(&value_buffer, &.{ "+", name }));
        // One controller at a time: a single one that the kernel refuses must not keep the others off.
        if (writeFile(control, value) != .SUCCESS) {
            say("bunc-vm: cannot enable controller ");
            say(name);
            say("\n");
        }
    }
}

/// Joins `parts` into a zero-terminated string in `buffer`.
pub fn join(buffer: []u8, parts: []const []const u8) [*:0]const u8 {
    var used: usize = 0;
    for (parts) |part| {
        std.debug.assert(used + part.len < buffer.len);
        @memcpy(buffer[used..][0..part.len], part);
        used += part.len;
    }
    buffer[used] = 0;
    return @ptrCast(buffer.ptr);
}
