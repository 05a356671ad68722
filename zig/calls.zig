//! The table of calls: a call's number is its place here. Adding one is adding its name; types, encoding and
//! the TypeScript side follow from the function's signature.

pub const table =
    of(@import("host.zig"), &.{ "host_facts", "own_namespace" }) ++
    of(@import("exit.zig"), &.{"exit"}) ++
    of(@import("image/calls.zig"), &.{ "take_image", "environment", "is_inherited" }) ++
    of(@import("files.zig"), &.{
        "read_file",       "read_host_file", "write_file",        "append_file",
        "make_directory",  "list_directory", "remove_directory",  "remove_empty_directory",
        "remove_file",     "lock_directory", "close_fd",          "resolve_path",
        "resolve_in_root", "open_file",      "working_directory",
    }) ++
    of(@import("documents.zig"), &.{"read_documents"}) ++
    of(@import("parent/lock_holder.zig"), &.{"end_lock_holder"}) ++
    of(@import("parent/spawn.zig"), &.{ "spawn", "proceed", "abandon" }) ++
    of(@import("parent/start_socket.zig"), &.{"start"}) ++
    of(@import("trace.zig"), &.{"take_trace"}) ++
    of(@import("parent/streams.zig"), &.{ "make_streams", "give_streams" }) ++
    of(@import("parent/signals.zig"), &.{"hold_signals"}) ++
    of(@import("parent/supervise.zig"), &.{ "become_subreaper", "supervise" }) ++
    of(@import("kernel_log.zig"), &.{"kernel_log"}) ++
    of(@import("parent/process.zig"), &.{
        "process_statuses", "signal_process", "await_end", "open_process",
    }) ++
    of(@import("parent/send_fd.zig"), &.{"send_fd"}) ++
    of(@import("parent/run_hook.zig"), &.{"run_hook"}) ++
    of(@import("parent/criu.zig"), &.{ "criu_start", "criu_exchange", "criu_end", "criu_status_ready" }) ++
    of(@import("parent/notify.zig"), &.{ "notify_listen", "notify_forward" }) ++
    of(@import("seccomp/call.zig"), &.{"seccomp_compile"}) ++
    of(@import("cgroup/create.zig"), &.{"cgroup_create"}) ++
    of(@import("cgroup/in_use.zig"), &.{"cgroup_in_use"}) ++
    of(@import("cgroup/write.zig"), &.{ "cgroup_write", "cgroup_read" }) ++
    of(@import("cgroup/join.zig"), &.{ "cgroup_join", "cgroup_delegate" }) ++
    of(@import("cgroup/subtree.zig"), &.{"cgroup_processes"}) ++
    of(@import("cgroup/kill.zig"), &.{"cgroup_kill"}) ++
    of(@import("cgroup/freeze.zig"), &.{ "cgroup_freeze", "cgroup_frozen" }) ++
    of(@import("cgroup/remove.zig"), &.{"cgroup_remove"}) ++
    of(@import("cgroup/watch.zig"), &.{"cgroup_watch"}) ++
    of(@import("cgroup/devices.zig"), &.{"cgroup_devices"}) ++
    of(@import("cgroup/bus_stream.zig"), &.{ "bus_connect", "bus_write", "bus_read" }) ++
    of(@import("host_probe.zig"), &.{"host_probe"}) ++
    of(@import("seccomp/explain_call.zig"), &.{"seccomp_explain"});

const Entry = struct {
    name: []const u8,
    module: type,

    pub fn function(comptime entry: Entry) @TypeOf(@field(entry.module, entry.name)) {
        return @field(entry.module, entry.name);
    }
};

fn of(comptime module: type, comptime names: []const []const u8) [names.len]Entry {
    var entries: [names.len]Entry = undefined;
    for (&entries, names) |*entry, name| entry.* = .{ .name = name, .module = module };
    return entries;
}

pub fn RequestOf(comptime function: anytype) type {
    return @typeInfo(@TypeOf(function)).@"fn".params[1].type.?;
}

pub fn ReplyOf(comptime function: anytype) type {
    return @typeInfo(@typeInfo(@TypeOf(function)).@"fn".return_type.?).error_union.payload;
}
