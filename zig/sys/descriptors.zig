//! Open descriptors: read(2), write(2), fcntl(2), pipe(2), memfd_create(2), ioctl(2).

const kernel = @import("kernel.zig");
const files = @import("files.zig");
const linux = @import("std").os.linux;

const Error = kernel.Error;
const call = kernel.call;
const call_fd = kernel.call_fd;
const fd_t = kernel.fd_t;
const raw = kernel.raw;
const retry = kernel.retry;
const O = files.O;

pub fn close(fd: fd_t) void {
    // Nothing can be done about an error, and the descriptor is gone in any case (close(2)).
    _ = raw(.close, .{fd});
}

pub fn read(fd: fd_t, buffer: []u8) Error!usize {
    return retry(.read, .{ fd, buffer.ptr, buffer.len });
}

pub fn write(fd: fd_t, bytes: []const u8) Error!usize {
    return retry(.write, .{ fd, bytes.ptr, bytes.len });
}

pub fn write_all(fd: fd_t, bytes: []const u8) Error!void {
    var done: usize = 0;
    while (done < bytes.len) done += try write(fd, bytes[done..]);
}

pub fn pread(fd: fd_t, buffer: []u8, offset: u64) Error!usize {
    return retry(.pread64, .{ fd, buffer.ptr, buffer.len, offset });
}

/// Reads to the end of the file, at most `buffer.len` bytes.
pub fn read_to_end(fd: fd_t, buffer: []u8) Error![]u8 {
    var length: usize = 0;
    while (length < buffer.len) {
        const count = try read(fd, buffer[length..]);
        if (count == 0) break;
        length += count;
    }
    return buffer[0..length];
}

pub fn fchmod(fd: fd_t, mode: u32) Error!void {
    _ = try call(.fchmod, .{ fd, mode });
}

pub fn dup3(from: fd_t, to: fd_t, flags: u32) Error!void {
    _ = try call(.dup3, .{ from, to, flags });
}

/// Duplicates to the lowest free number that is at least `minimum`, close-on-exec.
pub fn dup_at_least(fd: fd_t, minimum: fd_t) Error!fd_t {
    return call_fd(.fcntl, .{ fd, linux.F.DUPFD_CLOEXEC, minimum });
}

pub fn fcntl(fd: fd_t, command: i32, argument: usize) Error!usize {
    return call(.fcntl, .{ fd, command, argument });
}

pub fn set_cloexec(fd: fd_t, on: bool) Error!void {
    _ = try fcntl(fd, linux.F.SETFD, if (on) linux.FD_CLOEXEC else 0);
}

/// Marks [first, last] close-on-exec (`cloexec`) or closes them. close_range(2).
pub fn close_range(first: u32, last: u32, cloexec: bool) Error!void {
    const flag_cloexec = 4;
    _ = try call(.close_range, .{ first, last, if (cloexec) @as(u32, flag_cloexec) else 0 });
}

/// pipe2(2): close-on-exec, and reading never waits.
pub fn pipe(pair: *[2]fd_t) Error!void {
    _ = try call(.pipe2, .{ pair, O.CLOEXEC });
    errdefer for (pair) |fd| close(fd);
    const flags = try fcntl(pair[0], linux.F.GETFL, 0);
    _ = try fcntl(pair[0], linux.F.SETFL, flags | O.NONBLOCK);
}

/// As `pipe`, but its descriptors wait.
pub fn waiting_pipe(pair: *[2]fd_t) Error!void {
    _ = try call(.pipe2, .{ pair, O.CLOEXEC });
}

/// Moves up to `size` bytes without copying; one of the two is a pipe. EAGAIN: the pipe that is read is
/// empty, or the one that is written full. splice(2) with SPLICE_F_NONBLOCK, which leaves the descriptors'
/// own flags alone.
pub fn splice(from: fd_t, to: fd_t, size: usize) Error!usize {
    const move = 1;
    const nonblock = 2;
    return retry(.splice, .{ from, 0, to, 0, size, move | nonblock });
}

/// Offset 0. lseek(2).
pub fn rewind(fd: fd_t) Error!void {
    _ = try call(.lseek, .{ fd, 0, 0 });
}

pub fn memfd_create(name: [*:0]const u8) Error!fd_t {
    const cloexec = 1;
    const allow_sealing = 2;
    return call_fd(.memfd_create, .{ name, cloexec | allow_sealing });
}

/// No more writes, no resize, no further seals: the contents are final. F_ADD_SEALS.
pub fn seal(fd: fd_t) Error!void {
    const f_add_seals = 1033;
    const seal_seal = 1;
    const seal_shrink = 2;
    const seal_grow = 4;
    const seal_write = 8;
    _ = try fcntl(fd, f_add_seals, seal_seal | seal_shrink | seal_grow | seal_write);
}

pub fn ioctl(fd: fd_t, request: u32, argument: usize) Error!usize {
    return call(.ioctl, .{ fd, request, argument });
}
