//! One direction of a stream: bytes from one descriptor to another, as fast as the slower of the two, never
//! waiting in a read or a write. Runs in the bunc process, and in a bunc-init that goes on when that has
//! ended.
//!
//! One of the ends is ours: a pipe that we made for the container, or its terminal. The other is the
//! caller's, whose owner, mode and flags stay as they are, O_NONBLOCK too: it belongs to an open file that
//! others have as well. So a pipe is spliced with SPLICE_F_NONBLOCK, a socket gets MSG_DONTWAIT, a terminal
//! is opened once more for ourselves, and a file never makes anybody wait.
//!
//! At most one buffer is under way, and it is written before more is read: a slow reader slows the writer
//! down.

const std = @import("std");
const sys = @import("../sys.zig");
const POLL = sys.POLL;
const T = std.os.linux.T;

pub const Buffer = [32 * 1024]u8;
/// More than a pipe holds, as long as nobody has made it larger.
const splice_size_max = 1024 * 1024;
/// What a terminal takes without waiting when poll(2) calls it writable (n_tty.c, WAKEUP_CHARS).
const cautious_size_max = 256;

pub const Kind = enum {
    pipe,
    socket,
    /// A terminal of the caller's, opened again.
    terminal,
    /// A terminal of the caller's that may not be opened again.
    shared_terminal,
    /// The master of the container's own terminal.
    master,
    /// A file or device, always ready.
    file,
};

pub const End = struct {
    /// -1: none.
    fd: sys.fd_t = -1,
    kind: Kind = .pipe,
    /// To be closed with its direction.
    ours: bool = false,

    /// Descriptor `fd` of the caller's, to be read or written.
    pub fn callers(fd: sys.fd_t, access: enum { read, write }) End {
        const stat = sys.fstat(fd) catch return .{};
        return switch (stat.mode & sys.S.IFMT) {
            sys.S.IFIFO => .{ .fd = fd, .kind = .pipe },
            sys.S.IFSOCK => .{ .fd = fd, .kind = .socket },
            sys.S.IFCHR => if (is_terminal(fd)) terminal(
                fd,
                stat,
                if (access == .read) sys.O.RDONLY else sys.O.WRONLY,
            ) else .{ .fd = fd, .kind = .file },
            else => .{ .fd = fd, .kind = .file },
        };
    }

    fn terminal(fd: sys.fd_t, stat: sys.Stat, access: u32) End {
        const shared: End = .{ .fd = fd, .kind = .shared_terminal };
        // The master of a pty is made anew by opening it (pts(4)).
        if (stat.rdev_major == 5 and stat.rdev_minor == 2) return shared;
        var path: [32]u8 = undefined;
        const name = std.fmt.bufPrint(&path, "/proc/self/fd/{d}", .{fd}) catch unreachable;
        const own = sys.open(name, access | sys.O.NONBLOCK | sys.O.NOCTTY) catch return shared;
        return .{ .fd = own, .kind = .terminal, .ours = true };
    }

    fn close(self: *End) void {
        if (self.ours and self.fd >= 0) sys.close(self.fd);
        self.fd = -1;
    }

    fn read(self: End, buffer: []u8) sys.Error!usize {
        return if (self.kind == .socket)
            sys.receive(self.fd, buffer, sys.MSG.DONTWAIT)
        else
            sys.read(self.fd, buffer);
    }

    fn write(self: End, bytes: []const u8) sys.Error!usize {
        return switch (self.kind) {
            .socket => sys.send(self.fd, bytes, sys.MSG.DONTWAIT | sys.MSG.NOSIGNAL),
            .shared_terminal => sys.write(self.fd, bytes[0..@min(bytes.len, cautious_size_max)]),
            else => sys.write(self.fd, bytes),
        };
    }

    fn splices(self: End) bool {
        return self.kind == .pipe or self.kind == .file;
    }
};

fn is_terminal(fd: sys.fd_t) bool {
    var settings: std.os.linux.termios = undefined;
    _ = sys.ioctl(fd, T.CGETS, @intFromPtr(&settings)) catch return false;
    return true;
}

pub const Progress = enum { moved, blocked, ended };

