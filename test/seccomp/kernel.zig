//! Filters in the real kernel, each in a child process of its own: whether
//! seccomp(2) takes a program, and what it then answers. Test only.

const std = @import("std");
const seccomp = @import("seccomp");
const linux = std.os.linux;
const Instruction = seccomp.bpf.Instruction;

/// struct sock_fprog
const Program = extern struct {
    len: u16,
    filter: [*]const Instruction,
};

pub const Call = struct {
    number: u32,
    arguments: [6]u64,
};

/// Memory that parent and child share. The child reports through it because
/// its filter may refuse any other way.
const Shared = struct {
    installed: isize,
    results: [max_calls]isize,
};

pub const max_calls = 256;

const not_reached: isize = std.math.minInt(isize);

pub const Error = error{ MapFailed, ForkFailed };

pub const Outcome = struct {
    /// What seccomp(2) returned.
    installed: isize,
    /// What each call returned; `not_reached` if the child was gone.
    results: []const isize,
};

/// Installs the program in a child and makes the calls there, in order.
pub fn run(
    arena: std.mem.Allocator,
    program: []const Instruction,
    calls: []const Call,
) (Error || std.mem.Allocator.Error)!Outcome {
    std.debug.assert(calls.len <= max_calls);
    const mapped = linux.mmap(
        null,
        @sizeOf(Shared),
        .{ .READ = true, .WRITE = true },
        .{ .TYPE = .SHARED, .ANONYMOUS = true },
        -1,
        0,
    );
    if (linux.errno(mapped) != .SUCCESS) return error.MapFailed;
    defer _ = linux.munmap(@ptrFromInt(mapped), @sizeOf(Shared));
    const shared: *volatile Shared = @ptrFromInt(mapped);
    shared.installed = not_reached;
    for (&shared.results) |*result| result.* = not_reached;

    const forked = linux.fork();
    if (linux.errno(forked) != .SUCCESS) return error.ForkFailed;
    if (forked == 0) in_child(shared, program, calls);
    var status: u32 = 0;
    while (linux.errno(linux.waitpid(@intCast(forked), &status, 0)) == .INTR) {}

    const results = try arena.alloc(isize, calls.len);
    for (results, 0..) |*result, index| result.* = shared.results[index];
    return .{ .installed = shared.installed, .results = results };
}

fn in_child(shared: *volatile Shared, program: []const Instruction, calls: []const Call) noreturn {
    _ = linux.prctl(@intFromEnum(linux.PR.SET_NO_NEW_PRIVS), 1, 0, 0, 0);
    const argument: Program = .{ .len = @intCast(program.len), .filter = program.ptr };
    shared.installed = @bitCast(linux.seccomp(linux.SECCOMP.SET_MODE_FILTER, 0, &argument));
    for (calls, 0..) |call, index| {
        const a = call.arguments;
        shared.results[index] = @bitCast(
            linux.syscall6(@enumFromInt(call.number), a[0], a[1], a[2], a[3], a[4], a[5]),
        );
    }
    _ = linux.syscall1(.exit_group, 0);
    // The filter refuses to let the process end: a fault does it.
    @trap();
}
