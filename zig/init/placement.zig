//! Into the container's v1 cgroups, before anything else: what the process makes and forks later is counted
//! there. Runs in bunc-init, in the stage that comes first, with the host's view and rights. (cgroup2: clone3
//! did it.)

const sys = @import("../sys.zig");
const Context = @import("context.zig").Context;

pub fn enter(context: *Context) Context.Failed!void {
    context.subject = "linux.cgroupsPath";
    for (context.plan.placement.tasks) |file| {
        const fd = sys.open(file, sys.O.WRONLY) catch return context.fail("open", file);
        defer sys.close(fd);
        // "0": the thread that writes.
        _ = sys.write(fd, "0") catch return context.fail("write", file);
    }
}