pub const Pump = struct {
    from: End = .{},
    to: End = .{},
    way: enum { splice, copy } = .splice,
    waits_for: enum {
        input,
        output,
        /// A terminal is read by the foreground's programs only: we are in the background, and look again in
        /// a while.
        foreground,
    } = .input,
    /// When nobody reads the output any more: the writer gets SIGPIPE, or its output is dropped.
    when_unread: enum { end, drop } = .end,
    dropping: bool = false,
    /// Bytes read so far.
    taken: u64 = 0,
    /// What was read and is not written yet; only where bytes are copied.
    buffer: *Buffer = undefined,
    start: usize = 0,
    end: usize = 0,

    pub fn open(self: *Pump, from: End, to: End, buffer: *Buffer) void {
        self.buffer = buffer;
        self.from = from;
        self.to = to;
        self.waits_for = .input;
        self.dropping = false;
        self.taken = 0;
        self.start = 0;
        self.end = 0;
        self.way = .splice;
        if (!from.splices() or !to.splices()) self.copy_from_now();
        if (from.fd < 0 or to.fd < 0) self.finish();
    }

    pub fn is_open(self: *const Pump) bool {
        return self.from.fd >= 0;
    }

    pub fn is_pending(self: *const Pump) bool {
        return self.start != self.end;
    }

    pub fn polls(self: *const Pump) [2]sys.PollFd {
        return .{
            .{ .fd = if (self.waits_for == .input) self.from.fd else -1, .events = POLL.IN, .revents = 0 },
            // Also with nothing to write: an error means that nobody reads any more.
            .{ .fd = self.to.fd, .events = if (self.waits_for == .output) POLL.OUT else 0, .revents = 0 },
        };
    }

    pub fn turn(self: *Pump, polled: *const [2]sys.PollFd) void {
        if (!self.is_open()) return;
        if (polled[1].revents & (POLL.ERR | POLL.HUP | POLL.NVAL) != 0) return self.unread();
        const ready = switch (self.waits_for) {
            .input => polled[0].revents != 0,
            .output => polled[1].revents != 0,
            .foreground => true,
        };
        if (!ready) return;
        const hung_up = polled[0].revents & (POLL.IN | POLL.HUP) == POLL.HUP;
        if (self.move() == .blocked and hung_up and self.waits_for == .input) self.finish();
    }

    /// One transfer.
    pub fn move(self: *Pump) Progress {
        return switch (self.way) {
            .splice => self.splice(),
            .copy => self.copy(),
        };
    }

    fn splice(self: *Pump) Progress {
        const count = sys.splice(self.from.fd, self.to.fd, splice_size_max) catch {
            switch (sys.backend.errno) {
                .AGAIN => {
                    self.waits_for = if (self.has_input()) .output else .input;
                    return .blocked;
                },
                // A file that is appended to (O_APPEND), or that has no such operation.
                .INVAL => {
                    self.copy_from_now();
                    return self.copy();
                },
                else => return self.ended(),
            }
        };
        if (count == 0) return self.ended();
        self.taken += count;
        self.waits_for = .input;
        return .moved;
    }

    fn copy(self: *Pump) Progress {
        if (!self.is_pending()) {
            const count = self.from.read(self.buffer) catch {
                switch (sys.backend.errno) {
                    .AGAIN => self.waits_for = .input,
                    // tty_ioctl(4): the answer to a read from the background when SIGTTIN is blocked.
                    .IO => if (self.is_callers_terminal()) {
                        self.waits_for = .foreground;
                    } else return self.ended(),
                    else => return self.ended(),
                }
                return .blocked;
            };
            if (count == 0) return self.ended();
            self.taken += count;
            self.start = 0;
            self.end = count;
        }
        if (self.dropping) {
            self.start = self.end;
        } else {
            const count = self.to.write(self.buffer[self.start..self.end]) catch {
                if (sys.is(.AGAIN)) {
                    self.waits_for = .output;
                    return .blocked;
                }
                self.unread();
                return if (self.is_open()) .moved else .ended;
            };
            self.start += count;
        }
        self.waits_for = if (self.is_pending()) .output else .input;
        return .moved;
    }

    /// Our own ends must not make us wait either; whoever else has one has an open file of its own.
    fn copy_from_now(self: *Pump) void {
        self.way = .copy;
        for ([_]End{ self.from, self.to }) |it| {
            if (!it.ours and it.kind != .master) continue;
            const flags = sys.fcntl(it.fd, std.os.linux.F.GETFL, 0) catch continue;
            _ = sys.fcntl(it.fd, std.os.linux.F.SETFL, flags | sys.O.NONBLOCK) catch {};
        }
    }

    fn is_callers_terminal(self: *const Pump) bool {
        return self.from.kind == .terminal or self.from.kind == .shared_terminal;
    }

    fn has_input(self: *const Pump) bool {
        var polled = [_]sys.PollFd{.{ .fd = self.from.fd, .events = POLL.IN, .revents = 0 }};
        const count = sys.poll(&polled, 0) catch return false;
        return count > 0 and polled[0].revents & POLL.IN != 0;
    }

    fn ended(self: *Pump) Progress {
        self.finish();
        return .ended;
    }

    pub fn finish(self: *Pump) void {
        self.from.close();
        self.to.close();
        self.start = self.end;
    }

    fn unread(self: *Pump) void {
        if (self.when_unread == .end) return self.finish();
        self.to.close();
        self.start = self.end;
        self.dropping = true;
        self.waits_for = .input;
    }

    /// Where `settle` may stop: at the end of what is there now.
    pub fn goal(self: *const Pump) u64 {
        if (!self.is_open()) return 0;
        // A terminal ends with its process.
        if (self.from.kind == .master) return std.math.maxInt(u64);
        var count: i32 = 0;
        _ = sys.ioctl(self.from.fd, T.FIONREAD, @intFromPtr(&count)) catch return 0;
        return self.taken + @as(u32, @intCast(count));
    }

    /// After the writer's end: moves what it wrote, up to `stop` (of `goal`) where others still write.
    /// Returns with a direction that is closed, waits for its reader, or has nothing under way.
    pub fn settle(self: *Pump, stop: u64) void {
        while (self.is_open()) {
            if (!self.is_pending()) {
                var polled = [_]sys.PollFd{.{ .fd = self.from.fd, .events = POLL.IN, .revents = 0 }};
                const count = sys.poll(&polled, 0) catch return self.finish();
                const readable = polled[0].revents & POLL.IN != 0;
                const last = polled[0].revents & (POLL.HUP | POLL.ERR) != 0;
                if (!readable and last) return self.finish();
                if (count == 0 or (self.taken >= stop and !last)) return;
            }
            if (self.move() == .blocked and self.waits_for == .output) return;
        }
    }
};
