//! The caller's terminal: raw mode and size. termios(3), ioctl_tty(2). Runs in the bunc process.

const std = @import("std");
const sys = @import("../sys.zig");
const T = std.os.linux.T;

pub const Terminal = struct {
    fd: sys.fd_t,
    saved: std.os.linux.termios,

    /// The first of stdin, stdout, stderr that is a terminal, put into raw mode; null: none is.
    pub fn take() sys.Error!?Terminal {
        for ([_]sys.fd_t{ 0, 1, 2 }) |fd| {
            var settings: std.os.linux.termios = undefined;
            _ = sys.ioctl(fd, T.CGETS, @intFromPtr(&settings)) catch continue;
            var raw = settings;
            // cfmakeraw(3), but output is still processed: the container's own terminal leaves line feeds
            // alone.
            raw.iflag.IGNBRK = false;
            raw.iflag.BRKINT = false;
            raw.iflag.PARMRK = false;
            raw.iflag.ISTRIP = false;
            raw.iflag.INLCR = false;
            raw.iflag.IGNCR = false;
            raw.iflag.ICRNL = false;
            raw.iflag.IXON = false;
            raw.oflag.OPOST = true;
            raw.lflag.ECHO = false;
            raw.lflag.ECHONL = false;
            raw.lflag.ICANON = false;
            raw.lflag.ISIG = false;
            raw.lflag.IEXTEN = false;
            raw.cflag.PARENB = false;
            raw.cflag.CSIZE = .CS8;
            raw.cc[@intFromEnum(std.os.linux.V.MIN)] = 1;
            raw.cc[@intFromEnum(std.os.linux.V.TIME)] = 0;
            _ = try sys.ioctl(fd, T.CSETS, @intFromPtr(&raw));
            return .{ .fd = fd, .saved = settings };
        }
        return null;
    }

    /// Gives the container's terminal the size of the first of stdin, stdout, stderr that is a terminal.
    pub fn give_size(console: sys.fd_t) void {
        for ([_]sys.fd_t{ 0, 1, 2 }) |fd| {
            var size: std.posix.winsize = undefined;
            _ = sys.ioctl(fd, T.IOCGWINSZ, @intFromPtr(&size)) catch continue;
            // A terminal that has hung up has no size, and needs none.
            _ = sys.ioctl(console, T.IOCSWINSZ, @intFromPtr(&size)) catch {};
            return;
        }
    }

    pub fn restore(self: *const Terminal) void {
        // The terminal may have hung up: then there is nothing to restore.
        _ = sys.ioctl(self.fd, T.CSETS, @intFromPtr(&self.saved)) catch {};
    }

    /// Gives the container's terminal the size of this one.
    pub fn copy_size(self: *const Terminal, console: sys.fd_t) void {
        var size: std.posix.winsize = undefined;
        _ = sys.ioctl(self.fd, T.IOCGWINSZ, @intFromPtr(&size)) catch return;
        _ = sys.ioctl(console, T.IOCSWINSZ, @intFromPtr(&size)) catch {};
    }
};
