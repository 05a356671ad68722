//! Install the system call filter. seccomp(2). Runs in bunc-init, stage 2.
//!
//! Every system call that bunc-init makes after this is judged by the user's filter, and a profile allows
//! what the user's program needs, not what we need. So the step only remembers the filter. It is installed
//! when hardly anything is left to do: only capset and execve come after it. Without no_new_privs the
//! installing takes CAP_SYS_ADMIN, which is then kept until the filter is in place (capabilities.zig).
//!
//! A listener (SCMP_ACT_NOTIFY) has to reach its agent before `create` reports "ready", so there the filter
//! comes just before that. A call that it notifies sleeps until the agent answers; but the agent has no
//! listener before we send it. If the filter notifies sendmsg, sending would never end. So the sending
//! is done by a process that was forked before, shares the descriptor table (CLONE_FILES) and has no
//! filter; this one makes no system call at all until it waits for the parent's word.

const std = @import("std");
const sys = @import("../sys.zig");
const plan = @import("../plan.zig");
const CAP_SYS_ADMIN = @import("capabilities.zig").CAP_SYS_ADMIN;
const Context = @import("context.zig").Context;
const linux = std.os.linux;

/// BPF_MAXINSNS.
const instructions_max = 4096;
const instruction_size = 8;
const flag_tsync = 1 << 0;
const flag_new_listener = 1 << 3;
const PR_GET_NO_NEW_PRIVS = 39;

/// What is to be installed, and the config path that asked for it.
pub const Filter = struct {
    program: sys.SockFprog,
    flags: u32,
    listener: bool,
    /// CAP_SYS_ADMIN, as no_new_privs is not set.
    needs_privilege: bool,
    subject: []const u8,
};

pub fn seccomp(context: *Context, op: plan.Seccomp) Context.Failed!void {
    const no_new_privs = sys.prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) catch
        return context.fail("prctl(PR_GET_NO_NEW_PRIVS)", "");
    if (no_new_privs == 0) {
        const capabilities = sys.capget() catch return context.fail("capget", "");
        if (capabilities.effective & CAP_SYS_ADMIN == 0) {
            // Checks what seccomp(2) would, while `create` can still report it.
            const missing = "it takes CAP_SYS_ADMIN or process.noNewPrivileges";
            return context.refuse(.ACCES, .system, "seccomp", "", missing);
        }
    }
    context.has_listener = op.listener_path != null;
    context.filter = .{
        .program = try decode(context, op.program),
        .flags = op.flags,
        .listener = op.listener_path != null,
        .needs_privilege = no_new_privs == 0,
        .subject = context.subject,
    };
}

/// The moment for a filter that has no listener: before the startContainer hooks, else before execve.
pub fn install(context: *Context) Context.Failed!void {
    const filter = context.filter orelse return;
    context.filter = null;
    const subject = context.subject;
    context.subject = filter.subject;
    std.debug.assert(!filter.listener);
    try raise_privilege(context, filter);
    // The filter need not allow what a trace takes.
    context.tracing = false;
    _ = sys.seccomp_set_filter(filter.flags, &filter.program) catch return context.fail("seccomp", "");
    try drop_privilege(context);
    context.subject = subject;
}

/// The change of user has emptied the effective set, if no step `capabilities` has filled it since.
fn raise_privilege(context: *Context, filter: Filter) Context.Failed!void {
    if (!filter.needs_privilege or context.capabilities_after_filter != null) return;
    const sets = sys.capget() catch return context.fail("capget", "");
    if (sets.effective & CAP_SYS_ADMIN != 0) return;
    context.capabilities_after_filter = sets;
    var raised = sets;
    raised.effective |= CAP_SYS_ADMIN;
    sys.capset(raised) catch return context.fail("capset", "");
}

fn drop_privilege(context: *Context) Context.Failed!void {
    const wanted = context.capabilities_after_filter orelse return;
    context.capabilities_after_filter = null;
    sys.capset(wanted) catch return context.fail("capset", "");
}

