//! bunc-init: the process that becomes the container's. Static, libc-free, one thread; started by libbunc
//! from a sealed memfd with `bunc-init CHANNEL PLAN LISTENER STAGE` (three descriptor numbers; "join" or
//! "init", with "held-" before it where it must wait to be moved into its cgroup first). By itself it is
//! started with the stage "mapped", which goes on with stage 1 in a new user namespace, and two more
//! descriptors after it: where hooks write.
//!
//! Stage "join" (stage 1) enters and creates namespaces and then makes stage 2; stage "init" is the
//! process itself. It reads no file of the container before the plan's steps have confined it.

const std = @import("std");
const sys = @import("../sys.zig");
const failure = @import("../failure.zig");
const sync = @import("../sync.zig");
const wire = @import("../wire.zig");
const Plan = @import("../plan.zig").Plan;
const Context = @import("context.zig").Context;
const descriptors = @import("descriptors.zig");
const join = @import("join.zig");
const placement = @import("placement.zig");
const procfs = @import("procfs.zig");
const steps = @import("steps.zig");
const linger = @import("linger.zig");
const own_stack = @import("own_stack.zig");
const start = @import("start.zig");
const holders = @import("holders.zig");
const hooks = @import("hooks.zig");
const exec = @import("exec.zig");
const limits = @import("limits.zig");

pub fn main(arguments: std.process.Init.Minimal) noreturn {
    own_stack.run(begin, @intFromPtr(&arguments.args.vector));
}

/// `address`: of a Vector.
pub fn begin(address: usize) callconv(.c) noreturn {
    const vector: *const Vector = @ptrFromInt(address);
    sys.exit(work(vector.*));
}

pub const Vector = std.process.Args.Vector;

/// → exit status
fn work(vector: Vector) u8 {
    if (vector.len == 2 and std.mem.eql(u8, std.mem.span(vector[1]), "linger")) return linger.run();
    if (vector.len != 5 and vector.len != 7) return usage();
    const channel = parse_fd(vector[1]) orelse return usage();
    const plan_fd = parse_fd(vector[2]) orelse return usage();
    const listener = parse_fd(vector[3]) orelse return usage();
    const stage = std.mem.span(vector[4]);
    const held = std.mem.startsWith(u8, stage, "held-");
    const direct = std.mem.endsWith(u8, stage, "init");
    const mapped = std.mem.eql(u8, stage, "mapped");
    if (mapped != (vector.len == 7)) return usage();

    // Not even root of a container may look into this process before it is the user's program
    // (CVE-2016-9962).
    const stage_now: failure.Stage = if (direct) .init else .join;
    _ = sys.prctl(sys.PR.SET_DUMPABLE, 0, 0, 0, 0) catch
        return report(channel, stage_now, .system, "prctl(PR_SET_DUMPABLE)");
    const inherited_umask = sys.umask(0);
    // Bun ignores SIGPIPE and SIGXFSZ; an ignored signal would stay ignored in the user's program.
    sys.reset_signal_dispositions();

    var memory: std.heap.FixedBufferAllocator = undefined;
    const plan = load(plan_fd, &memory) catch |err|
        return report(channel, stage_now, if (err == error.Sys) .system else .protocol, "load the plan");
    const again = plan.namespaces.execute_again and !mapped;
    if (!again) sys.close(plan_fd);
    var context: Context = .{
        .plan = &plan,
        .stage = stage_now,
        .channel = channel,
        .plan_file = if (again) plan_fd else -1,
        .start_listener = listener,
        .umask = inherited_umask,
        .allocator = memory.allocator(),
    };
    sys.backend.watch(&context.subject);
    if (mapped) {
        context.hook_output.stdout = parse_fd(vector[5]) orelse return usage();
        context.hook_output.stderr = parse_fd(vector[6]) orelse return usage();
    }
    if (plan.trace) context.start_trace();
    descriptors.close_unknown(&context) catch return report(channel, stage_now, .system, "close_range");
    if (held) context.await_proceed() catch return 1;
    if (!mapped) {
        placement.enter(&context) catch return 1;
        hooks.open_output(&context) catch return 1;
    }
    if (!direct) {
        // Returns in the child that is stage 2; stage 1 itself has ended in there.
        (if (mapped) join.run_mapped(&context) else join.run(&context)) catch return 1;
        context.stage = .init;
    }
    run(&context) catch return 1;
    unreachable;
}

