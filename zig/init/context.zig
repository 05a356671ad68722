//! What every step of bunc-init works with: the plan, the channel, the root of the container, and the
//! way to fail. Used in bunc-init (both stages).

const std = @import("std");
const sys = @import("../sys.zig");
const sync = @import("../sync.zig");
const Code = @import("../failure.zig").Code;
const Stage = @import("../failure.zig").Stage;
const hook = @import("../hook.zig");
const trace = @import("../trace.zig");
const Plan = @import("../plan.zig").Plan;
const Filter = @import("seccomp.zig").Filter;
const LastParent = @import("path.zig").LastParent;
const Covers = @import("masks.zig").Covers;
const Holder = @import("holders.zig").Holder;

const Text = []const u8;

pub const Context = struct {
    pub const Failed = error{Failed};

    plan: *const Plan,
    stage: Stage,
    /// To the parent; closed by execve.
    channel: sys.fd_t,
    /// The plan's memfd, for as long as bunc-init may be executed again; -1: closed.
    plan_file: sys.fd_t = -1,
    /// Start.socket: the listening SOCK_SEQPACKET socket that libbunc made in the state directory; -1: none.
    start_listener: sys.fd_t = -1,
    /// O_PATH descriptor of the container's root directory, once bind_root has opened it. After
    /// pivot_root it is "/" itself.
    root: sys.fd_t = -1,
    /// Config path of the step under way.
    subject: []const u8 = "",
    /// Detached mounts of bind sources that stage 1 opened while it still saw the host's files, and user
    /// namespaces of id maps that it made with the host's rights; by step index, -1: none. See sources.zig.
    sources: []sys.fd_t = &.{},
    id_maps: []sys.fd_t = &.{},
    parent_has_mount_namespace: bool = false,
    /// The directory that path.zig resolved last, for rows of devices and links.
    last_parent: LastParent = .{},
    /// The private procfs, opened on first use; -1: not yet. See procfs.zig.
    procfs: sys.fd_t = -1,
    /// The mounts that cover masked paths. See masks.zig.
    covers: Covers = .{},
    /// The mounts that hold paths to be protected; null: no mount was made yet. See holders.zig.
    holders: ?[]Holder = null,
    /// What the user's program and hooks get; bunc-init itself works with 0.
    umask: u32 = 0o022,
    /// process.cwd that the runtime may not enter: the step `user` tries again. See working_directory.zig.
    directory_pending: []const u8 = "",
    /// Where hooks write. See hooks.zig.
    hook_output: hook.Redirect = .{},
    /// The system call filter, until it is installed, last of all. See seccomp.zig.
    filter: ?Filter = null,
    /// The filter has a listener, and so is installed before "ready".
    has_listener: bool = false,
    /// The capabilities that the process gets when the filter is in place; null: it has them already.
    capabilities_after_filter: ?sys.CapabilitySets = null,
    /// Whether the steps are traced, and when the last one was done.
    tracing: bool = false,
    traced_us: u64 = 0,
    /// Room for what a step must build (NUL-terminated vectors); never reset, freed by execve.
    allocator: std.mem.Allocator,

    /// bunc-init's own descriptors; -1: not there.
    pub fn descriptors(self: *const Context) [5]sys.fd_t {
        const outputs = self.hook_output;
        return .{ self.channel, self.plan_file, self.start_listener, outputs.stdout, outputs.stderr };
    }

    /// A system call failed: reports `op` on `target` with `sys.backend.errno`.
    pub fn fail(self: *const Context, op: []const u8, target: []const u8) Failed {
        return self.fail_as(.system, op, target, "");
    }

    /// No call failed: what was found is refused, with the errno that a call would have given.
    pub fn refuse(self: *const Context, errno: sys.E, code: Code, op: Text, on: Text, detail: Text) Failed {
        sys.backend.errno = errno;
        return self.fail_as(code, op, on, detail);
    }

    /// As `fail`, with more for a person.
    pub fn fail_as(self: *const Context, code: Code, op: Text, target: Text, detail: Text) Failed {
        // `create` has returned, and `start` has not come: nobody reads.
        if (self.channel < 0) return error.Failed;
        // The parent may be gone; the process ends all the same.
        sync.send_failure(self.channel, .{
            .code = code,
            .stage = self.stage,
            .op = op,
            .errno = sys.errno_number(),
            .subject = self.subject,
            .target = target,
            .detail = detail,
        }) catch {};
        return error.Failed;
    }

    /// The parent's next message. A closed channel means that it is gone: nothing to report to.
    pub fn receive(self: *const Context, buffer: *[sync.size_max]u8) Failed!sync.Message {
        return sync.receive(self.channel, buffer) catch |err| switch (err) {
            error.Closed => error.Failed,
            error.Malformed => self.fail_as(.protocol, "receive", "bunc", ""),
            error.Sys => self.fail("recvmsg", "bunc"),
        };
    }

    /// Waits for the parent's word.
    pub fn await_proceed(self: *const Context) Failed!void {
        var buffer: [sync.size_max]u8 = undefined;
        const message = try self.receive(&buffer);
        if (message.kind != .proceed) return self.fail_as(.protocol, "receive", @tagName(message.kind), "");
    }

    /// The time up to the first `traced` is counted from here.
    pub fn start_trace(self: *Context) void {
        self.tracing = true;
        self.traced_us = sys.monotonic_us();
    }

    /// Under --debug: reports that this is done, and the time since the last report.
    pub fn traced(self: *Context, point: trace.TracePoint, index: usize, text: []const u8) void {
        if (!self.tracing) return;
        const now_us = sys.monotonic_us();
        const record: trace.TraceRecord = .{
            .point = point,
            .index = @intCast(index),
            .duration_us = @truncate(now_us - self.traced_us),
            .text = text[0..@min(text.len, sync.size_max - 2 * trace.size_fixed)],
        };
        self.traced_us = now_us;
        var buffer: [sync.size_max - 1]u8 = undefined;
        self.mention(.trace, sync.encode(record, &buffer).?);
    }

    pub fn tell(self: *const Context, kind: sync.Kind, payload: []const u8, fd: sys.fd_t) Failed!void {
        sync.send(self.channel, kind, payload, fd) catch return self.fail("sendmsg", "bunc");
    }

    /// What the parent can do without.
    pub fn mention(self: *const Context, kind: sync.Kind, payload: []const u8) void {
        sync.send(self.channel, kind, payload, -1) catch {};
    }
};
