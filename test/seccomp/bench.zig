//! Numbers for `npm run bench`: instructions executed per system call and
//! compile time, ours beside libseccomp's, and the cost of a call under the
//! filter in the kernel. Test only.

const std = @import("std");
const seccomp = @import("seccomp");
const libseccomp = @import("libseccomp.zig");
const linux = std.os.linux;
const Instruction = seccomp.bpf.Instruction;
const Profile = seccomp.Profile;

const Figures = struct {
    instructions: usize,
    /// Executed per system call, over all numbers of the native table.
    mean: f64,
    worst: u32,
    /// Median of several compilations.
    compile_ns: u64,
    /// What a call costs in a loop, less what it costs without the filter.
    getpid_ns: f64,
    personality_ns: f64,
};

const Costs = struct {
    getpid_ns: f64 = std.math.inf(f64),
    personality_ns: f64 = std.math.inf(f64),

    fn beyond(costs: Costs, unfiltered: Costs) Costs {
        return .{
            .getpid_ns = costs.getpid_ns - unfiltered.getpid_ns,
            .personality_ns = costs.personality_ns - unfiltered.personality_ns,
        };
    }
};

const Report = struct {
    ours: Figures,
    libseccomp: Figures,
    libseccomp_tree: Figures,
    unfiltered: Costs,
};

pub fn run(
    arena: std.mem.Allocator,
    io: std.Io,
    library: *const libseccomp.Library,
    profile: *const Profile,
    out: *std.Io.Writer,
) !void {
    const clock: Clock = .{ .io = io };
    const ours = (try seccomp.compile(arena, profile, .{})).program;
    const walk = try libseccomp.build(library, arena, profile, .{ .native = seccomp.native, .optimize = 1 });
    const tree = try libseccomp.build(library, arena, profile, .{ .native = seccomp.native, .optimize = 2 });
    const costs = call_costs(clock, .{ null, ours, walk, tree });
    const report: Report = .{
        .ours = figures(ours, try compile_ours(clock, profile), costs[1].beyond(costs[0])),
        .libseccomp = figures(
            walk,
            try compile_theirs(clock, library, profile, 1),
            costs[2].beyond(costs[0]),
        ),
        .libseccomp_tree = figures(
            tree,
            try compile_theirs(clock, library, profile, 2),
            costs[3].beyond(costs[0]),
        ),
        .unfiltered = costs[0],
    };
    try std.json.Stringify.value(report, .{}, out);
    try out.writeByte('\n');
}

const Clock = struct {
    io: std.Io,

    fn now(clock: Clock) i96 {
        return std.Io.Clock.awake.now(clock.io).nanoseconds;
    }
};

fn figures(program: []const Instruction, compile_ns: u64, costs: Costs) Figures {
    var sum: u64 = 0;
    var worst: u32 = 0;
    var count: u64 = 0;
    for (0..seccomp.syscall_table.slot_count) |number| {
        if (seccomp.explain.name_of_number(seccomp.native, @intCast(number)) == null) continue;
        const data: seccomp.interpreter.Data = .{
            .architecture = seccomp.explain.audit_token(seccomp.native),
            .number = @intCast(number),
        };
        const executed =
            seccomp.interpreter.run(program, &data, seccomp.explain.endian_of(seccomp.native)).executed;
        sum += executed;
        worst = @max(worst, executed);
        count += 1;
    }
    return .{
        .instructions = program.len,
        .mean = @as(f64, @floatFromInt(sum)) / @as(f64, @floatFromInt(count)),
        .worst = worst,
        .compile_ns = compile_ns,
        .getpid_ns = costs.getpid_ns,
        .personality_ns = costs.personality_ns,
    };
}

