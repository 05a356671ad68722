//! The table of calls: a call's number is its place here. Adding one is adding a line; types, encoding and
//! the TypeScript side follow from the function's signature.

const documents = @import("documents.zig");
const exit = @import("exit.zig");
const files = @import("files.zig");
const host = @import("host.zig");
const image = @import("image/calls.zig");
const host_probe = @import("host_probe.zig");
const kernel_log = @import("kernel_log.zig");
const spawn = @import("parent/spawn.zig");
const start_socket = @import("parent/start_socket.zig");
const signals = @import("parent/signals.zig");
const trace = @import("trace.zig");
const supervise = @import("parent/supervise.zig");
const lock_holder = @import("parent/lock_holder.zig");
const process = @import("parent/process.zig");
const streams = @import("parent/streams.zig");
const send_fd = @import("parent/send_fd.zig");
const notify = @import("parent/notify.zig");
const run_hook = @import("parent/run_hook.zig");
const criu = @import("parent/criu.zig");
const cgroup_create = @import("cgroup/create.zig");
const cgroup_in_use = @import("cgroup/in_use.zig");
const cgroup_write = @import("cgroup/write.zig");
const cgroup_join = @import("cgroup/join.zig");
const cgroup_subtree = @import("cgroup/subtree.zig");
const cgroup_kill = @import("cgroup/kill.zig");
const cgroup_freeze = @import("cgroup/freeze.zig");
const cgroup_remove = @import("cgroup/remove.zig");
const cgroup_watch = @import("cgroup/watch.zig");
const cgroup_devices = @import("cgroup/devices.zig");
const bus_stream = @import("cgroup/bus_stream.zig");

const seccomp = @import("seccomp/call.zig");
const seccomp_explain = @import("seccomp/explain_call.zig");

pub const table = .{
    .{ .name = "host_facts", .function = host.host_facts },
    .{ .name = "exit", .function = exit.exit },
    .{ .name = "take_image", .function = image.take_image },
    .{ .name = "environment", .function = image.environment },
    .{ .name = "is_inherited", .function = image.is_inherited },
    .{ .name = "own_namespace", .function = host.own_namespace },
    .{ .name = "read_file", .function = files.read_file },
    .{ .name = "read_documents", .function = documents.read_documents },
    .{ .name = "read_host_file", .function = files.read_host_file },
    .{ .name = "write_file", .function = files.write_file },
    .{ .name = "append_file", .function = files.append_file },
    .{ .name = "make_directory", .function = files.make_directory },
    .{ .name = "list_directory", .function = files.list_directory },
    .{ .name = "remove_directory", .function = files.remove_directory },
    .{ .name = "remove_empty_directory", .function = files.remove_empty_directory },
    .{ .name = "remove_file", .function = files.remove_file },
    .{ .name = "lock_directory", .function = files.lock_directory },
    .{ .name = "end_lock_holder", .function = lock_holder.end_lock_holder },
    .{ .name = "close_fd", .function = files.close_fd },
    .{ .name = "resolve_path", .function = files.resolve_path },
    .{ .name = "resolve_in_root", .function = files.resolve_in_root },
    .{ .name = "open_file", .function = files.open_file },
    .{ .name = "working_directory", .function = files.working_directory },
    .{ .name = "spawn", .function = spawn.spawn },
    .{ .name = "proceed", .function = spawn.proceed },
    .{ .name = "abandon", .function = spawn.abandon },
    .{ .name = "start", .function = start_socket.start },
    .{ .name = "take_trace", .function = trace.take_trace },
    .{ .name = "make_streams", .function = streams.make_streams },
    .{ .name = "give_streams", .function = streams.give_streams },
    .{ .name = "hold_signals", .function = signals.hold_signals },
    .{ .name = "become_subreaper", .function = supervise.become_subreaper },
    .{ .name = "supervise", .function = supervise.supervise },
    .{ .name = "kernel_log", .function = kernel_log.kernel_log },
    .{ .name = "process_statuses", .function = process.process_statuses },
    .{ .name = "signal_process", .function = process.signal_process },
    .{ .name = "await_end", .function = process.await_end },
    .{ .name = "open_process", .function = process.open_process },
    .{ .name = "send_fd", .function = send_fd.send_fd },
    .{ .name = "run_hook", .function = run_hook.run_hook },
    .{ .name = "criu_start", .function = criu.criu_start },
    .{ .name = "criu_exchange", .function = criu.criu_exchange },
    .{ .name = "criu_end", .function = criu.criu_end },
    .{ .name = "criu_status_ready", .function = criu.criu_status_ready },
    .{ .name = "notify_listen", .function = notify.notify_listen },
    .{ .name = "notify_forward", .function = notify.notify_forward },
    .{ .name = "seccomp_compile", .function = seccomp.seccomp_compile },
    .{ .name = "cgroup_create", .function = cgroup_create.cgroup_create },
    .{ .name = "cgroup_in_use", .function = cgroup_in_use.cgroup_in_use },
    .{ .name = "cgroup_write", .function = cgroup_write.cgroup_write },
    .{ .name = "cgroup_read", .function = cgroup_write.cgroup_read },
    .{ .name = "cgroup_join", .function = cgroup_join.cgroup_join },
    .{ .name = "cgroup_delegate", .function = cgroup_join.cgroup_delegate },
    .{ .name = "cgroup_processes", .function = cgroup_subtree.cgroup_processes },
    .{ .name = "cgroup_kill", .function = cgroup_kill.cgroup_kill },
    .{ .name = "cgroup_freeze", .function = cgroup_freeze.cgroup_freeze },
    .{ .name = "cgroup_frozen", .function = cgroup_freeze.cgroup_frozen },
    .{ .name = "cgroup_remove", .function = cgroup_remove.cgroup_remove },
    .{ .name = "cgroup_watch", .function = cgroup_watch.cgroup_watch },
    .{ .name = "cgroup_devices", .function = cgroup_devices.cgroup_devices },
    .{ .name = "bus_connect", .function = bus_stream.bus_connect },
    .{ .name = "bus_write", .function = bus_stream.bus_write },
    .{ .name = "bus_read", .function = bus_stream.bus_read },
    .{ .name = "host_probe", .function = host_probe.host_probe },
    .{ .name = "seccomp_explain", .function = seccomp_explain.seccomp_explain },
};

pub fn RequestOf(comptime function: anytype) type {
    return @typeInfo(@TypeOf(function)).@"fn".params[1].type.?;
}

pub fn ReplyOf(comptime function: anytype) type {
    return @typeInfo(@typeInfo(@TypeOf(function)).@"fn".return_type.?).error_union.payload;
}
