//! A foreground command that waits for long needs nothing of Bun to wait, and a whole start to finish: so it
//! forgets its heap, of which it would keep four megabytes, and begins itself anew once the process that it
//! waited for has ended. Runs in the bunc process, one that has started from its image (zig/image.zig): all
//! memory of Bun's is known then, and there is one thread.
//!
//!   supervise ──▶ `Waiting.forget`: the rest is in a memfd, the heap is gone ──▶ supervise goes on ──▶ the end
//!             ──▶ `Waiting.begin_anew`: execve of this program, same words, BUNC_REST ──▶ `hold_signals` finds it
//!
//! Pid, children, streams, working directory and limits stay what they were. No signal is lost or ends us in
//! between: they are caught here, blocked during exec, and caught again before they are unblocked.

const std = @import("std");
const sys = @import("../sys.zig");
const image = @import("../image.zig");
const init_image = @import("init_image.zig");
const rest = @import("../entry/rest.zig");
const signals = @import("signals.zig");
const Call = @import("../call.zig").Call;
const linux = std.os.linux;

pub const Rest = struct {
    text: []const u8,
    /// As SuperviseReply.
    status: u32,
    signaled: bool,
};

pub const Waiting = struct {
    program: sys.fd_t,
    text: sys.fd_t,

    /// Null: the command stays as it is: this process cannot do without what it has, or not begin anew.
    pub fn forget(text: []const u8) ?Waiting {
        if (image.usedBlock() == null or !has_one_thread()) return null;
        const program = sys.open("/proc/self/exe", sys.O.PATH) catch return null;
        const sealed = init_image.sealed("bunc-rest", text) catch {
            sys.close(program);
            return null;
        };
        image.forget();
        return .{ .program = program, .text = sealed };
    }

    /// With the words and the environment of this process. Its own end, where that is not possible.
    pub fn begin_anew(self: Waiting, status: u32, signaled: bool) noreturn {
        self.execute(status, signaled) catch {};
        give_up("execveat", status);
    }

    fn execute(self: Waiting, status: u32, signaled: bool) !void {
        const given = image.usedBlock().?;
        const environment: [*:null]const ?[*:0]const u8 = @ptrCast(given.environment.ptr);
        const count = std.mem.len(environment);
        const entries = std.heap.page_allocator.allocSentinel(?[*:0]const u8, count + 1, null) catch
            return sys.fail(.NOMEM);
        var text: [64]u8 = undefined;
        const format = rest.variable ++ "={d},{d},{d}";
        const numbers = .{ self.text, status, @intFromBool(signaled) };
        entries[0] = try std.fmt.bufPrintSentinel(&text, format, numbers, 0);
        @memcpy(entries[1..], environment[0..count]);
        _ = try sys.fcntl(self.text, linux.F.SETFD, 0);
        sys.sigprocmask(sys.SIG.SETMASK, std.math.maxInt(sys.SignalSet), null);
        try sys.execveat(self.program, "", @ptrCast(given.arguments.ptr + 1), entries.ptr, sys.AT.EMPTY_PATH);
    }
};

/// There is nobody left to report to.
pub fn give_up(operation: []const u8, status: u32) noreturn {
    var text: [128]u8 = undefined;
    const format = "cannot finish: {s}: errno {d}; the container is left as it is\n";
    sys.write_all(
        2,
        std.fmt.bufPrint(&text, format, .{ operation, sys.errno_number() }) catch "cannot finish\n",
    ) catch {};
    sys.exit(@truncate(status));
}

/// A directory has a link from each directory in it, beside its own two.
fn has_one_thread() bool {
    return (sys.statx(sys.AT.FDCWD, "/proc/self/task", 0) catch return false).links == 3;
}

/// What this process was begun to finish; null: nothing.
pub fn take(call: *Call) Call.Error!?Rest {
    var fields = std.mem.splitScalar(u8, std.mem.span(rest.text() orelse return null), ',');
    var numbers: [3]u31 = undefined;
    for (&numbers) |*number| number.* = std.fmt.parseInt(u31, fields.next() orelse "", 10) catch return null;
    const fd: sys.fd_t = numbers[0];
    defer sys.close(fd);
    sys.rewind(fd) catch return call.fail("lseek", rest.variable);
    const size = (sys.fstat(fd) catch return call.fail("fstat", rest.variable)).size;
    const buffer = try call.arena.alloc(u8, @intCast(size + 1));
    const text = sys.read_to_end(fd, buffer) catch return call.fail("read", rest.variable);
    return .{ .text = text, .status = numbers[1], .signaled = numbers[2] != 0 };
}
