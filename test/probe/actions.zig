//! The probe's actions: `verb` or `verb:argument`, done in the order given.
//!
//! Everything is collected into one JSON array; it is printed when the actions end, at `print`, and before
//! any action that does not return. `out:PATH` sends it to a file from then on (appended). `measure`,
//! `measure-terminal` (`measure.zig`) and `trace:…` (`trace.zig`) take all that follows as a command.

const std = @import("std");
const linux = std.os.linux;
const json = @import("json.zig");
const self = @import("self.zig");
const files = @import("files.zig");
const processes = @import("processes.zig");
const consoles = @import("consoles.zig");
const notify = @import("notify.zig");
const measure = @import("measure.zig");
const floor = @import("floor.zig");
const trace = @import("trace.zig");
const seal = @import("seal.zig");
const attack = @import("attack.zig");

const Handler = *const fn (argument: [:0]const u8) void;
const Action = struct { []const u8, Handler };

/// Each handler adds fields to the open object of its action.
const table = [_]Action{
    .{ "read", files.read },
    .{ "write", files.write },
    .{ "create", files.create },
    .{ "open", files.open },
    .{ "lock", files.lock },
    .{ "stat", files.stat },
    .{ "link", files.link },
    .{ "list", files.list },
    .{ "mkdir", files.mkdir },
    .{ "mknod", files.mknod },
    .{ "chdir", files.chdir },
    .{ "mount", files.mount },
    .{ "remount", files.remount },
    .{ "statfs", files.statfs },
    .{ "exchange", files.exchange },
    .{ "out", out },
    .{ "print", print },
    .{ "fork", processes.fork_count },
    .{ "zombies", processes.zombies },
    .{ "child", processes.child },
    .{ "orphan", processes.orphan },
    .{ "eat", processes.eat_memory },
    .{ "burn", processes.burn },
    .{ "syscall", processes.system_call },
    .{ "namespaces", processes.namespaces },
    .{ "hostname", processes.set_hostname },
    .{ "connect", processes.connect },
    .{ "raise", processes.raise },
    .{ "exec", processes.execute },
    .{ "exit", processes.exit },
    .{ "sleep", processes.sleep },
    .{ "nap", processes.nap },
    .{ "wait-signal", processes.wait_signal },
    .{ "echo", processes.echo },
    .{ "say", processes.say },
    .{ "read-fd", processes.read_descriptor },
    .{ "receive-console", consoles.receive },
    .{ "notify", notify.send },
    .{ "receive-notify", notify.receive },
    .{ "signal-file", processes.record_signals },
    .{ "floor", floor.run },
    .{ "seal", seal.seal },
    .{ "overwrite", attack.overwrite },
    .{ "take", attack.take },
};

var start: self.Start = undefined;
var out_path: ?[:0]const u8 = null;

pub fn run(from: self.Start) void {
    start = from;
    json.begin_array();
    if (start.arguments.len > 1) for (start.arguments[1..], 1..) |argument, index| {
        if (takes_command(std.mem.span(argument), start.arguments[index + 1 ..])) break;
        act(std.mem.span(argument));
    };
    flush();
}

/// Whether the action was one of those to which all that follows belongs.
fn takes_command(action: []const u8, rest: []const [*:0]const u8) bool {
    const is_null = std.mem.eql(u8, action, "measure");
    const is_terminal = std.mem.eql(u8, action, "measure-terminal");
    const traced = std.mem.startsWith(u8, action, "trace:");
    if (!is_null and !is_terminal and !traced) return false;
    json.begin_object();
    json.field("action", action);
    if (traced) {
        trace.command(action["trace:".len..], rest, start.environment);
    } else {
        measure.command(rest, start.environment, if (is_null) .null else .terminal);
    }
    json.end_object();
    return true;
}

fn act(argument: [:0]const u8) void {
    const colon = std.mem.indexOfScalar(u8, argument, ':');
    const verb = argument[0 .. colon orelse argument.len];
    const rest: [:0]const u8 = if (colon) |at| argument[at + 1 ..] else argument[argument.len..];
    json.begin_object();
    json.field("action", argument);
    if (std.mem.eql(u8, verb, "self")) {
        self.report(start);
    } else for (table) |entry| {
        if (std.mem.eql(u8, entry[0], verb)) {
            entry[1](rest);
            break;
        }
    } else json.field("errno", "unknown action");
    json.end_object();
}

fn out(path: [:0]const u8) void {
    out_path = path;
}

fn print(_: [:0]const u8) void {
    flush_open_object();
    json.begin_array();
    json.begin_object();
}

/// For an action that will not return: closes its object first.
pub fn flush_open_object() void {
    json.end_object();
    flush();
}

fn flush() void {
    json.end_array();
    var fd: i32 = 1;
    if (out_path) |path| {
        const flags: linux.O = .{ .ACCMODE = .WRONLY, .CREAT = true, .APPEND = true, .CLOEXEC = true };
        const rc = linux.open(path, flags, 0o644);
        if (linux.errno(rc) == .SUCCESS) fd = @intCast(rc);
    }
    write_all(fd, json.text());
    write_all(fd, "\n");
    if (fd != 1) _ = linux.close(fd);
    json.reset();
}

fn write_all(fd: i32, bytes: []const u8) void {
    var done: usize = 0;
    while (done < bytes.len) {
        const rc = linux.write(fd, bytes.ptr + done, bytes.len - done);
        switch (linux.errno(rc)) {
            .SUCCESS => done += rc,
            .INTR, .AGAIN => {},
            else => return,
        }
    }
}
