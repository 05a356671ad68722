//! The seccomp compiler: profile in, BPF program out. Pure: no system call, no
//! global state; everything is allocated from the caller's arena.
//!
//!   profile ─ rules.zig ──▶ what each number of each architecture gets
//!           ─ argument_tree.zig, number_tree.zig ──▶ graph.zig (shared tails)
//!           ─ emit.zig ──▶ positions, jumps within 8 bits ──▶ bpf.check
//!
//! Runs in the library (process `bunc`), once per create or exec.

const std = @import("std");
const Allocator = std.mem.Allocator;
const arch = @import("arch.zig");
const argument_tree = @import("argument_tree.zig");
const bpf = @import("bpf.zig");
const emit = @import("emit.zig");
const numbers = @import("numbers.zig");
const number_tree = @import("number_tree.zig");
const profile_types = @import("profile.zig");
const rules_types = @import("rules.zig");
const validate = @import("validate.zig");
const ArchRules = rules_types.ArchRules;
const Architecture = profile_types.Architecture;
const graph_types = @import("graph.zig");
const Graph = graph_types.Graph;
const Id = graph_types.Id;
const Profile = profile_types.Profile;

pub const Options = struct {
    /// Always part of the filter; its byte order is the program's.
    native: Architecture = arch.native,
    /// Filled in when the profile is refused.
    diagnostic: ?*validate.Diagnostic = null,
};

pub const Error = validate.Error || error{ProgramTooLarge} || Allocator.Error;

pub const Result = struct {
    /// For struct sock_fprog; has passed bpf.check.
    program: []const bpf.Instruction,
    /// For seccomp(2) with SECCOMP_SET_MODE_FILTER. SECCOMP_FILTER_FLAG_NEW_LISTENER
    /// is set if a rule notifies.
    flags: u32,
    /// Names that no architecture has. They have no effect.
    unknown_syscalls: []const rules_types.Unknown,
    /// The architectures the program knows, the native one first.
    architectures: []const Architecture,
};

pub fn compile(arena: Allocator, profile: *const Profile, options: Options) Error!Result {
    try validate.validate(profile, options.native, options.diagnostic);
    const resolved: Resolved = try .init(arena, profile, options.native);
    const program = build(arena, profile, &resolved, .tree) catch |err| switch (err) {
        error.OutOfMemory => return err,
        // Trees over arguments may be larger than tests in a row.
        error.ProgramTooLarge => build(arena, profile, &resolved, .sequence) catch |again| switch (again) {
            error.OutOfMemory => return again,
            error.ProgramTooLarge => {
                if (options.diagnostic) |it| it.set(
                    "linux.seccomp",
                    .{},
                    "the profile needs more than the {d} instructions that the kernel allows a filter; " ++
                        "use fewer rules with arguments",
                    .{bpf.max_instructions},
                );
                return again;
            },
        },
    };
    bpf.check(program) catch unreachable;
    return .{
        .program = program,
        .flags = flags_of(profile),
        .unknown_syscalls = resolved.names.unknown,
        .architectures = resolved.architectures,
    };
}

fn flags_of(profile: *const Profile) u32 {
    const FILTER_FLAG = std.os.linux.SECCOMP.FILTER_FLAG;
    var flags: u32 = 0;
    for (profile.flags) |flag| flags |= flag.bit();
    for (profile.syscalls) |rule| {
        // Even of a rule without effect, as runc does: the caller then gets a
        // listener whenever the profile asks for one.
        if (rule.action == .SCMP_ACT_NOTIFY and rule.names.len > 0) {
            flags |= FILTER_FLAG.NEW_LISTENER;
        }
    }
    // The kernel refuses it (EINVAL) where there is no listener whose answer could be waited for. libseccomp
    // leaves it out.
    if (flags & FILTER_FLAG.NEW_LISTENER == 0) {
        flags &= ~profile_types.Flag.SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV.bit();
    }
    return flags;
}

/// The profile with names looked up, grouped by audit token.
pub const Resolved = struct {
    names: rules_types.Names,
    architectures: []const Architecture,
    groups: []const numbers.Group,

    pub fn init(arena: Allocator, profile: *const Profile, native: Architecture) Allocator.Error!Resolved {
        const names: rules_types.Names = try .resolve(arena, profile);
        const architectures = try architectures_of(arena, profile, native);
        const groups = try arena.alloc(numbers.Group, architectures.len);
        var count: usize = 0;
        for (architectures) |architecture| {
            if (architecture == .SCMP_ARCH_X32 and contains(architectures, .SCMP_ARCH_X86_64)) continue;
            const with_x32 = architecture == .SCMP_ARCH_X86_64 and contains(architectures, .SCMP_ARCH_X32);
            var group: numbers.Group = .{
                .architectures = .{ architecture, .SCMP_ARCH_X32 },
                .rules = undefined,
                .count = if (with_x32) 2 else 1,
                .enosys = numbers.enosys_rule_applies(profile.default_action),
            };
            for (0..group.count) |member| {
                const rules = try arena.create(ArchRules);
                try rules.build(arena, profile, &names, group.architectures[member]);
                group.rules[member] = rules;
            }
            groups[count] = group;
            count += 1;
        }
        return .{ .names = names, .architectures = architectures, .groups = groups[0..count] };
    }
};

