//! Stage 1 executes itself once more, in the user namespace that it made. Runs in bunc-init, stage 1.
//!
//! The user namespace that a process was executed in decides who may look into it while it is not dumpable
//! (/proc/pid/ns, setns(2) through a pidfd): CAP_SYS_PTRACE is required there (ptrace(2), Ptrace access mode
//! checking). In the host's an ordinary user does not have it, and could then neither `exec` into his created
//! container nor set up its network. Executed in the container's, bunc-init is open to the user who made that
//! namespace. Processes in it must have CAP_SYS_PTRACE all the same; dumpable, bunc-init would be open to
//! each of them that is root (CVE-2016-9962).
//!
//! A further process of a container never does this: what is in there already must not look into it.

const std = @import("std");
const sys = @import("../sys.zig");
const Context = @import("context.zig").Context;

/// For `execute`: bunc-init itself. Opened before any namespace is joined, in which /proc may be somebody
/// else's.
pub fn open_self(context: *Context) Context.Failed!sys.fd_t {
    const path = "/proc/self/exe";
    return sys.open(path, sys.O.RDONLY) catch return context.fail("open", path);
}

/// As root of the user namespace, which execve(2) leaves all capabilities. Returns only if it failed, which
/// has been reported; otherwise the process is in main.zig's stage "mapped" now.
pub fn execute(context: *Context, self: sys.fd_t) Context.Failed {
    const kept = context.descriptors();
    var texts: [kept.len][12]u8 = undefined;
    var numbers: [kept.len][*:0]const u8 = undefined;
    for (kept, &texts, &numbers) |fd, *text, *number| {
        number.* = std.fmt.bufPrintSentinel(text, "{d}", .{fd}, 0) catch unreachable;
        if (fd >= 0) sys.set_cloexec(fd, false) catch return context.fail("fcntl", "F_SETFD");
    }
    const args = [_:null]?[*:0]const u8{
        "bunc-init",
        numbers[0],
        numbers[1],
        numbers[2],
        "mapped",
        numbers[3],
        numbers[4],
    };
    const no_environment = [_:null]?[*:0]const u8{};
    // main.zig takes the umask of the program from there.
    _ = sys.umask(context.umask);
    sys.execveat(self, "", &args, &no_environment, sys.AT.EMPTY_PATH) catch {};
    return context.fail("execveat", "bunc-init");
}
