//! First stage, pid 1 in the initramfs: loads the modules that the disks need, mounts the root file system
//! and the kernel's modules, and executes the next init (`init=` of the kernel's command line, or this
//! agent).
const std = @import("std");
const linux = std.os.linux;
const system = @import("system.zig");

const MS = linux.MS;
const root_disk = "/dev/vda";
const modules_disk = "/dev/vdb";
const agent_path = "/run/bunc-vm/agent";
const disk_wait_ms = 20_000;
/// include/uapi/linux/module.h
const MODULE_INIT_COMPRESSED_FILE = 4;

pub fn run() noreturn {
    for ([_][*:0]const u8{ "/dev", "/proc", "/sys", "/root" }) |path| system.directory(path);
    system.mount("dev", "/dev", "devtmpfs", MS.NOSUID, "mode=755");
    useConsole();
    system.mount("proc", "/proc", "proc", MS.NOSUID | MS.NODEV | MS.NOEXEC, null);
    system.mount("sysfs", "/sys", "sysfs", MS.NOSUID | MS.NODEV | MS.NOEXEC, null);
    loadModules();
    awaitDisk(root_disk);
    awaitDisk(modules_disk);
    system.mount(root_disk, "/root", "ext4", 0, null);
    system.mount(modules_disk, "/root/usr/lib/modules", "ext4", MS.RDONLY, null);
    system.mount("tmpfs", "/root/run", "tmpfs", MS.NOSUID | MS.NODEV, "mode=755");
    copyAgent();
    system.mount("/dev", "/root/dev", null, MS.MOVE, null);
    system.mount("/proc", "/root/proc", null, MS.MOVE, null);
    system.mount("/sys", "/root/sys", null, MS.MOVE, null);
    _ = system.check("chdir", "/root", linux.chdir("/root"));
    system.mount(".", "/", null, MS.MOVE, null);
    _ = system.check("chroot", ".", linux.chroot("."));
    _ = system.check("chdir", "/", linux.chdir("/"));
    executeInit();
}

fn useConsole() void {
    const console: i32 =
        @intCast(system.check("open", "/dev/console", linux.open("/dev/console", .{ .ACCMODE = .RDWR }, 0)));
    for (0..3) |target| _ = linux.dup2(console, @intCast(target));
    if (console > 2) _ = linux.close(console);
}

/// `/modules.list` names the module files in the order in which they depend on each other.
fn loadModules() void {
    var buffer: [16 * 1024]u8 = undefined;
    var lines = std.mem.tokenizeScalar(u8, system.readFile("/modules.list", &buffer), '\n');
    while (lines.next()) |line| {
        var path_buffer: [system.path_max]u8 = undefined;
        const path = system.join(&path_buffer, &.{line});
        const fd: i32 = @intCast(system.check("open", line, linux.open(path, .{ .CLOEXEC = true }, 0)));
        const flags: usize = if (std.mem.endsWith(u8, line, ".ko")) 0 else MODULE_INIT_COMPRESSED_FILE;
        const result = linux.syscall3(.finit_module, @intCast(fd), @intFromPtr(""), flags);
        if (linux.errno(result) != .EXIST) _ = system.check("load module", line, result);
        _ = linux.close(fd);
    }
}

fn awaitDisk(path: [*:0]const u8) void {
    var waited_ms: u32 = 0;
    while (true) {
        const result = linux.open(path, .{ .CLOEXEC = true }, 0);
        if (linux.errno(result) == .SUCCESS) {
            _ = linux.close(@intCast(result));
            return;
        }
        if (waited_ms >= disk_wait_ms) system.fail("wait for disk", std.mem.span(path), result);
        system.sleepMilliseconds(10);
        waited_ms += 10;
    }
}

fn copyAgent() void {
    system.directory("/root/run/bunc-vm");
    const source: i32 = @intCast(system.check("open", "/init", linux.open("/init", .{ .CLOEXEC = true }, 0)));
    const flags: linux.O = .{ .ACCMODE = .WRONLY, .CREAT = true, .TRUNC = true, .CLOEXEC = true };
    const target: i32 =
        @intCast(system.check("create", agent_path, linux.open("/root" ++ agent_path, flags, 0o755)));
    while (system.check("copy", agent_path, linux.sendfile(target, source, null, 1 << 20)) > 0) {}
    _ = linux.close(source);
    _ = linux.close(target);
}

fn executeInit() noreturn {
    var buffer: [4096]u8 = undefined;
    var words = std.mem.tokenizeAny(u8, system.readFile("/proc/cmdline", &buffer), " \n");
    const environment = [_:null]?[*:0]const u8{ "HOME=/", "TERM=dumb", "PATH=/usr/sbin:/usr/bin:/sbin:/bin" };
    while (words.next()) |word| {
        if (!std.mem.startsWith(u8, word, "init=")) continue;
        var path_buffer: [system.path_max]u8 = undefined;
        const path = system.join(&path_buffer, &.{word["init=".len..]});
        const arguments = [_:null]?[*:0]const u8{path};
        system.fail("execute", std.mem.span(path), linux.execve(path, &arguments, &environment));
    }
    const arguments = [_:null]?[*:0]const u8{ agent_path, "init" };
    system.fail("execute", agent_path, linux.execve(agent_path, &arguments, &environment));
}
