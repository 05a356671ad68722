//! Root of `zig build test`: every file of the core that has test blocks. test/tidy checks that none is
//! missing.

test {
    _ = @import("cgroup/device_program.zig");
    _ = @import("cgroup/group.zig");
    _ = @import("cgroup/write.zig");
    _ = @import("cxx/dynamic_cast.zig");
    _ = @import("cxx/hash.zig");
    _ = @import("cxx/list.zig");
    _ = @import("cxx/static_guard.zig");
    _ = @import("cxx/tree.zig");
    _ = @import("dispatch.zig");
    _ = @import("entry/environment.zig");
    _ = @import("entry/record.zig");
    _ = @import("files.zig");
    _ = @import("hook.zig");
    _ = @import("hook_result.zig");
    _ = @import("image/code.zig");
    _ = @import("image/cpu.zig");
    _ = @import("image/pieces.zig");
    _ = @import("init/environment.zig");
    _ = @import("init/executable.zig");
    _ = @import("init/filesystem.zig");
    _ = @import("init/host_mounts.zig");
    _ = @import("init/keyring.zig");
    _ = @import("init/locked_flags.zig");
    _ = @import("init/mountinfo.zig");
    _ = @import("init/path.zig");
    _ = @import("init/scheduling.zig");
    _ = @import("init/start.zig");
    _ = @import("integer.zig");
    _ = @import("json.zig");
    _ = @import("kernel_log.zig");
    _ = @import("memset.zig");
    _ = @import("netlink.zig");
    _ = @import("parent/affinity.zig");
    _ = @import("parent/criu.zig");
    _ = @import("parent/lock_holder.zig");
    _ = @import("parent/notify.zig");
    _ = @import("parent/streams.zig");
    _ = @import("plan_bytes.zig");
    _ = @import("process_stat.zig");
    _ = @import("raw_json.zig");
    _ = @import("rehearsal/mount_table.zig");
    _ = @import("relay/relay.zig");
    _ = @import("seccomp.zig");
    _ = @import("sync.zig");
    _ = @import("sys/credentials.zig");
    _ = @import("sys/files.zig");
    _ = @import("sys/kernel.zig");
    _ = @import("sys/sockets.zig");
    _ = @import("tail.zig");
    _ = @import("trace.zig");
    _ = @import("whole_file.zig");
    _ = @import("wire.zig");
}
