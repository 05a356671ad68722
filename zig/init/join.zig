//! Stage 1: enter the namespaces to join, create the others, and make stage 2 in them. namespaces(7).
//!
//! It exists because some of this must precede the container's process: a user namespace has to be mapped
//! before its other namespaces are made, and setns(2) to a pid or time namespace acts on children only.

const std = @import("std");
const sys = @import("../sys.zig");
const process_stat = @import("../process_stat.zig");
const NamespaceProcess = @import("../plan.zig").NamespaceProcess;
const again = @import("again.zig");
const dumpable = @import("dumpable.zig");
const sources = @import("sources.zig");
const Context = @import("context.zig").Context;
const CLONE = std.os.linux.CLONE;

const join_max = 8;

/// Returns in stage 2 only; stage 1 ends in here.
pub fn run(context: *Context) Context.Failed!void {
    const namespaces = context.plan.namespaces;
    context.subject = "linux.namespaces";
    const init = if (namespaces.join_process) |wanted| try open_init(context, wanted) else -1;
    const self = if (namespaces.execute_again) try again.open_self(context) else -1;
    const offsets = if (self < 0) try open_time_offsets(context) else -1;
    var opened: [join_max]sys.fd_t = undefined;
    try open_paths(context, &opened);
    if (context.plan.parent_opens_sources) try sources.make_id_maps(context);
    try join_paths(context, opened[0..namespaces.join.len]);
    if (namespaces.join_process) |wanted| try join_process(context, wanted, init);
    if (namespaces.create & CLONE.NEWUSER != 0) try create_user(context);
    if (self >= 0) return again.execute(context, self);
    try finish(context, offsets);
}

/// The rest, after again.zig. Returns in stage 2 only, as `run`.
pub fn run_mapped(context: *Context) Context.Failed!void {
    context.subject = "linux.namespaces";
    try finish(context, try open_time_offsets(context));
}

fn finish(context: *Context, offsets: sys.fd_t) Context.Failed!void {
    try create_others(context, offsets);
    context.traced(.joined, 0, "");
    try become_child(context);
}

fn open_paths(context: *Context, opened: *[join_max]sys.fd_t) Context.Failed!void {
    const list = context.plan.namespaces.join;
    if (list.len > join_max) {
        return context.fail_as(.limit, "setns", "", "more namespaces than there are kinds");
    }
    for (list, 0..) |join, index| {
        context.subject = join.subject;
        opened[index] = sys.open(join.path, sys.O.RDONLY) catch return context.fail("open", join.path);
    }
}

/// A namespace may belong to the user namespace that is joined too, or to ours: those that deny us are tried
/// again from inside.
fn join_paths(context: *Context, opened: []sys.fd_t) Context.Failed!void {
    const list = context.plan.namespaces.join;
    for (list, opened) |join, *fd| {
        if (join.type == CLONE.NEWUSER) continue;
        context.subject = join.subject;
        sys.setns(fd.*, join.type) catch {
            if (sys.is(.PERM)) continue;
            return context.fail("setns", join.path);
        };
        sys.close(fd.*);
        fd.* = -1;
    }
    for (list, opened) |join, fd| {
        if (join.type != CLONE.NEWUSER) continue;
        context.subject = join.subject;
        sys.setns(fd, join.type) catch return context.fail("setns", join.path);
        try dumpable.refuse(context);
        sys.close(fd);
        try become_root(context);
    }
    for (list, opened) |join, fd| {
        if (join.type == CLONE.NEWUSER or fd < 0) continue;
        context.subject = join.subject;
        sys.setns(fd, join.type) catch return context.fail("setns", join.path);
        sys.close(fd);
    }
}

const namespace_files = [_]struct { type: u32, file: []const u8 }{
    .{ .type = CLONE.NEWUSER, .file = "user" },
    .{ .type = CLONE.NEWNS, .file = "mnt" },
    .{ .type = CLONE.NEWPID, .file = "pid" },
    .{ .type = CLONE.NEWNET, .file = "net" },
    .{ .type = CLONE.NEWIPC, .file = "ipc" },
    .{ .type = CLONE.NEWUTS, .file = "uts" },
    .{ .type = CLONE.NEWCGROUP, .file = "cgroup" },
    .{ .type = CLONE.NEWTIME, .file = "time" },
};

/// The pidfd of the container's init. It is taken first and the start time read after it: when that is right,
/// the pid was init's at both moments, and the pidfd is.
fn open_init(context: *Context, wanted: NamespaceProcess) Context.Failed!sys.fd_t {
    const pidfd = sys.pidfd_open(wanted.pid) catch
        return context.fail("pidfd_open", "the container's init process");
    const started = process_stat.start_time(wanted.pid) catch return context.fail("read", "/proc/pid/stat");
    if (started != wanted.start_time.value) return init_ended(context);
    return pidfd;
}

fn init_ended(context: *Context) Context.Failed {
    return context.refuse(.SRCH, .system, "setns", "the container's init process", "");
}