/// Stage 2. Returns only with an error: it has been reported where somebody still listens.
fn run(context: *Context) Context.Failed!void {
    context.subject = "";
    sys.setsid() catch return context.fail("setsid", "");
    try context.await_proceed();
    context.traced(.init, 0, "");
    if (context.plan.namespaces.create & std.os.linux.CLONE.NEWCGROUP != 0) {
        context.subject = "linux.namespaces";
        sys.unshare(std.os.linux.CLONE.NEWCGROUP) catch return context.fail("unshare", "cgroup");
    }
    if (!context.plan.has(.bind_root)) {
        // A further process of a container (exec): its root is "/" since the mount namespace was joined.
        context.root = sys.open("/", sys.O.PATH | sys.O.DIRECTORY) catch return context.fail("open", "/");
        try procfs.prepare(context);
    }
    for (context.plan.steps, 0..) |step, index| {
        context.subject = step.subject;
        try steps.run(context, step.op, index);
        context.traced(.step, index, "");
    }
    context.covers.close();
    holders.close(context);
    if (context.plan.process.start == .never) {
        try context.tell(.ready, "", -1);
        sys.exit(0);
    }
    context.subject = "process.args";
    var program = try exec.prepare(context);
    procfs.close(context);
    try context.tell(.ready, "", -1);
    try start.wait(context);
    try limits.apply_late(context);
    if (context.plan.process.start_hooks) |set| {
        try hooks.run(context, set);
        context.traced(.start_hooks, 0, "");
    }
    context.subject = "process.args";
    return program.execute(context);
}

/// Before there is a context. → exit status
fn report(channel: sys.fd_t, stage: failure.Stage, code: failure.Code, op: []const u8) u8 {
    const errno = if (code == .system) sys.errno_number() else 0;
    sync.send_failure(channel, .{ .code = code, .stage = stage, .op = op, .errno = errno }) catch {};
    return 1;
}

/// The plan, decoded into memory of its own.
fn load(fd: sys.fd_t, memory: *std.heap.FixedBufferAllocator) !Plan {
    const size = (try sys.fstat(fd)).size;
    const bytes: [*]const u8 = @ptrFromInt(try sys.mmap(size, .{ .READ = true }, .{ .TYPE = .PRIVATE }, fd));
    // Decoded structures are at most 16 times their encoding (an empty string: 4 bytes, 16 as a slice), and
    // what the steps allocate (argument vectors) is in proportion to the plan. Untouched pages cost nothing.
    const room = 32 * size + 256 * 1024;
    const pages: [*]u8 = @ptrFromInt(try sys.map_memory(room));
    memory.* = .init(pages[0..room]);
    var decoder: wire.Decoder = .{ .bytes = bytes[0..size], .allocator = memory.allocator() };
    return decoder.decode(Plan);
}

fn parse_fd(text: [*:0]const u8) ?sys.fd_t {
    return std.fmt.parseInt(sys.fd_t, std.mem.span(text), 10) catch null;
}

fn usage() u8 {
    sys.write_all(2, "bunc-init is started by bunc itself\n") catch {};
    return 1;
}

/// A broken invariant ends the process; the parent reports how it ended.
pub const panic = std.debug.FullPanic(panicked);

fn panicked(message: []const u8, address: ?usize) noreturn {
    _ = address;
    sys.write_all(2, "bunc-init: internal error: ") catch {};
    sys.write_all(2, message) catch {};
    sys.write_all(2, "\n") catch {};
    sys.exit(1);
}