fn architectures_of(
    arena: Allocator,
    profile: *const Profile,
    native: Architecture,
) Allocator.Error![]const Architecture {
    const list = try arena.alloc(Architecture, profile.architectures.len + 1);
    list[0] = native;
    var count: usize = 1;
    for (profile.architectures) |architecture| {
        if (contains(list[0..count], architecture)) continue;
        list[count] = architecture;
        count += 1;
    }
    return list[0..count];
}

fn contains(list: []const Architecture, wanted: Architecture) bool {
    return std.mem.indexOfScalar(Architecture, list, wanted) != null;
}

const BuildError = error{ProgramTooLarge} || Allocator.Error;

fn build(
    arena: Allocator,
    profile: *const Profile,
    resolved: *const Resolved,
    strategy: argument_tree.Strategy,
) BuildError![]const bpf.Instruction {
    var graph: Graph = try .init(arena);
    var root = try graph.ret(numbers.bad_architecture_value);
    var index = resolved.groups.len;
    while (index > 0) {
        index -= 1;
        const group = &resolved.groups[index];
        var ranges: number_tree.Ranges = .{ .arena = arena };
        try group.for_each(Translator{
            .graph = &graph,
            .ranges = &ranges,
            .group = group,
            .default_value = profile.default_action.return_value(profile.default_errno_ret),
            .strategy = strategy,
        });
        const tree = try number_tree.build(&graph, ranges.list.items);
        const start = try graph.load(bpf.offset_number, tree);
        root = try graph.jump(.equal, group.audit_token(), start, root);
    }
    return emit.emit(arena, &graph, try graph.load(bpf.offset_architecture, root));
}

/// Makes graph nodes of treatments.
const Translator = struct {
    graph: *Graph,
    ranges: *number_tree.Ranges,
    group: *const numbers.Group,
    default_value: u32,
    strategy: argument_tree.Strategy,

    pub fn from(translator: Translator, first: u32, treatment: numbers.Treatment) Allocator.Error!void {
        try translator.ranges.from(first, try translator.node(treatment));
    }

    fn node(translator: Translator, treatment: numbers.Treatment) Allocator.Error!Id {
        const graph = translator.graph;
        const rule = switch (treatment) {
            .default => return graph.ret(translator.default_value),
            .enosys => return graph.ret(numbers.enosys_value),
            .bad_architecture => return graph.ret(numbers.bad_architecture_value),
            .rule => |it| it,
        };
        switch (try translator.group.rules[rule.member].decision(graph.arena, rule.slot)) {
            .default => return graph.ret(translator.default_value),
            .always => |it| return graph.ret(it.action),
            .conditional => |alternatives| return argument_tree.build(
                graph,
                alternatives,
                translator.default_value,
                arch.traits(translator.group.architectures[rule.member]).endian,
                translator.strategy,
            ),
        }
    }
};

test "flags, architectures, and a profile that is too large" {
    const testing = std.testing;
    var arena_state: std.heap.ArenaAllocator = .init(testing.allocator);
    defer arena_state.deinit();
    const arena = arena_state.allocator();
    var profile: Profile = .{
        .default_action = .SCMP_ACT_ERRNO,
        .default_errno_ret = 1,
        .architectures = &.{ .SCMP_ARCH_X32, .SCMP_ARCH_X86, .SCMP_ARCH_X86_64, .SCMP_ARCH_X86 },
        .flags = &.{
            .SECCOMP_FILTER_FLAG_TSYNC,
            .SECCOMP_FILTER_FLAG_LOG,
            .SECCOMP_FILTER_FLAG_SPEC_ALLOW,
            .SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV,
        },
        .syscalls = &.{},
    };
    const empty = try compile(arena, &profile, .{ .native = .SCMP_ARCH_X86_64 });
    try testing.expectEqual(0x6, empty.flags);
    try testing.expectEqualSlices(
        Architecture,
        &.{ .SCMP_ARCH_X86_64, .SCMP_ARCH_X32, .SCMP_ARCH_X86 },
        empty.architectures,
    );

    profile.syscalls = &.{
        .{ .names = &.{"mkdir"}, .action = .SCMP_ACT_NOTIFY, .errno_ret = 1, .args = &.{} },
    };
    try testing.expectEqual(0x2e, (try compile(arena, &profile, .{ .native = .SCMP_ARCH_X86_64 })).flags);
    profile.flags = &.{};
    try testing.expectEqual(0x8, (try compile(arena, &profile, .{ .native = .SCMP_ARCH_X86_64 })).flags);

    const rules = try arena.alloc(profile_types.Rule, 3000);
    for (rules, 0..) |*rule, index| {
        const arguments = try arena.alloc(profile_types.Argument, 1);
        arguments[0] = .{
            .index = 1,
            .value = .{ .value = index * 7 },
            .value_two = .{ .value = 0 },
            .op = .SCMP_CMP_EQ,
        };
        rule.* = .{
            .names = &.{"ioctl"},
            .action = .SCMP_ACT_ERRNO,
            .errno_ret = @intCast(2 + index),
            .args = arguments,
        };
    }
    profile.syscalls = rules;
    var diagnostic: validate.Diagnostic = .{};
    try testing.expectError(error.ProgramTooLarge, compile(arena, &profile, .{ .diagnostic = &diagnostic }));
    try testing.expectEqualStrings("linux.seccomp", diagnostic.subject());
    try testing.expect(std.mem.find(u8, diagnostic.detail(), "4096 instructions") != null);
}