fn decode(context: *Context, text: []const u8) Context.Failed!sys.SockFprog {
    const decoder = std.base64.standard.Decoder;
    const size = decoder.calcSizeForSlice(text) catch
        return context.fail_as(.protocol, "seccomp", "", "the program is not base64");
    if (size == 0 or size % instruction_size != 0 or size > instructions_max * instruction_size)
        return context.fail_as(.limit, "seccomp", "", "the program is not 1 to 4096 whole instructions");
    // struct sock_filter is aligned to 4 bytes; user memory may be at any address, but aligned is free.
    const bytes = context.allocator.alignedAlloc(u8, .@"8", size) catch
        return context.fail_as(.limit, "seccomp", "", "no room for the program");
    decoder.decode(bytes, text) catch
        return context.fail_as(.protocol, "seccomp", "", "the program is not base64");
    return .{ .length = @intCast(size / instruction_size), .filter = bytes.ptr };
}

/// What the two processes share: the number of the listener, or minus the errno of seccomp(2). Volatile,
/// because it is another process that writes it, of which the (single-threaded) compiler knows nothing.
const Outcome = *volatile i32;
const pending = std.math.minInt(i32);

/// The process that will send the listener.
pub const Sender = struct {
    pid: i32,
    outcome: Outcome,
    /// A pidfd of this process, by which the sender sees its end.
    self: sys.fd_t,
};

/// Makes the sender, while limits and filter of the program do not hold yet. Null: no listener is wanted.
pub fn prepare_listener(context: *Context) Context.Failed!?Sender {
    const filter = context.filter orelse return null;
    if (!filter.listener) return null;
    const subject = context.subject;
    defer context.subject = subject;
    context.subject = filter.subject;
    const protection: linux.PROT = .{ .READ = true, .WRITE = true };
    const page = sys.mmap(4096, protection, .{ .TYPE = .SHARED, .ANONYMOUS = true }, -1) catch
        return context.fail("mmap", "");
    const outcome: Outcome = @ptrFromInt(page);
    outcome.* = pending;

    const self = sys.pidfd_open(sys.getpid()) catch return context.fail("pidfd_open", "");
    const args: sys.CloneArgs = .{ .flags = linux.CLONE.FILES, .exit_signal = @intFromEnum(linux.SIG.CHLD) };
    const sender = sys.clone3_fork(&args) catch return context.fail("clone3", "");
    if (sender == 0) send_listener(context, outcome, self);
    return .{ .pid = sender, .outcome = outcome, .self = self };
}

/// The moment for a filter with a listener: before "ready".
pub fn install_with_listener(context: *Context, sender: Sender) Context.Failed!void {
    const filter = context.filter.?;
    const subject = context.subject;
    defer context.subject = subject;
    context.filter = null;
    context.tracing = false;
    context.subject = filter.subject;
    try raise_privilege(context, filter);

    // The kernel refuses both together without a third flag; one thread has nobody to synchronise with.
    const flags = (filter.flags & ~@as(u32, flag_tsync)) | flag_new_listener;
    const listener = sys.seccomp_set_filter(flags, &filter.program) catch {
        sender.outcome.* = -@as(i32, sys.errno_number());
        sys.reap(sender.pid);
        return context.fail("seccomp", "");
    };
    sender.outcome.* = @intCast(listener);

    // From here the agent can be asked. Its answer to our recvmsg, if the filter notifies that, needs
    // only the listener, which the sender delivers without our help.
    try context.await_proceed();
    try drop_privilege(context);
    // The filter may refuse wait4; then the user's pid 1 finds one more ended child, which it has to reap
    // like any other.
    sys.reap(sender.pid);
    sys.close(@intCast(listener));
    sys.close(sender.self);
    sys.munmap(@intFromPtr(sender.outcome), 4096);
}

/// The sender. It polls shared memory, because the filtered process may not be able to make any call that
/// could wake it; the wait is as long as one seccomp(2) takes, and ends with that process.
fn send_listener(context: *Context, outcome: Outcome, filtered: sys.fd_t) noreturn {
    while (outcome.* == pending) {
        var ended = [_]sys.PollFd{.{ .fd = filtered, .events = linux.POLL.IN, .revents = 0 }};
        const count = sys.poll(&ended, 1) catch {
            // The parent ends the filtered process, which waits for it.
            context.fail("ppoll", "") catch {};
            sys.exit(1);
        };
        if (count > 0) sys.exit(1);
    }
    const listener = outcome.*;
    if (listener < 0) sys.exit(1);
    context.tell(.seccomp_listener, "", listener) catch sys.exit(1);
    sys.exit(0);
}
