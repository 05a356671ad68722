//! The backend of a rehearsal (sys/kernel.zig): it notes each call with the config path (of the bunc process:
//! the call of the core) that asked for it, and has a willing kernel answer; or it fails one call, if it is
//! told to.

const std = @import("std");
const sys = @import("../sys.zig");
const note = @import("note.zig");
const passing = @import("passing.zig");
const process = @import("process.zig");
const memory = @import("words.zig");
const linux = std.os.linux;

pub const Fault = struct { index: usize, errno: linux.E };

pub const Noted = struct {
    number: linux.SYS,
    subject: []const u8,
    /// As note.zig writes it.
    text: []const u8,
    /// A child was made that goes on by itself (clone3(2) as fork(2)).
    is_fork: bool,
};

/// `Kernel`: willing.zig for bunc-init, host.zig for the bunc process.
pub fn BackendOn(comptime Kernel: type) type {
    return struct {
        const Backend = @This();

        errno: linux.E = .SUCCESS,
        failed_op: []const u8 = "",
        kernel: *Kernel = undefined,
        subject: ?*const []const u8 = null,
        fault: ?Fault = null,
        /// Whether calls are noted, or only counted.
        notes: bool = false,
        count: usize = 0,
        noted: std.ArrayList(Noted) = .empty,
        /// After the fault, the next call was the same again.
        repeated: bool = false,
        /// The fault had nothing to act on.
        unchanged: bool = false,
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
            const loses = number == .recvmsg and errno != null and errno.? == .MFILE;
            const result = if (loses) blk: {
                const length = self.kernel.answer(number, words);
                self.unchanged = !passing.lose(self.kernel, words[1]);
                break :blk length;
            } else if (errno) |it| memory.failed(it) else switch (number) {
                .exit, .exit_group => blk: {
                    self.keep(number, text, false);
                    self.kernel.exited(@truncate(words[0]));
                    break :blk process.end(.{ .exited = @truncate(words[0]) });
                },
                .execve, .execveat => blk: {
                    self.keep(number, text, false);
                    self.kernel.executed(number, words);
                    break :blk process.end(.{ .executed = words[if (number == .execve) 1 else 2] });
                },
                else => self.kernel.answer(number, words),
            };
            if (errno != null and !loses) {
                self.failed_call = .{ number, words };
                self.kernel.refused(number, words, errno.?);
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
            if (@as(isize, @bitCast(result)) >= 0) self.kernel.keep_effect(number, words);
            self.keep(number, note.with_result(self.kernel, text, result), number == .clone3 and makes_fork(words[0]));
            return result;
        }

        pub fn clone_vfork(self: *Backend, args: *const sys.CloneArgs, run: process.Function, argument: usize) usize {
            const words: [6]usize = .{ @intFromPtr(args), 0, 0, 0, 0, 0 };
            const text = if (self.notes) note.write(self.kernel, .clone3, words) else "";
            const errno = self.count_call();
            self.keep(.clone3, text, false);
            if (errno) |it| return memory.failed(it);
            self.kernel.keep_effect(.clone3, words);
            const pid = self.kernel.child(args);
            // Its directory is its own, and its descriptor table unless it shares ours.
            const descriptors = self.kernel.descriptors;
            const directory = self.kernel.directory;
            process.run_child(run, argument);
            if (args.flags & linux.CLONE.FILES == 0) self.kernel.descriptors = descriptors;
            self.kernel.directory = directory;
            return pid;
        }

        fn count_call(self: *Backend) ?linux.E {
            defer self.count += 1;
            const fault = self.fault orelse return null;
            return if (fault.index == self.count) fault.errno else null;
        }

        fn keep(self: *Backend, number: linux.SYS, text: []const u8, is_fork: bool) void {
            if (!self.notes) return;
            const arena = self.kernel.arena;
            const subject = if (self.subject) |it| it.* else "";
            self.noted.append(arena, .{
                .number = number,
                .subject = arena.dupe(u8, subject) catch @panic("no memory"),
                .text = text,
                .is_fork = is_fork,
            }) catch @panic("no memory");
        }
    };
}

/// Not the child that stage 1 becomes.
fn makes_fork(address: usize) bool {
    const args: *const sys.CloneArgs = @ptrFromInt(address);
    return args.flags & linux.CLONE.PARENT == 0;
}
