//! Guest side of the test machine: one static executable in three roles.
//!
//! - `/init` of the initramfs (pid 1): `boot.zig` brings up the disks and moves to the root file system.
//! - `agent init` (pid 1, no systemd): `session.zig` mounts what a host has, then `serve.zig` takes commands.
//! - `agent serve CGROUP` (a systemd service): `serve.zig` alone.
const std = @import("std");
const boot = @import("boot.zig");
const session = @import("session.zig");
const serve = @import("serve.zig");

pub fn main(init: std.process.Init.Minimal) noreturn {
    const arguments = init.args.vector;
    if (arguments.len >= 3 and std.mem.eql(u8, std.mem.span(arguments[1]), "serve")) {
        serve.run(std.mem.span(arguments[2]));
    }
    if (arguments.len >= 2 and std.mem.eql(u8, std.mem.span(arguments[1]), "init")) {
        session.prepare();
        serve.run(session.command_cgroup);
    }
    boot.run();
}