fn compile_ours(clock: Clock, profile: *const Profile) !u64 {
    var times: [201]u64 = undefined;
    var arena_state: std.heap.ArenaAllocator = .init(std.heap.page_allocator);
    defer arena_state.deinit();
    for (&times) |*time| {
        _ = arena_state.reset(.retain_capacity);
        const start = clock.now();
        std.mem.doNotOptimizeAway((try seccomp.compile(arena_state.allocator(), profile, .{})).program.ptr);
        time.* = @intCast(clock.now() - start);
    }
    return median(&times);
}

fn compile_theirs(
    clock: Clock,
    library: *const libseccomp.Library,
    profile: *const Profile,
    optimize: u32,
) !u64 {
    var times: [11]u64 = undefined;
    var arena_state: std.heap.ArenaAllocator = .init(std.heap.page_allocator);
    defer arena_state.deinit();
    for (&times) |*time| {
        _ = arena_state.reset(.retain_capacity);
        const start = clock.now();
        const options: libseccomp.BuildOptions = .{ .native = seccomp.native, .optimize = optimize };
        std.mem.doNotOptimizeAway(
            (try libseccomp.build(library, arena_state.allocator(), profile, options)).ptr,
        );
        time.* = @intCast(clock.now() - start);
    }
    return median(&times);
}

fn median(times: []u64) u64 {
    std.sort.insertion(u64, times, {}, std.sort.asc(u64));
    return times[times.len / 2];
}

const MeasuredCall = enum {
    /// The kernel knows of a call that is always allowed, and runs no filter.
    getpid,
    /// Asking for the personality; profiles look at its argument.
    personality,

    fn make(call: MeasuredCall) void {
        switch (call) {
            .getpid => _ = linux.getpid(),
            .personality => _ = linux.syscall1(.personality, 0xffff_ffff),
        }
    }
};

/// Of each program, in turns, so that whatever else the machine does in the
/// meantime is the same for all; the least counts.
fn call_costs(clock: Clock, programs: [4]?[]const Instruction) [4]Costs {
    var costs: [4]Costs = @splat(.{});
    for (0..5) |_| for (programs, &costs) |program, *cost| {
        cost.getpid_ns = @min(cost.getpid_ns, call_cost(clock, program, .getpid));
        cost.personality_ns = @min(cost.personality_ns, call_cost(clock, program, .personality));
    };
    return costs;
}

/// Nanoseconds for one call, the least of several rounds, in a child that has
/// installed the filter.
fn call_cost(clock: Clock, program: ?[]const Instruction, call: MeasuredCall) f64 {
    const mapped = linux.mmap(
        null,
        @sizeOf(f64),
        .{ .READ = true, .WRITE = true },
        .{ .TYPE = .SHARED, .ANONYMOUS = true },
        -1,
        0,
    );
    if (linux.errno(mapped) != .SUCCESS) return std.math.nan(f64);
    defer _ = linux.munmap(@ptrFromInt(mapped), @sizeOf(f64));
    const best: *volatile f64 = @ptrFromInt(mapped);
    best.* = std.math.inf(f64);
    const child = linux.fork();
    if (child == 0) {
        if (program) |instructions| {
            const Argument = extern struct { len: u16, filter: [*]const Instruction };
            const argument: Argument = .{ .len = @intCast(instructions.len), .filter = instructions.ptr };
            _ = linux.prctl(@intFromEnum(linux.PR.SET_NO_NEW_PRIVS), 1, 0, 0, 0);
            if (linux.seccomp(linux.SECCOMP.SET_MODE_FILTER, 0, &argument) != 0) {
                _ = linux.syscall1(.exit_group, 1);
            }
        }
        const calls = 2000;
        for (0..100) |_| {
            const start = clock.now();
            for (0..calls) |_| call.make();
            const each = @as(f64, @floatFromInt(clock.now() - start)) / calls;
            best.* = @min(best.*, each);
        }
        _ = linux.syscall1(.exit_group, 0);
        @trap();
    }
    var status: u32 = 0;
    _ = linux.waitpid(@intCast(child), &status, 0);
    return best.*;
}