/// All namespaces of a running process in one setns(2) through its pidfd. Its own user namespace cannot be
/// joined again (EINVAL), so those we are in already are left out.
fn join_process(context: *Context, wanted: NamespaceProcess, pidfd: sys.fd_t) Context.Failed!void {
    const pid = wanted.pid;
    if (sources.has_binds(context.plan)) {
        try sources.open_all(context, pidfd, !try is_same(context, pid, "user"));
    }
    var flags: u32 = 0;
    for (namespace_files) |namespace| {
        if (wanted.flags & namespace.type == 0) continue;
        if (!try is_same(context, pid, namespace.file)) flags |= namespace.type;
    }
    // If it had ended, those files could have been another process's, or ours.
    sys.pidfd_send_signal(pidfd, 0) catch {
        if (sys.is(.SRCH)) return init_ended(context);
        return context.fail("pidfd_send_signal", "the container's init process");
    };
    if (flags != 0) {
        sys.setns(pidfd, flags) catch return context.fail("setns", "the container's init process");
        try dumpable.refuse(context);
    }
    sys.close(pidfd);
    if (flags & CLONE.NEWUSER != 0) try become_root(context);
}

fn is_same(context: *Context, pid: i32, file: []const u8) Context.Failed!bool {
    var theirs_path: [64]u8 = undefined;
    var ours_path: [64]u8 = undefined;
    const theirs = std.fmt.bufPrint(&theirs_path, "/proc/{d}/ns/{s}", .{ pid, file }) catch unreachable;
    const ours = std.fmt.bufPrint(&ours_path, "/proc/self/ns/{s}", .{file}) catch unreachable;
    const their_stat = sys.statx(sys.AT.FDCWD, theirs, 0) catch {
        // A kernel without this kind of namespace has no such file for anybody.
        if (sys.is(.NOENT) and std.mem.eql(u8, file, "time")) return true;
        return context.fail("stat", theirs);
    };
    const our_stat = sys.statx(sys.AT.FDCWD, ours, 0) catch return context.fail("stat", ours);
    return their_stat.inode == our_stat.inode;
}

fn create_user(context: *Context) Context.Failed!void {
    context.subject = "linux.namespaces";
    sys.unshare(CLONE.NEWUSER) catch return context.fail("unshare", "user");
    // A parent that is not root may write our maps only while the files of /proc/self are our owner's.
    _ = sys.prctl(sys.PR.SET_DUMPABLE, 1, 0, 0, 0) catch return context.fail("prctl", "PR_SET_DUMPABLE");
    try context.tell(.map_ids, "", -1);
    try context.await_proceed();
    try dumpable.refuse(context);
    try become_root(context);
}

/// Root of the user namespace we are in: files made from here on belong to it.
fn become_root(context: *Context) Context.Failed!void {
    // EINVAL: the namespace maps no root. The capabilities in it are ours all the same.
    sys.setresgid(0) catch if (!sys.is(.INVAL)) return context.fail("setresgid", "0");
    try dumpable.refuse(context);
    sys.setresuid(0) catch if (!sys.is(.INVAL)) return context.fail("setresuid", "0");
    try dumpable.refuse(context);
}

/// Opened with our own rights: in a new user namespace the file of this process, which nobody may look into,
/// is somebody else's, unless it was executed there. Nobody is beside us yet. -1: no offsets are wanted.
fn open_time_offsets(context: *Context) Context.Failed!sys.fd_t {
    if (context.plan.namespaces.time_offsets.len == 0) return -1;
    const path = "/proc/self/timens_offsets";
    _ = sys.prctl(sys.PR.SET_DUMPABLE, 1, 0, 0, 0) catch return context.fail("prctl", "PR_SET_DUMPABLE");
    const fd = sys.open(path, sys.O.WRONLY) catch return context.fail("open", path);
    try dumpable.refuse(context);
    return fd;
}

/// Everything but user (made before), pid (made by clone3) and cgroup (made by stage 2).
fn create_others(context: *Context, offsets: sys.fd_t) Context.Failed!void {
    context.subject = "linux.namespaces";
    const create = context.plan.namespaces.create;
    const flags = create & ~@as(u32, CLONE.NEWUSER | CLONE.NEWPID | CLONE.NEWCGROUP);
    if (flags != 0) sys.unshare(flags) catch return context.fail("unshare", "");
    if (offsets < 0) return;
    context.subject = "linux.timeOffsets";
    const path = "/proc/self/timens_offsets";
    defer sys.close(offsets);
    for (context.plan.namespaces.time_offsets) |offset| {
        var buffer: [128]u8 = undefined;
        const text = std.fmt.bufPrint(
            &buffer,
            "{s} {s} {d}\n",
            .{ @tagName(offset.clock), offset.seconds, offset.nanoseconds },
        ) catch return context.fail_as(.limit, "write", path, offset.seconds);
        _ = sys.write(offsets, text) catch return context.fail("write", path);
    }
}

/// Stage 2 is a child of libbunc, not of stage 1, so that libbunc can wait for it.
fn become_child(context: *Context) Context.Failed!void {
    context.subject = "linux.namespaces";
    const args: sys.CloneArgs = .{ .flags = CLONE.PARENT | (context.plan.namespaces.create & CLONE.NEWPID) };
    const pid = sys.clone3_fork(&args) catch return context.fail("clone3", "");
    if (pid == 0) return;
    const payload = std.mem.toBytes(pid);
    context.mention(.child, &payload);
    sys.exit(0);
}
