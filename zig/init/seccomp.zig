//! Install the system call filter. seccomp(2). Runs in bunc-init, stage 2.
//!
//! Every system call that bunc-init makes after this is judged by the user's filter. Two things follow.
//!
//! With no_new_privs the filter takes no privilege to install, so it is only remembered here and put in
//! place by exec.zig as late as can be: the waiting for `start` needs no system call that the user's
//! profile would have to allow.
//!
//! With a listener (SCMP_ACT_NOTIFY), a call that the filter notifies sleeps until the agent answers; but
//! the agent has no listener before we send it. If the filter notifies sendmsg, sending would never end.
//! So the sending is done by a process that was forked before, shares the descriptor table (CLONE_FILES)
//! and has no filter; this one makes no system call at all until the sender has done its work.

const std = @import("std");
const sys = @import("../sys.zig");
const plan = @import("../plan.zig");
const context_types = @import("context.zig");
const Context = context_types.Context;
const Failed = context_types.Failed;
const linux = std.os.linux;

/// BPF_MAXINSNS.
const instructions_max = 4096;
const instruction_size = 8;
const flag_tsync = 1 << 0;
const flag_new_listener = 1 << 3;
const PR_GET_NO_NEW_PRIVS = 39;

/// A filter that waits for its moment, and the config path that asked for it.
pub const LateFilter = struct { program: sys.SockFprog, flags: u32, subject: []const u8 };

pub fn seccomp(context: *Context, op: plan.Seccomp) Failed!void {
    const program = try decode(context, op.program);
    if (op.listener_path.len > 0) return install_with_listener(context, op, &program);
    const no_new_privs = sys.prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) catch 0;
    if (no_new_privs == 1) {
        context.late_filter = .{ .program = program, .flags = op.flags, .subject = context.subject };
        return;
    }
    _ = sys.seccomp_set_filter(op.flags, &program) catch return context.fail("seccomp", "");
}

/// Called when nothing but the startContainer hooks and execve is left to do.
pub fn install_late(context: *Context) Failed!void {
    const late = context.late_filter orelse return;
    context.late_filter = null;
    context.subject = late.subject;
    _ = sys.seccomp_set_filter(late.flags, &late.program) catch return context.fail("seccomp", "");
}

fn decode(context: *Context, text: []const u8) Failed!sys.SockFprog {
    const decoder = std.base64.standard.Decoder;
    const size = decoder.calcSizeForSlice(text) catch return context.fail_as(.protocol, "seccomp", "", "the program is not base64");
    if (size == 0 or size % instruction_size != 0 or size > instructions_max * instruction_size)
        return context.fail_as(.limit, "seccomp", "", "the program is not 1 to 4096 whole instructions");
    // struct sock_filter is aligned to 4 bytes; user memory may be at any address, but aligned is free.
    const bytes = context.allocator.alignedAlloc(u8, .@"8", size) catch
        return context.fail_as(.limit, "seccomp", "", "no room for the program");
    decoder.decode(bytes, text) catch return context.fail_as(.protocol, "seccomp", "", "the program is not base64");
    return .{ .length = @intCast(size / instruction_size), .filter = bytes.ptr };
}

/// What the two processes share: the number of the listener, or minus the errno of seccomp(2). Volatile,
/// because it is another process that writes it, of which the (single-threaded) compiler knows nothing.
const Outcome = *volatile i32;
const pending = std.math.minInt(i32);

fn install_with_listener(context: *Context, op: plan.Seccomp, program: *const sys.SockFprog) Failed!void {
    const protection: linux.PROT = .{ .READ = true, .WRITE = true };
    const page = sys.check(linux.mmap(null, 4096, protection, .{ .TYPE = .SHARED, .ANONYMOUS = true }, -1, 0)) catch
        return context.fail("mmap", "");
    const outcome: Outcome = @ptrFromInt(page);
    outcome.* = pending;

    const self = sys.pidfd_open(sys.getpid()) catch return context.fail("pidfd_open", "");
    const args: sys.CloneArgs = .{ .flags = linux.CLONE.FILES, .exit_signal = @intFromEnum(linux.SIG.CHLD) };
    const sender = sys.clone3_fork(&args) catch return context.fail("clone3", "");
    if (sender == 0) send_listener(context, outcome, self);

    // The kernel refuses both together without a third flag; one thread has nobody to synchronise with.
    const flags = (op.flags & ~@as(u32, flag_tsync)) | flag_new_listener;
    const listener = sys.seccomp_set_filter(flags, program) catch {
        outcome.* = -@as(i32, sys.errno_number());
        reap(sender);
        return context.fail("seccomp", "");
    };
    outcome.* = @intCast(listener);

    // From here the agent can be asked. Its answer to our recvmsg, if the filter notifies that, needs
    // only the listener, which the sender delivers without our help.
    try context.await_proceed();
    reap(sender);
    sys.close(@intCast(listener));
    sys.close(self);
    _ = linux.munmap(@ptrFromInt(page), 4096);
}

/// The sender. It polls shared memory, because the filtered process may not be able to make any call that
/// could wake it; the wait is as long as one seccomp(2) takes, and ends with that process.
fn send_listener(context: *Context, outcome: Outcome, filtered: sys.fd_t) noreturn {
    while (outcome.* == pending) {
        var ended = [_]sys.PollFd{.{ .fd = filtered, .events = linux.POLL.IN, .revents = 0 }};
        const count = sys.poll(&ended, 1) catch sys.exit(1);
        if (count > 0) sys.exit(1);
    }
    const listener = outcome.*;
    if (listener < 0) sys.exit(1);
    context.tell(.seccomp_listener, "", listener) catch sys.exit(1);
    sys.exit(0);
}

/// The filter may refuse wait4; then the user's pid 1 finds one more ended child, which it has to reap
/// like any other.
fn reap(pid: i32) void {
    var status: u32 = 0;
    _ = sys.wait4(pid, &status, 0) catch {};
}
