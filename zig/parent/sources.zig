//! Open sources of bind mounts for bunc-init, whose user namespace may not let it reach the path or map the
//! ids. Runs in the bunc process, which has the host's rights. The path is looked up in the mount namespace
//! of bunc-init all the same: there the flags of the host's mounts are locked, and what earlier mounts put
//! there is seen.

const std = @import("std");
const sys = @import("../sys.zig");
const sync = @import("../sync.zig");
const clone = @import("clone.zig");
const Call = @import("../call.zig").Call;
const CLONE = std.os.linux.CLONE;

const Job = struct {
    shared: clone.Shared = .{ .argument = undefined, .start = start },
    mount_namespace: sys.fd_t,
    /// Has the id map; -1: none.
    ids: sys.fd_t,
    request: sync.SourceRequest,
    mount: sys.fd_t = -1,
};

pub const Sources = struct {
    /// Of bunc-init, once it has sent it; the paths are looked up there.
    mount_namespace: sys.fd_t = -1,

    /// Takes over the descriptor of `message`.
    pub fn answer(self: *Sources, call: *Call, channel: sys.fd_t, message: sync.Message) Call.Error!void {
        defer if (message.fd >= 0) sys.close(message.fd);
        const request = sync.decode(sync.SourceRequest, message.payload) orelse
            return call.fail_as(.protocol, "receive", "bunc-init", @tagName(message.kind));
        var job: Job = .{ .mount_namespace = self.mount_namespace, .ids = message.fd, .request = request };
        send(channel, &job) catch return call.fail("sendmsg", "bunc-init");
    }

    /// All sources are open before bunc-init reports for the first time.
    pub fn close(self: *Sources) void {
        if (self.mount_namespace >= 0) sys.close(self.mount_namespace);
        self.mount_namespace = -1;
    }
};

fn send(channel: sys.fd_t, job: *Job) sys.Error!void {
    job.shared.argument = job;
    // Its own copy of the working directory and root lets the child change its mount namespace, which this
    // process with its threads cannot. In the descriptor table that it shares with us the mount stays behind.
    if (clone.run_child(&job.shared, CLONE.FILES, -1)) |child| {
        sys.close(child.pidfd);
        _ = try sys.wait4(child.pid, 0);
    } else |_| return refuse(channel, sys.backend.errno, sys.backend.failed_op);
    // Killed before it was done.
    if (job.mount < 0) return refuse(channel, .INTR, std.mem.span(job.shared.op));
    defer sys.close(job.mount);
    return sync.send(channel, .source, "", job.mount);
}

fn refuse(channel: sys.fd_t, errno: sys.E, op: []const u8) sys.Error!void {
    var buffer: [sync.size_max - 1]u8 = undefined;
    const refusal: sync.SourceRefusal = .{ .errno = @intFromEnum(errno), .op = op };
    return sync.send(channel, .source_refused, sync.encode(refusal, &buffer).?, -1);
}

fn start(shared: *clone.Shared) sys.Error!void {
    const job: *Job = @alignCast(@fieldParentPtr("shared", shared));
    shared.op = "setns";
    try sys.setns(job.mount_namespace, CLONE.NEWNS);
    shared.op = "open_tree";
    const mount = try sys.open_tree_clone(sys.AT.FDCWD, job.request.path, job.request.recursive, 0);
    if (job.ids >= 0) {
        shared.op = sys.set_id_map_call;
        sys.set_id_map(mount, job.ids, job.request.map_recursive) catch {
            const errno = sys.backend.errno;
            sys.close(mount);
            return sys.fail(errno);
        };
    }
    job.mount = mount;
}
