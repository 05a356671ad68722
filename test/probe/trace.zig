//! Run on the host by the fault tests: a command whose system calls, and those of all its descendants, are
//! counted in the order in which they happen; before the Nth the process that makes it is killed, or the Nth
//! of a name fails. ptrace(2).

const std = @import("std");
const builtin = @import("builtin");
const linux = std.os.linux;
const json = @import("json.zig");

const wait_all = 0x40000000; // __WALL
const options = option_sysgood | option_fork | option_vfork | option_clone | option_exec;
const option_sysgood = 1;
const option_fork = 1 << 1;
const option_vfork = 1 << 2;
const option_clone = 1 << 3;
const option_exec = 1 << 4;
const get_syscall_info = 0x420e;
const event_stop = 128;

/// What happens at the call.
const Fault = union(enum) {
    none,
    kill,
    fail: struct { errno: u16, call: linux.SYS, own: bool },
};

const Wanted = struct { fault: Fault, at: usize };

/// struct ptrace_syscall_info, as far as it is read.
const Info = extern struct {
    op: enum(u8) { none, entry, exit, seccomp, _ },
    padding: [3]u8,
    arch: u32,
    instruction_pointer: u64,
    stack_pointer: u64,
    number: u64,
    arguments: [6]u64,
};

/// Names of the calls, for a run without a fault.
const calls_max = 65536;
var numbers: [calls_max]u16 = undefined;
var of_command: [calls_max]bool = undefined;
var count: usize = 0;
/// Of those, the calls that the fault is for.
var met: usize = 0;
/// Has to fail when it returns; 0: nobody's.
var failing: i32 = 0;
var is_done = false;

/// `trace:none,0`, `trace:kill,N`, `trace:fail,N,ERRNO,CALL,own` (the Nth CALL that the command itself makes)
/// or `…,other` (that others make) take all that follows as a command, with standard error ours and the other
/// streams null.
/// → `status` (128 + signal); `met`: how many calls the fault is for; without one their `names`, each with
/// `own`; with one `hit`, and its `name` and `own`.
/// rt_sigreturn(2) is not counted: it has no result, and signals come at another place each time.
pub fn command(
    argument: []const u8,
    arguments: []const [*:0]const u8,
    environment: [*:null]const ?[*:0]const u8,
) void {
    const wanted = parse(argument) orelse return json.field("errno", "bad argument of trace");
    if (builtin.cpu.arch != .x86_64) return json.field("errno", "ENOSYS");
    var vector: [256:null]?[*:0]const u8 = undefined;
    if (arguments.len == 0 or arguments.len >= vector.len) @panic("probe: trace needs a command");
    for (arguments, 0..) |word, index| vector[index] = word;
    vector[arguments.len] = null;

    var gate: [2]i32 = undefined;
    _ = linux.pipe2(&gate, .{ .CLOEXEC = true });
    const signal_child = 17;
    const child = linux.syscall5(.clone, signal_child, 0, 0, 0, 0);
    if (linux.errno(child) != .SUCCESS) return json.outcome(child);
    if (child == 0) {
        const null_device: i32 = @intCast(linux.open("/dev/null", .{ .ACCMODE = .RDWR }, 0));
        for (0..2) |stream| _ = linux.dup2(null_device, @intCast(stream));
        var byte: [1]u8 = undefined;
        _ = linux.read(gate[0], &byte, 1);
        _ = linux.execve(arguments[0], &vector, environment);
        linux.exit_group(127);
    }
    const pid: i32 = @intCast(child);
    const seized = linux.ptrace(linux.PTRACE.SEIZE, pid, 0, options, 0);
    if (linux.errno(seized) != .SUCCESS) return json.outcome(seized);
    _ = linux.ptrace(linux.PTRACE.INTERRUPT, pid, 0, 0, 0);
    _ = linux.write(gate[1], "x", 1);
    const status = follow(pid, wanted);
    json.outcome(0);
    json.field("status", if (status & 0x7f == 0) status >> 8 & 0xff else 128 + (status & 0x7f));
    json.field("met", met);
    json.field("hit", is_done);
    if (wanted.fault == .none) report_names() else if (is_done) {
        json.field("name", name_of(numbers[@min(count, calls_max) - 1]));
        json.field("own", of_command[@min(count, calls_max) - 1]);
    }
}

