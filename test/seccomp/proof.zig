//! The seccomp compiler's proofs that need a native program: equality with
//! libseccomp, fuzzing, the real kernel. One verb each; exit code 0 if it
//! holds, 1 if not, 77 if it cannot be tried here. Test only.
//!
//!   proof profiles FILE...          client profiles against libseccomp
//!   proof random COUNT SEED         random profiles against libseccomp
//!   proof fuzz COUNT SEED           random profiles against the kernel's rules
//!   proof kernel COUNT SEED         what the kernel answers
//!   proof bench FILE                instructions and compile time, as JSON

const std = @import("std");
const seccomp = @import("seccomp");
const libseccomp = @import("libseccomp.zig");
const oci = @import("oci.zig");
const bench = @import("bench.zig");
const equality = @import("equality.zig");
const kernel = @import("kernel.zig");
const random_profile = @import("random_profile.zig");
const Allocator = std.mem.Allocator;
const Architecture = seccomp.profile.Architecture;
const Profile = seccomp.Profile;
const Writer = std.Io.Writer;

/// A child whose filter does not let it exit ends by a fault (kernel.zig): no
/// handler may come between, and write of it under that filter.
pub const std_options: std.Options = .{ .enable_segfault_handler = false };

const skip_code = 77;

pub fn main(init: std.process.Init) !u8 {
    const arena = init.arena.allocator();
    const arguments = try init.minimal.args.toSlice(arena);
    var buffer: [4096]u8 = undefined;
    var file_writer = std.Io.File.stdout().writerStreaming(init.io, &buffer);
    const out = &file_writer.interface;
    defer out.flush() catch {};

    if (arguments.len < 3) return usage(out);
    const verb = arguments[1];
    if (std.mem.eql(u8, verb, "fuzz")) return fuzz(out, try Range.parse(arguments));
    if (std.mem.eql(u8, verb, "kernel")) return real_kernel(out, try Range.parse(arguments));
    const library = libseccomp.Library.open() orelse {
        try out.print("skip: libseccomp.so.2 is not installed\n", .{});
        return skip_code;
    };
    if (std.mem.eql(u8, verb, "random")) return random(out, &library, try Range.parse(arguments));
    if (std.mem.eql(u8, verb, "bench")) {
        const text = try std.Io.Dir.cwd().readFileAlloc(init.io, arguments[2], arena, .limited(1 << 20));
        try bench.run(arena, init.io, &library, &try oci.parse(arena, text), out);
        return 0;
    }
    if (!std.mem.eql(u8, verb, "profiles")) return usage(out);
    var failed = false;
    for (arguments[2..]) |path| {
        const text = try std.Io.Dir.cwd().readFileAlloc(init.io, path, arena, .limited(1 << 20));
        if (!try client_profile(arena, out, &library, std.fs.path.stem(path), &try oci.parse(arena, text))) {
            failed = true;
        }
    }
    return @intFromBool(failed);
}

fn usage(out: *Writer) !u8 {
    try out.print(
        "usage: proof profiles FILE... | random COUNT SEED | fuzz COUNT SEED | kernel COUNT SEED |" ++
            " bench FILE\n",
        .{},
    );
    return 2;
}

/// Seeds `first` and following.
const Range = struct {
    count: u64,
    first: u64,

    fn parse(arguments: []const []const u8) !Range {
        if (arguments.len != 4) return error.WrongNumberOfArguments;
        return .{
            .count = try std.fmt.parseInt(u64, arguments[2], 10),
            .first = try std.fmt.parseInt(u64, arguments[3], 10),
        };
    }
};

