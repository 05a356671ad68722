//! Our program against libseccomp's, for one profile: the same answer for
//! every system call number of every architecture, with sampled arguments.
//! The one intended difference, runc's ENOSYS rule, is added to libseccomp's
//! answer from libseccomp's own tables, independently of ours. Test only.

const std = @import("std");
const seccomp = @import("seccomp");
const libseccomp = @import("libseccomp.zig");
const random_profile = @import("random_profile.zig");
const Architecture = seccomp.profile.Architecture;
const Data = seccomp.interpreter.Data;
const Profile = seccomp.Profile;

pub const Mismatch = struct {
    data: Data,
    ours: u32,
    theirs: u32,
    decision: seccomp.rules.Decision,

    pub fn print(mismatch: *const Mismatch, out: *std.Io.Writer) !void {
        try out.print("  architecture {x} number {x} arguments {any}: ours {x:0>8}, libseccomp {x:0>8}\n", .{
            mismatch.data.architecture, mismatch.data.number, @as([]const u64, &mismatch.data.arguments),
            mismatch.ours,              mismatch.theirs,
        });
        switch (mismatch.decision) {
            .conditional => |alternatives| for (alternatives) |alternative| {
                try out.print("    rule {d} returns {x:0>8}:", .{ alternative.rule, alternative.action });
                for (alternative.conditions) |condition| try out.print(" a{d} {t} {x} mask {x};", .{
                    condition.argument, condition.operator, condition.value, condition.mask,
                });
                try out.print("\n", .{});
            },
            else => try out.print("    {any}\n", .{mismatch.decision}),
        }
    }
};

pub const Outcome = struct {
    /// Answers compared, and how many of them were the ENOSYS rule's.
    compared: u64 = 0,
    enosys: u64 = 0,
    /// Names that this libseccomp does not know, or knows otherwise.
    dropped_names: u64 = 0,
    /// Answers of libseccomp that no reading of the rules allows: a fault of
    /// its own. Not among the mismatches.
    faults: u64 = 0,

    pub fn add(outcome: *Outcome, other: Outcome) void {
        inline for (@typeInfo(Outcome).@"struct".fields) |field| {
            @field(outcome, field.name) += @field(other, field.name);
        }
    }
};

/// Whether libseccomp 2.5 can be asked about the rules of one call, and an
/// answer other than ours be more than a fault of it (README.md says what goes
/// wrong else, up to a loop without end):
/// - there is no more than one conditional rule,
/// - or all conditions are EQ or MASKED_EQ,
/// - or all rules have one condition each, one action, one high word.
fn is_dependable(decision: seccomp.rules.Decision) bool {
    const alternatives = switch (decision) {
        .default, .always => return true,
        .conditional => |it| it,
    };
    if (alternatives.len == 1) return true;
    const first = alternatives[0];
    var equalities = true;
    var uniform = true;
    for (alternatives) |alternative| {
        if (alternative.conditions.len > 1 or alternative.action != first.action) uniform = false;
        for (alternative.conditions) |condition| {
            switch (condition.operator) {
                .SCMP_CMP_EQ, .SCMP_CMP_MASKED_EQ => {},
                else => equalities = false,
            }
            if (condition.mask != first.conditions[0].mask or
                condition.value >> 32 != first.conditions[0].value >> 32) uniform = false;
        }
    }
    return equalities or uniform;
}