fn parse(argument: []const u8) ?Wanted {
    var words = std.mem.splitScalar(u8, argument, ',');
    const kind = words.first();
    const at = std.fmt.parseInt(usize, words.next() orelse return null, 10) catch return null;
    if (std.mem.eql(u8, kind, "none")) return .{ .fault = .none, .at = at };
    if (std.mem.eql(u8, kind, "kill")) return .{ .fault = .kill, .at = at };
    if (!std.mem.eql(u8, kind, "fail")) return null;
    const name = words.next() orelse return null;
    if (name.len == 0 or name[0] != 'E') return null;
    const code = std.meta.stringToEnum(linux.E, name[1..]) orelse return null;
    const call = std.meta.stringToEnum(linux.SYS, words.next() orelse return null) orelse return null;
    const own = std.mem.eql(u8, words.next() orelse return null, "own");
    return .{ .fault = .{ .fail = .{ .errno = @intFromEnum(code), .call = call, .own = own } }, .at = at };
}

/// Until the command has ended. → its wait status. Whoever of its descendants is left goes on untraced.
fn follow(command_pid: i32, wanted: Wanted) u32 {
    while (true) {
        var status: u32 = 0;
        const waited = linux.wait4(-1, &status, wait_all, null);
        if (linux.errno(waited) == .INTR) continue;
        if (linux.errno(waited) != .SUCCESS) return 127 << 8;
        const pid: i32 = @intCast(waited);
        if (status & 0xff != 0x7f) {
            if (pid == command_pid) return status;
            continue;
        }
        stopped(pid, command_pid, status, wanted);
    }
}

fn stopped(pid: i32, command_pid: i32, status: u32, wanted: Wanted) void {
    const signal = status >> 8 & 0xff;
    const event = status >> 16;
    const trap = 5;
    if (signal == trap | 0x80) {
        at_call(pid, command_pid, wanted);
        return go_on(pid, 0);
    }
    if (event == event_stop and signal != trap) {
        // Stopped by a signal, and to stay so.
        _ = linux.ptrace(if (is_over()) linux.PTRACE.DETACH else linux.PTRACE.LISTEN, pid, 0, 0, 0);
        return;
    }
    // A signal that is about to be delivered; the other events have none.
    go_on(pid, if (event == 0) signal else 0);
}

/// Nothing is left to do but to let everybody go.
fn is_over() bool {
    return is_done and failing == 0;
}

fn go_on(pid: i32, signal: u32) void {
    const request: u32 = if (is_over()) linux.PTRACE.DETACH else linux.PTRACE.SYSCALL;
    _ = linux.ptrace(request, pid, 0, signal, 0);
}

fn at_call(pid: i32, command_pid: i32, wanted: Wanted) void {
    var info: Info = undefined;
    _ = linux.ptrace(get_syscall_info, pid, @sizeOf(Info), @intFromPtr(&info), 0);
    switch (info.op) {
        .entry => enter(pid, command_pid, info.number, wanted),
        .exit => if (pid == failing) {
            set_register(pid, result_register, @bitCast(-@as(i64, wanted.fault.fail.errno)));
            failing = 0;
        },
        else => {},
    }
}

fn enter(pid: i32, command_pid: i32, number: u64, wanted: Wanted) void {
    // Until then it is not the command.
    if (count == 0 and number != @intFromEnum(linux.SYS.execve)) return;
    if (is_done or number == @intFromEnum(linux.SYS.rt_sigreturn)) return;
    const own = linux.errno(linux.tgkill(command_pid, pid, @enumFromInt(0))) == .SUCCESS;
    if (count < calls_max) {
        numbers[count] = @truncate(number);
        of_command[count] = own;
    }
    count += 1;
    switch (wanted.fault) {
        .none, .kill => {},
        .fail => |failure| if (number != @intFromEnum(failure.call) or own != failure.own) return,
    }
    met += 1;
    if (met != wanted.at) return;
    switch (wanted.fault) {
        .none => {},
        .kill => {
            is_done = true;
            _ = linux.kill(pid, .KILL);
        },
        .fail => {
            is_done = true;
            failing = pid;
            // A number that no call has: nothing is done.
            set_register(pid, number_register, std.math.maxInt(u64));
        },
    }
}

/// Offsets in struct user of x86-64.
const result_register = 10 * 8;
const number_register = 15 * 8;

fn set_register(pid: i32, offset: usize, value: u64) void {
    _ = linux.ptrace(linux.PTRACE.POKEUSER, pid, offset, value, 0);
}

fn name_of(number: u16) []const u8 {
    return std.enums.tagName(linux.SYS, @enumFromInt(number)) orelse "?";
}

fn report_names() void {
    json.key("names");
    json.begin_array();
    for (numbers[0..@min(count, calls_max)]) |number| json.string(name_of(number));
    json.end_array();
    json.key("own");
    json.begin_array();
    for (of_command[0..@min(count, calls_max)]) |own| json.boolean(own);
    json.end_array();
}