/// The architecture sets that a client's profile is tried for, as the clients
/// choose them.
const targets = [_]struct { native: Architecture, others: []const Architecture }{
    .{ .native = .SCMP_ARCH_X86_64, .others = &.{ .SCMP_ARCH_X86_64, .SCMP_ARCH_X86, .SCMP_ARCH_X32 } },
    .{ .native = .SCMP_ARCH_X86_64, .others = &.{} },
    .{ .native = .SCMP_ARCH_X86, .others = &.{.SCMP_ARCH_X86} },
    .{ .native = .SCMP_ARCH_AARCH64, .others = &.{ .SCMP_ARCH_AARCH64, .SCMP_ARCH_ARM } },
    .{ .native = .SCMP_ARCH_ARM, .others = &.{.SCMP_ARCH_ARM} },
    .{ .native = .SCMP_ARCH_MIPS64, .others = &.{ .SCMP_ARCH_MIPS, .SCMP_ARCH_MIPS64N32 } },
    .{ .native = .SCMP_ARCH_MIPSEL64, .others = &.{ .SCMP_ARCH_MIPSEL, .SCMP_ARCH_MIPSEL64N32 } },
    .{ .native = .SCMP_ARCH_PPC, .others = &.{} },
    .{ .native = .SCMP_ARCH_PPC64, .others = &.{} },
    .{ .native = .SCMP_ARCH_PPC64LE, .others = &.{} },
    .{ .native = .SCMP_ARCH_S390X, .others = &.{ .SCMP_ARCH_S390X, .SCMP_ARCH_S390 } },
    .{ .native = .SCMP_ARCH_RISCV64, .others = &.{.SCMP_ARCH_RISCV64} },
    .{ .native = .SCMP_ARCH_LOONGARCH64, .others = &.{} },
};

fn client_profile(
    gpa: Allocator,
    out: *Writer,
    library: *const libseccomp.Library,
    name: []const u8,
    given: *const Profile,
) !bool {
    var good = true;
    for (targets) |target| {
        var arena_state: std.heap.ArenaAllocator = .init(gpa);
        defer arena_state.deinit();
        var profile = given.*;
        profile.architectures = target.others;
        var prng: std.Random.DefaultPrng = .init(1);
        var comparison: equality.Comparison = .{
            .library = library,
            .arena = arena_state.allocator(),
            .native = target.native,
            .vectors = 400,
            .random = prng.random(),
        };
        try out.print("{s} on {t} with {d} more: ", .{ name, target.native, target.others.len });
        comparison.run(&profile) catch |err| switch (err) {
            error.Contradiction => {
                try out.print("libseccomp refuses it: two rules contradict each other\n", .{});
                continue;
            },
            error.UnknownArchitecture => {
                try out.print("not known to this libseccomp\n", .{});
                continue;
            },
            else => return err,
        };
        const outcome = comparison.outcome;
        try out.print("{d} answers compared, {d} of them ENOSYS; {d} names not known to this libseccomp\n", .{
            outcome.compared, outcome.enosys, outcome.dropped_names,
        });
        for (comparison.mismatches.items[0..@min(
            5,
            comparison.mismatches.items.len,
        )]) |mismatch| try mismatch.print(out);
        if (outcome.faults > 0) {
            try out.print("  {d} answers of libseccomp are none that the rules allow\n", .{outcome.faults});
        }
        if (comparison.mismatches.items.len + outcome.faults > 0) good = false;
    }
    return good;
}