pub const Comparison = struct {
    library: *const libseccomp.Library,
    arena: std.mem.Allocator,
    native: Architecture,
    /// Calls with conditions are asked with this many argument vectors.
    vectors: usize = 24,
    /// A walk (1) puts equal blocks of two architectures together and loses the
    /// load of the number in one; runc uses the tree (2) from 33 rules on.
    optimize: u32 = 2,
    /// Leave profiles alone on which libseccomp cannot be relied.
    only_dependable: bool = false,
    random: std.Random,
    outcome: Outcome = .{},
    mismatches: std.ArrayList(Mismatch) = .empty,

    /// What differs is left in `mismatches`.
    pub fn run(comparison: *Comparison, given: *const Profile) !void {
        const arena = comparison.arena;
        const profile = try comparison.without_unknown(given);
        const ours = try seccomp.compile(arena, &profile, .{ .native = comparison.native });
        const explainer: seccomp.explain.Explainer = try .init(arena, &profile, comparison.native);
        if (comparison.only_dependable and !try all_dependable(&explainer, ours.architectures)) {
            return error.NotDependable;
        }
        const theirs = try libseccomp.build(comparison.library, arena, &profile, .{
            .native = comparison.native,
            .optimize = comparison.optimize,
        });
        const endian = seccomp.explain.endian_of(comparison.native);
        const stub: Stub = try .init(comparison.library, arena, &profile, ours.architectures);

        var numbers: std.ArrayList(u32) = .empty;
        for (std.enums.values(Architecture)) |architecture| {
            const audit = seccomp.explain.audit_token(architecture);
            const member = std.mem.indexOfScalar(Architecture, ours.architectures, architecture) != null;
            // An architecture outside the filter is asked about a few numbers.
            numbers.clearRetainingCapacity();
            try numbers_of(arena, &numbers, architecture, if (member) number_count else 3);
            for (numbers.items) |number| {
                var data: Data = .{ .number = number, .architecture = audit };
                const decision = try explainer.decision(&data);
                const rounds = if (decision == .conditional) comparison.vectors else 1;
                for (0..rounds) |_| {
                    data.arguments = random_profile.vector(comparison.random, &profile);
                    const answer = seccomp.interpreter.run(ours.program, &data, endian).value;
                    const explained = try explainer.answer(&data);
                    if (explained.value != answer) return error.ExplainerDisagrees;
                    const expected = if (stub.applies(&data)) blk: {
                        comparison.outcome.enosys += 1;
                        break :blk Stub.value;
                    } else seccomp.interpreter.run(theirs, &data, endian).value;
                    comparison.outcome.compared += 1;
                    if (expected == answer) continue;
                    if (!is_possible(decision, &data, expected, &profile)) {
                        comparison.outcome.faults += 1;
                        continue;
                    }
                    try comparison.mismatches.append(arena, .{
                        .data = data,
                        .ours = answer,
                        .theirs = expected,
                        .decision = decision,
                    });
                }
            }
        }
    }

    /// An older libseccomp knows fewer calls. Names that it does not know, or
    /// for which it has no number where we have one, are left out.
    fn without_unknown(comparison: *Comparison, given: *const Profile) !Profile {
        const arena = comparison.arena;
        var result = given.*;
        const rules = try arena.dupe(seccomp.profile.Rule, given.syscalls);
        for (rules) |*rule| {
            var names: std.ArrayList([]const u8) = .empty;
            for (rule.names) |name| {
                if (try comparison.agrees(name, given.architectures)) {
                    try names.append(arena, name);
                } else comparison.outcome.dropped_names += 1;
            }
            rule.names = names.items;
        }
        result.syscalls = rules;
        return result;
    }

    fn agrees(comparison: *const Comparison, name: []const u8, architectures: []const Architecture) !bool {
        if (!try comparison.agrees_on(name, comparison.native)) return false;
        for (architectures) |architecture| if (!try comparison.agrees_on(name, architecture)) return false;
        return true;
    }

    fn agrees_on(comparison: *const Comparison, name: []const u8, architecture: Architecture) !bool {
        const library = comparison.library;
        const terminated = try comparison.arena.dupeZ(u8, name);
        if (!library.is_unambiguous(terminated)) return false;
        const ours = seccomp.explain.number_of_name(architecture, name);
        if (seccomp.explain.is_multiplexed(architecture, name)) {
            return if (ours) |number| library.has_name(architecture, number, name) else true;
        }
        if (!library.knows(terminated)) return seccomp.syscall_table.find(name) == null;
        return ours == library.number(architecture, terminated);
    }
};

/// Whether some order of the rules gives this value: it is that of a rule that
/// matches, or the default if none does.
fn is_possible(
    decision: seccomp.rules.Decision,
    data: *const Data,
    value: u32,
    profile: *const Profile,
) bool {
    // Nothing but the answer itself can be right without conditions.
    const alternatives = switch (decision) {
        .default, .always => return true,
        .conditional => |it| it,
    };
    var any = false;
    next: for (alternatives) |alternative| {
        for (alternative.conditions) |condition| if (!condition.matches(data.arguments)) continue :next;
        if (alternative.action == value) return true;
        any = true;
    }
    return !any and value == profile.default_action.return_value(profile.default_errno_ret);
}

