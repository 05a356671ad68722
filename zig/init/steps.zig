//! One step of the plan → the function that does it. bunc-init, stage 2.

const plan = @import("../plan.zig");
const root = @import("root.zig");
const mount = @import("mount.zig");
const device = @import("device.zig");
const masks = @import("masks.zig");
const sysctl = @import("sysctl.zig");
const console = @import("console.zig");
const credentials = @import("credentials.zig");
const capabilities = @import("capabilities.zig");
const scheduling = @import("scheduling.zig");
const uts = @import("uts.zig");
const keyring = @import("keyring.zig");
const network = @import("network.zig");
const labels = @import("labels.zig");
const seccomp = @import("seccomp.zig");
const working_directory = @import("working_directory.zig");
const hooks = @import("hooks.zig");
const Context = @import("context.zig").Context;

/// `index`: the step's place in the plan, which names its source that stage 1 may have opened.
pub fn run(context: *Context, op: plan.Op, index: usize) Context.Failed!void {
    switch (op) {
        .loopback_up => |it| try network.loopback_up(context, it),
        .network_device => |it| try network.network_device(context, it),
        .session_keyring => |it| try keyring.session_keyring(context, it),
        .root_propagation => |it| try root.root_propagation(context, it),
        .bind_root => |it| try root.bind_root(context, it),
        .mount => |it| try mount.add(context, it, index),
        .device => |it| try device.device(context, it, index),
        .symlink => |it| try device.symlink(context, it),
        .parent_hooks => {
            try context.tell(.hooks, "", -1);
            try context.await_proceed();
        },
        .hooks => |it| try hooks.run(context, it),
        .pivot_root => |it| try root.pivot_root(context, it),
        .move_root => |it| try root.move_root(context, it),
        .change_root => |it| try root.change_root(context, it),
        .console => |it| try console.console(context, it),
        .remount => |it| try mount.remount(context, it),
        .final_propagation => |it| try root.final_propagation(context, it),
        .hostname => |it| try uts.hostname(context, it),
        .domainname => |it| try uts.domainname(context, it),
        .sysctl => |it| try sysctl.sysctl(context, it),
        .readonly_path => |it| try masks.readonly_path(context, it),
        .masked_path => |it| try masks.masked_path(context, it),
        .unmount => |it| try mount.unmount(context, it),
        .umask => |it| try credentials.umask(context, it),
        .no_new_privs => |it| try credentials.no_new_privs(context, it),
        .user => |it| try credentials.user(context, it),
        .capability_bounding => |it| try capabilities.capability_bounding(context, it),
        .capabilities => |it| try capabilities.capabilities(context, it),
        .cpu_affinity => |it| try scheduling.cpu_affinity(context, it),
        .every_cpu => |it| try scheduling.every_cpu(context, it),
        .scheduler => |it| try scheduling.scheduler(context, it),
        .io_priority => |it| try scheduling.io_priority(context, it),
        .memory_policy => |it| try scheduling.memory_policy(context, it),
        .personality => |it| try scheduling.personality(context, it),
        .apparmor_exec => |it| try labels.apparmor_exec(context, it),
        .selinux_exec => |it| try labels.selinux_exec(context, it),
        .seccomp => |it| try seccomp.seccomp(context, it),
        .working_directory => |it| try working_directory.working_directory(context, it),
    }
}