fn random(out: *Writer, library: *const libseccomp.Library, range: Range) !u8 {
    var total: equality.Outcome = .{};
    var refused: u64 = 0;
    var unknown: u64 = 0;
    var entangled: u64 = 0;
    var failed: u64 = 0;
    var arena_state: std.heap.ArenaAllocator = .init(std.heap.page_allocator);
    defer arena_state.deinit();
    for (0..range.count) |index| {
        _ = arena_state.reset(.retain_capacity);
        const arena = arena_state.allocator();
        const seed = range.first + index;
        var prng: std.Random.DefaultPrng = .init(seed);
        const mode: random_profile.Mode = @enumFromInt(seed % 4);
        const generated = try random_profile.generate(arena, prng.random(), .{
            .mode = mode,
            // More would nearly always be such that libseccomp is no reference.
            .rules = if (mode == .wild) 8 else 24,
        });
        var comparison: equality.Comparison = .{
            .library = library,
            .arena = arena,
            .native = generated.native,
            .only_dependable = true,
            .random = prng.random(),
        };
        comparison.run(&generated.profile) catch |err| switch (err) {
            error.Contradiction => {
                refused += 1;
                continue;
            },
            error.UnknownArchitecture => {
                unknown += 1;
                continue;
            },
            error.NotDependable => {
                entangled += 1;
                continue;
            },
            else => {
                try out.print("seed {d} ({t}): {t}\n", .{ seed, mode, err });
                return err;
            },
        };
        total.add(comparison.outcome);
        if (comparison.mismatches.items.len == 0) continue;
        failed += 1;
        if (failed > 5) continue;
        try out.print("seed {d} ({t}, native {t}): {d} answers differ, the first is\n", .{
            seed, mode, generated.native, comparison.mismatches.items.len,
        });
        try comparison.mismatches.items[0].print(out);
    }
    try out.print(
        \\{d} random profiles from seed {d}: {d} differ
        \\  {d} answers compared, {d} of them ENOSYS; {d} names left out
        \\  {d} answers of libseccomp are none that the rules allow
        \\  not compared: {d} contradictory ones, {d} with architectures unknown to libseccomp
        \\    and {d} on which it cannot be relied
        \\
    , .{
        range.count,    range.first,  failed,
        total.compared, total.enosys, total.dropped_names,
        total.faults,   refused,      unknown,
        entangled,
    });
    return @intFromBool(failed > 0);
}

/// Every program passes the kernel's check and answers as the rules say; one
/// in a few thousand is given to the kernel.
fn fuzz(out: *Writer, range: Range) !u8 {
    const kernel_one_in = 2000;
    var longest: usize = 0;
    var too_large: u64 = 0;
    var accepted: u64 = 0;
    var arena_state: std.heap.ArenaAllocator = .init(std.heap.page_allocator);
    defer arena_state.deinit();
    for (0..range.count) |index| {
        _ = arena_state.reset(.{ .retain_with_limit = 16 << 20 });
        const arena = arena_state.allocator();
        const seed = range.first + index;
        var prng: std.Random.DefaultPrng = .init(seed);
        const big = seed % 1000 == 0;
        const generated = try random_profile.generate(arena, prng.random(), .{
            .rules = if (big) 6000 else 16,
            .names_per_rule = 8,
            .hot_names = if (big) 128 else 3,
            .pointless_one_in = if (big) 1 << 20 else 64,
        });
        const profile = &generated.profile;
        const result = seccomp.compile(
            arena,
            profile,
            .{ .native = generated.native },
        ) catch |err| switch (err) {
            error.ProgramTooLarge => {
                too_large += 1;
                continue;
            },
            else => return err,
        };
        longest = @max(longest, result.program.len);
        try seccomp.bpf.check(result.program);
        const explainer: seccomp.explain.Explainer = try .init(arena, profile, generated.native);
        for (0..16) |_| {
            const data = random_call(prng.random(), profile, result.architectures);
            const answer = try explainer.answer(&data);
            const value = seccomp.interpreter.run(
                result.program,
                &data,
                seccomp.explain.endian_of(generated.native),
            ).value;
            if (answer.value == value) continue;
            try out.print(
                "seed {d}: {any}: the program returns {x}, the rules say {x}\n",
                .{ seed, data, value, answer.value },
            );
            return 1;
        }
        if (seed % kernel_one_in != 0 and !big) continue;
        const installed = (try kernel.run(arena, result.program, &.{})).installed;
        if (installed == 0) {
            accepted += 1;
        } else {
            try out.print("seed {d}: seccomp(2) returned {d}\n", .{ seed, installed });
            return 1;
        }
    }
    try out.print("{d} random profiles from seed {d}: longest program {d} instructions, " ++
        "{d} need more than {d}; the kernel took all {d} it was given\n", .{
        range.count, range.first, longest, too_large, seccomp.bpf.max_instructions, accepted,
    });
    return 0;
}

