//! The steps and calls of bunc-init that confine the program: each must succeed, or the start must fail,
//! whatever the kernel answers. Every new step must be listed here to compile, and every new call outside the
//! steps to run.

const std = @import("std");
const sys = @import("../sys.zig");
const plan_types = @import("../plan.zig");
const backend = @import("backend.zig");
const linux = std.os.linux;
const Plan = plan_types.Plan;
const Kind = std.meta.Tag(plan_types.Op);

/// Every errno that a kernel, or a system call filter of the caller, may return: for a confining call, the
/// list in the man page is not assumed to be complete.
pub const errnos = blk: {
    const all = std.enums.values(sys.E);
    var list: [all.len - 1]sys.E = undefined;
    var length: usize = 0;
    for (all) |each| if (each != .SUCCESS) {
        list[length] = each;
        length += 1;
    };
    break :blk list;
};

fn is_confining_step(kind: Kind) bool {
    return switch (kind) {
        // What the program sees of the file system, and what leads out of it.
        .root_propagation, .bind_root, .mount, .pivot_root => true,
        .move_root, .change_root, .remount, .final_propagation => true,
        .readonly_path, .masked_path, .unmount, .working_directory => true,
        // Its credentials and permissions.
        .session_keyring, .umask, .no_new_privs, .user, .capability_bounding, .capabilities => true,
        .apparmor_exec, .selinux_exec, .seccomp => true,
        .loopback_up, .network_device, .device, .symlink, .parent_hooks, .hooks, .console => false,
        .hostname, .domainname, .sysctl, .cpu_affinity, .every_cpu => false,
        .scheduler, .io_priority, .memory_policy, .personality => false,
    };
}

/// The kinds of calls before the first step, between steps and after the last one.
fn is_confining_call(number: linux.SYS) bool {
    return switch (number) {
        .prctl, .capget, .capset, .seccomp, .setgroups, .setresgid, .setresuid, .umask => true,
        .unshare, .setns, .clone3, .setsid, .prlimit64 => true,
        .open_tree, .move_mount, .mount_setattr, .mount, .fsmount => true,
        .umount2, .chroot, .fchdir, .chdir, .getcwd => true,
        // Descriptors that the program must not get.
        .close_range, .fcntl, .dup3 => true,
        .accept4, .close, .execve, .execveat, .exit, .exit_group => false,
        .faccessat2, .fsconfig, .fsopen, .fstatfs, .getdents64 => false,
        .getegid, .geteuid, .getpid, .ioctl, .kill, .lseek => false,
        .memfd_create, .mmap, .munmap, .openat, .openat2 => false,
        .pidfd_open, .pidfd_send_signal, .pipe2, .ppoll, .pread64, .read, .readlinkat, .recvmsg => false,
        .rt_sigaction, .rt_sigprocmask, .sched_setaffinity, .sendmsg, .sendto => false,
        .signalfd4, .socket, .socketpair, .statx => false,
        .clock_gettime, .wait4, .write => false,
        else => std.debug.panic("rehearsal/confining.zig does not say whether {t} confines", .{number}),
    };
}

/// Iterates over the calls of a rehearsal and tells what each belongs to.
pub const Walk = struct {
    plan: *const Plan,
    /// The step of the previous call.
    step: usize = 0,

    /// → the step's kind, or the call's name; null if it confines nothing.
    pub fn next(self: *Walk, call: backend.Noted) ?[]const u8 {
        // Belongs to the step every_cpu, which has the config path of session_keyring.
        if (call.number == .sched_setaffinity) return null;
        const kind = self.kind_of(call.subject) orelse
            return if (is_confining_call(call.number)) @tagName(call.number) else null;
        return if (is_confining_step(kind)) @tagName(kind) else null;
    }

    /// Steps come in order, except that a filter is installed long after its step. Among neighbours with
    /// the same subject, the confining one is chosen.
    fn kind_of(self: *Walk, subject: []const u8) ?Kind {
        const steps = self.plan.steps;
        for (0..steps.len) |offset| {
            const index = (self.step + offset) % steps.len;
            if (!std.mem.eql(u8, steps[index].subject, subject)) continue;
            if (index >= self.step) self.step = index;
            for (steps[index..]) |step| {
                if (!std.mem.eql(u8, step.subject, subject)) break;
                if (is_confining_step(step.op)) return step.op;
            }
            return steps[index].op;
        }
        return null;
    }
};

const Counts = struct {
    what: []const u8,
    calls: usize = 0,
    failures: usize = 0,
    /// The start failed.
    ended: usize = 0,
    /// The program was confined nevertheless.
    same: usize = 0,
    /// There was nothing to protect.
    not_there: usize = 0,
};

pub const How = enum { ended, same, not_there };

pub const Tally = struct {
    arena: std.mem.Allocator,
    rows: std.ArrayList(Counts) = .empty,

    pub fn called(self: *Tally, what: []const u8) !void {
        (try self.of(what)).calls += 1;
    }

    pub fn failed(self: *Tally, what: []const u8, how: How) !void {
        const row = try self.of(what);
        row.failures += 1;
        switch (how) {
            inline else => |it| @field(row, @tagName(it)) += 1,
        }
    }

    fn of(self: *Tally, what: []const u8) !*Counts {
        for (self.rows.items) |*row| if (std.mem.eql(u8, row.what, what)) return row;
        try self.rows.append(self.arena, .{ .what = what });
        return &self.rows.items[self.rows.items.len - 1];
    }

    /// One JSON object per line; and one, without counts, for every kind of step that must occur.
    pub fn print(self: Tally, out: *std.Io.Writer) !void {
        for (self.rows.items) |row| {
            try std.json.Stringify.value(row, .{}, out);
            try out.writeAll("\n");
        }
        inline for (std.meta.tags(Kind)) |kind| if (is_confining_step(kind)) {
            try std.json.Stringify.value(.{ .step = @tagName(kind) }, .{}, out);
            try out.writeAll("\n");
        };
    }
};
