//! The backend of a rehearsal (sys/kernel.zig): it notes each call with the config path that asked for it,
//! and has a willing kernel answer; or it fails one call, if it is told to.

const std = @import("std");
const sys = @import("../sys.zig");
const note = @import("note.zig");
const process = @import("process.zig");
const willing = @import("willing.zig");
const memory = @import("words.zig");
const linux = std.os.linux;

pub const Fault = struct { index: usize, errno: linux.E };

pub const Noted = struct {
    number: linux.SYS,
    subject: []const u8,
    /// As note.zig writes it.
    text: []const u8,
};

pub const Backend = struct {
    errno: linux.E = .SUCCESS,
    failed_op: []const u8 = "",
    kernel: *willing.Willing = undefined,
    subject: ?*const []const u8 = null,
    fault: ?Fault = null,
    /// Whether calls are noted, or only counted.
    notes: bool = false,
    count: usize = 0,
    noted: std.ArrayList(Noted) = .empty,
    /// After the fault, the next call was the same again.
    repeated: bool = false,
    failed_call: ?struct { linux.SYS, [6]usize } = null,

    pub fn watch(self: *Backend, subject: *const []const u8) void {
        self.subject = subject;
    }

    pub fn call(self: *Backend, number: linux.SYS, args: anytype) usize {
        var words: [6]usize = @splat(0);
        inline for (args, 0..) |word, index| words[index] = word;
        return self.enter(number, words);
    }

    fn enter(self: *Backend, number: linux.SYS, words: [6]usize) usize {
        if (self.failed_call) |failed| {
            self.repeated = failed[0] == number and std.mem.eql(usize, failed[1][0..3], words[0..3]);
            self.failed_call = null;
        }
        const text = if (self.notes) note.write(self.kernel, number, words) else "";
        const errno = self.count_call();
        const result = if (errno) |it| memory.failed(it) else switch (number) {
            .exit, .exit_group => process.end(.{ .exited = @truncate(words[0]) }),
            .execve, .execveat => blk: {
                self.keep(number, text);
                break :blk process.end(.{ .executed = words[if (number == .execve) 1 else 2] });
            },
            else => self.kernel.answer(number, words),
        };
        if (errno != null) {
            self.failed_call = .{ number, words };
            switch (number) {
                // The descriptor is gone in any case: close(2).
                .close => _ = self.kernel.answer(number, words),
                // Then it is there.
                .mkdirat, .mknodat, .symlinkat => if (errno.? == .EXIST) {
                    _ = self.kernel.answer(number, words);
                },
                else => {},
            }
        }
        if (@as(isize, @bitCast(result)) >= 0) note.keep_effect(self.kernel, number, words);
        self.keep(number, note.with_result(self.kernel, text, result));
        return result;
    }

    pub fn clone_vfork(self: *Backend, args: *const sys.CloneArgs, run: process.Function, argument: usize) usize {
        const text = if (self.notes) note.write(self.kernel, .clone3, .{ @intFromPtr(args), 0, 0, 0, 0, 0 }) else "";
        const errno = self.count_call();
        self.keep(.clone3, text);
        if (errno) |it| return memory.failed(it);
        const pid = self.kernel.child(args);
        // Its descriptor table and its directory are its own.
        const descriptors = self.kernel.descriptors;
        const directory = self.kernel.directory;
        process.run_child(run, argument);
        self.kernel.descriptors = descriptors;
        self.kernel.directory = directory;
        return pid;
    }

    fn count_call(self: *Backend) ?linux.E {
        defer self.count += 1;
        const fault = self.fault orelse return null;
        return if (fault.index == self.count) fault.errno else null;
    }

    fn keep(self: *Backend, number: linux.SYS, text: []const u8) void {
        if (!self.notes) return;
        const arena = self.kernel.arena;
        const subject = if (self.subject) |it| it.* else "";
        self.noted.append(arena, .{
            .number = number,
            .subject = arena.dupe(u8, subject) catch @panic("no memory"),
            .text = text,
        }) catch @panic("no memory");
    }
};