fn all_dependable(explainer: *const seccomp.explain.Explainer, architectures: []const Architecture) !bool {
    var numbers: std.ArrayList(u32) = .empty;
    for (architectures) |architecture| {
        numbers.clearRetainingCapacity();
        try numbers_of(explainer.arena, &numbers, architecture, number_count);
        for (numbers.items) |number| {
            const data: Data =
                .{ .number = number, .architecture = seccomp.explain.audit_token(architecture) };
            if (!is_dependable(try explainer.decision(&data))) return false;
        }
    }
    return true;
}

/// All calls of an architecture, and some more, are among so many numbers.
const number_count = 560;

/// Numbers around the calls of an architecture, and at the borders.
fn numbers_of(
    arena: std.mem.Allocator,
    list: *std.ArrayList(u32),
    architecture: Architecture,
    count: u32,
) !void {
    const base = (seccomp.explain.number_of_name(architecture, "read") orelse 0) & ~@as(u32, 0xfff) |
        switch (architecture) {
            .SCMP_ARCH_MIPS, .SCMP_ARCH_MIPSEL => @as(u32, 4000 & 0xfff),
            .SCMP_ARCH_MIPS64, .SCMP_ARCH_MIPSEL64 => 5000 & 0xfff,
            .SCMP_ARCH_MIPS64N32, .SCMP_ARCH_MIPSEL64N32 => 6000 & 0xfff,
            else => 0,
        };
    for (0..count) |offset| try list.append(arena, base + @as(u32, @intCast(offset)));
    const borders = [_]u32{
        0,           1,           3999,        0x3ff,       0xfffff,     0x3fff_ffff, 0x4000_0000,
        0x4000_0500, 0x7fff_ffff, 0x8000_0000, 0xbfff_ffff, 0xc000_0000, 0xffff_fffe, 0xffff_ffff,
    };
    try list.appendSlice(arena, &borders);
    if (architecture == .SCMP_ARCH_ARM) {
        for (0..9) |offset| try list.append(arena, 0xf_0000 + @as(u32, @intCast(offset)));
    }
}

/// runc's ENOSYS stub (libcontainer/seccomp/patchbpf) as a predicate, over
/// libseccomp's numbers.
const Stub = struct {
    active: bool,
    /// The largest number that the profile names, by architecture.
    last: std.EnumMap(Architecture, u32),

    const value: u32 = 0x0005_0000 | 38;

    fn init(
        library: *const libseccomp.Library,
        arena: std.mem.Allocator,
        profile: *const Profile,
        architectures: []const Architecture,
    ) !Stub {
        var stub: Stub = .{
            .active = switch (profile.default_action) {
                .SCMP_ACT_ALLOW, .SCMP_ACT_LOG, .SCMP_ACT_TRACE => false,
                else => true,
            },
            .last = .init(.{}),
        };
        for (profile.syscalls) |rule| for (rule.names) |name| {
            const terminated = try arena.dupeZ(u8, name);
            for (architectures) |architecture| {
                const number = library.number(architecture, terminated) orelse continue;
                if (number > stub.last.get(architecture) orelse 0) stub.last.put(architecture, number);
            }
        };
        return stub;
    }

    fn applies(stub: *const Stub, data: *const Data) bool {
        if (!stub.active) return false;
        for (std.enums.values(Architecture)) |architecture| {
            const last = stub.last.get(architecture) orelse continue;
            if (seccomp.explain.audit_token(architecture) != data.architecture) continue;
            const x32_bit = data.number & 0x4000_0000 != 0;
            switch (architecture) {
                .SCMP_ARCH_X86_64 => if (x32_bit) continue,
                .SCMP_ARCH_X32 => if (!x32_bit) continue,
                .SCMP_ARCH_S390, .SCMP_ARCH_S390X => if (data.number == 0) return true,
                else => {},
            }
            if (data.number > last) return true;
        }
        return false;
    }
};
