//! The backend of a rehearsal (sys/kernel.zig): it records each call with the config path (in the bunc
//! process: the call of the core) that asked for it, and lets a willing kernel answer; or it fails one call,
//! if told to.

const std = @import("std");
const sys = @import("../sys.zig");
const asking = @import("asking.zig");
const note = @import("note.zig");
const passing = @import("passing.zig");
const process = @import("process.zig");
const memory = @import("words.zig");
const linux = std.os.linux;

pub const Fault = struct { index: usize, errno: linux.E };

pub const Actor = enum { bunc, stage_1, init };

pub const Noted = struct {
    number: linux.SYS,
    by: Actor,
    subject: []const u8,
    /// The config path for which the bunc process makes the call (`about`).
    topic: []const u8,
    /// The text, as written by note.zig.
    text: []const u8,
    description: note.Description,
    /// The call changes something (asking.zig); only this field tells.
    is_shown: bool,
    /// The number of bunc-init's calls before it.
    init_made: usize,
    /// It is a message between bunc-init and its parent.
    is_talk: bool,
    /// It made a child that runs independently (clone3(2) as fork(2)).
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
        topic: []const u8 = "",
        /// Whether calls are recorded, or only counted.
        notes: bool = false,
        /// Whether they are also recorded in a form for people.
        describes: bool = false,
        count: usize = 0,
        noted: std.ArrayList(Noted) = .empty,
        /// The call after the fault was the same again.
        repeated: bool = false,
        /// The fault had no call to act on.
        unchanged: bool = false,
        failed_call: ?struct { linux.SYS, [6]usize } = null,

        pub fn watch(self: *Backend, subject: *const []const u8) void {
            self.subject = subject;
        }

        pub fn about(self: *Backend, subject: []const u8) void {
            self.topic = subject;
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
            const noted = self.note_call(number, words);
            const errno = self.count_call();
            const loses = number == .recvmsg and errno != null and errno.? == .MFILE;
            const result = if (loses) blk: {
                const length = self.kernel.answer(number, words);
                self.unchanged = !passing.lose(self.kernel, words[1]);
                break :blk length;
            } else if (errno) |it| memory.failed(it) else switch (number) {
                .exit, .exit_group => blk: {
                    self.keep(noted, 0);
                    self.kernel.exited(@truncate(words[0]));
                    break :blk process.end(.{ .exited = @truncate(words[0]) });
                },
                .execve, .execveat => blk: {
                    self.keep(noted, 0);
                    self.kernel.executed(number, words);
                    break :blk process.end(.{ .executed = words[if (number == .execve) 1 else 2] });
                },
                else => self.kernel.answer(number, words),
            };
            if (errno != null and !loses) {
                self.failed_call = .{ number, words };
                self.kernel.refused(number, words, errno.?);
                switch (number) {
                    // close(2) frees the descriptor even on failure.
                    .close => _ = self.kernel.answer(number, words),
                    // Then it already exists.
                    .mkdirat, .mknodat, .symlinkat => if (errno.? == .EXIST) {
                        _ = self.kernel.answer(number, words);
                    },
                    else => {},
                }
            }
            if (@as(isize, @bitCast(result)) >= 0) self.kernel.keep_effect(number, words);
            self.keep(noted, result);
            return result;
        }

        pub fn clone_vfork(
            self: *Backend,
            args: *const sys.CloneArgs,
            run: process.Function,
            argument: usize,
        ) usize {
            const words: [6]usize = .{ @intFromPtr(args), 0, 0, 0, 0, 0 };
            const noted = self.note_call(.clone3, words);
            const errno = self.count_call();
            self.keep(noted, 0);
            if (errno) |it| return memory.failed(it);
            self.kernel.keep_effect(.clone3, words);
            const pid = self.kernel.child(args);
            // The child has its own directory, and its own descriptor table unless it shares the parent's.
            const descriptors = self.kernel.descriptors;
            const directory = self.kernel.directory;
            _ = process.run(run, argument);
            if (args.flags & linux.CLONE.FILES == 0) self.kernel.descriptors = descriptors;
            self.kernel.directory = directory;
            return pid;
        }

        fn count_call(self: *Backend) ?linux.E {
            defer self.count += 1;
            const fault = self.fault orelse return null;
            return if (fault.index == self.count) fault.errno else null;
        }

        /// Called before the call is made, while a descriptor that it closes still has a name.
        fn note_call(self: *Backend, number: linux.SYS, words: [6]usize) ?Noted {
            if (!self.notes) return null;
            const subject = if (self.subject) |it| it.* else "";
            const is_shown = self.describes and !asking.is(number, words);
            return .{
                .number = number,
                .by = self.kernel.actor(),
                .subject = self.kernel.arena.dupe(u8, subject) catch @panic("no memory"),
                .topic = self.kernel.arena.dupe(u8, self.topic) catch @panic("no memory"),
                .text = note.write(self.kernel, number, words),
                .description = if (is_shown) note.describe(self.kernel, number, words) else .{},
                .is_shown = is_shown,
                .init_made = self.kernel.calls_of_init(),
                .is_talk = (number == .sendmsg or number == .recvmsg) and self.talks(words[0]),
                .is_fork = number == .clone3 and makes_fork(words[0]),
            };
        }

        fn talks(self: *Backend, word: usize) bool {
            const fd = self.kernel.of(memory.signed(word)) orelse return false;
            return fd.kind == .channel or fd.kind == .connection;
        }

        fn keep(self: *Backend, call_noted: ?Noted, result: usize) void {
            var noted = call_noted orelse return;
            noted.text = note.with_result(self.kernel, noted.text, result);
            if (memory.is_failure(result)) {
                noted.is_shown = false;
                noted.is_talk = false;
            }
            self.noted.append(self.kernel.arena, noted) catch @panic("no memory");
        }
    };
}

/// Does not count the child in which stage 2 continues.
fn makes_fork(address: usize) bool {
    const args: *const sys.CloneArgs = @ptrFromInt(address);
    return args.flags & linux.CLONE.PARENT == 0;
}