fn random_call(
    rng: std.Random,
    profile: *const Profile,
    architectures: []const Architecture,
) seccomp.interpreter.Data {
    const architecture = architectures[rng.uintLessThan(usize, architectures.len)];
    var number: u32 = rng.int(u32) >> rng.int(u5);
    if (profile.syscalls.len > 0 and rng.uintLessThan(u32, 8) > 0) {
        const names = profile.syscalls[rng.uintLessThan(usize, profile.syscalls.len)].names;
        if (names.len > 0) {
            const name = names[rng.uintLessThan(usize, names.len)];
            number = seccomp.explain.number_of_name(architecture, name) orelse number;
        }
    }
    return .{
        .architecture = seccomp.explain.audit_token(architecture),
        .number = number,
        .arguments = random_profile.vector(rng, profile),
    };
}

/// Calls that ignore their arguments, so that any may be given.
const harmless = [_][]const u8{ "getppid", "getuid", "geteuid", "getgid", "getegid", "gettid", "getpid" };

/// Profiles that only allow or return an errno, for calls without effect: what
/// the kernel does is what the interpreter says.
fn real_kernel(out: *Writer, range: Range) !u8 {
    const native = seccomp.native;
    var made: u64 = 0;
    var arena_state: std.heap.ArenaAllocator = .init(std.heap.page_allocator);
    defer arena_state.deinit();
    for (0..range.count) |index| {
        _ = arena_state.reset(.retain_capacity);
        const arena = arena_state.allocator();
        const seed = range.first + index;
        var prng: std.Random.DefaultPrng = .init(seed);
        const rng = prng.random();
        const generated = try random_profile.generate(arena, rng, .{ .native = native, .rules = 40 });
        var profile = generated.profile;
        const rules = try arena.dupe(seccomp.profile.Rule, profile.syscalls);
        for (rules) |*rule| {
            rule.action = if (rng.boolean()) .SCMP_ACT_ALLOW else .SCMP_ACT_ERRNO;
            rule.errno_ret = rng.uintAtMost(u32, 4094);
            const names = try arena.alloc([]const u8, 1);
            names[0] = harmless[rng.uintLessThan(usize, harmless.len)];
            rule.names = names;
        }
        profile.default_action = if (rng.boolean()) .SCMP_ACT_ALLOW else .SCMP_ACT_ERRNO;
        profile.default_errno_ret = 1 + rng.uintLessThan(u32, 4000);
        profile.syscalls = rules;
        const result = try seccomp.compile(arena, &profile, .{});

        var calls: [kernel.max_calls]kernel.Call = undefined;
        for (&calls) |*call| call.* = .{
            .number = seccomp.explain.number_of_name(
                native,
                harmless[rng.uintLessThan(usize, harmless.len)],
            ).?,
            .arguments = random_profile.vector(rng, &profile),
        };
        const outcome = try kernel.run(arena, result.program, &calls);
        if (outcome.installed != 0) {
            try out.print("skip: seed {d}: seccomp(2) returned {d}\n", .{ seed, outcome.installed });
            return skip_code;
        }
        for (calls, outcome.results) |call, returned| {
            const data: seccomp.interpreter.Data = .{
                .architecture = seccomp.explain.audit_token(native),
                .number = call.number,
                .arguments = call.arguments,
            };
            const value =
                seccomp.interpreter.run(result.program, &data, seccomp.explain.endian_of(native)).value;
            const allowed = value == seccomp.profile.Action.SCMP_ACT_ALLOW.return_value(0);
            const errno: isize = @intCast(value & 0xffff);
            made += 1;
            if (if (allowed) returned >= 0 else returned == -errno) continue;
            try out.print(
                "seed {d}: {any}: the filter returns {x}, the call returned {d}\n",
                .{ seed, data, value, returned },
            );
            return 1;
        }
    }
    try out.print("{d} filters in the kernel from seed {d}: {d} calls answered as the interpreter says\n", .{
        range.count, range.first, made,
    });
    return 0;
}
