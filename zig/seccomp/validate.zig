//! What makes a profile impossible to carry out, beyond what its types say.
//! Texts that runc has for the same mistake are runc's.
//!
//! Runs in the library (process `bunc`); pure.

const std = @import("std");
const arch = @import("arch.zig");
const condition = @import("condition.zig");
const rules = @import("rules.zig");
const profile_types = @import("profile.zig");
const Profile = profile_types.Profile;

pub const Error = error{InvalidProfile};
const Text = []const u8;

/// Which part of the configuration is wrong, and how.
pub const Diagnostic = struct {
    subject_buffer: [96]u8 = undefined,
    subject_len: usize = 0,
    detail_buffer: [256]u8 = undefined,
    detail_len: usize = 0,

    /// Path in config.json.
    pub fn subject(diagnostic: *const Diagnostic) []const u8 {
        return diagnostic.subject_buffer[0..diagnostic.subject_len];
    }

    pub fn detail(diagnostic: *const Diagnostic) []const u8 {
        return diagnostic.detail_buffer[0..diagnostic.detail_len];
    }

    fn refuse(self: *Diagnostic, comptime path: Text, at: anytype, comptime text: Text, why: anytype) Error {
        self.set("linux.seccomp." ++ path, at, text, why);
        return error.InvalidProfile;
    }

    pub fn set(self: *Diagnostic, comptime path: Text, at: anytype, comptime text: Text, why: anytype) void {
        var subject_writer: std.Io.Writer = .fixed(&self.subject_buffer);
        subject_writer.print(path, at) catch {}; // cut off
        self.subject_len = subject_writer.end;
        var detail_writer: std.Io.Writer = .fixed(&self.detail_buffer);
        detail_writer.print(text, why) catch {};
        self.detail_len = detail_writer.end;
    }
};

/// Above this, libseccomp refuses SCMP_ACT_ERRNO.
const max_errno_ret = 4094;
const out_of_range = "{d} is out of range for {t}: {s}";

pub fn validate(
    profile: *const Profile,
    native: profile_types.Architecture,
    diagnostic: ?*Diagnostic,
) Error!void {
    var ignored: Diagnostic = .{};
    return check(profile, native, diagnostic orelse &ignored);
}

fn check(profile: *const Profile, native: profile_types.Architecture, diagnostic: *Diagnostic) Error!void {
    if (profile.default_action == .SCMP_ACT_NOTIFY) {
        const text = "SCMP_ACT_NOTIFY cannot be used as default action";
        return diagnostic.refuse("defaultAction", .{}, text, .{});
    }
    if (!errno_fits(profile.default_action, profile.default_errno_ret)) {
        const action = profile.default_action;
        const found = .{ profile.default_errno_ret, action, accepted(action) };
        return diagnostic.refuse("defaultErrnoRet", .{}, out_of_range, found);
    }
    for (profile.architectures, 0..) |architecture, index| {
        if (arch.traits(architecture).endian == arch.traits(native).endian) continue;
        const text = "{t} has another byte order than this machine ({t})";
        return diagnostic.refuse("architectures[{d}]", .{index}, text, .{ architecture, native });
    }
    if (profile.syscalls.len > rules.max_rules) {
        const counts = .{ profile.syscalls.len, rules.max_rules };
        return diagnostic.refuse("syscalls", .{}, "{d} rules; at most {d} are accepted", counts);
    }
    var names: usize = 0;
    for (profile.syscalls, 0..) |*rule, index| {
        try check_rule(rule, index, diagnostic);
        names += rule.names.len;
    }
    if (names > rules.max_names) {
        const counts = .{ names, rules.max_names };
        return diagnostic.refuse("syscalls", .{}, "{d} names; at most {d} are accepted", counts);
    }
}

fn check_rule(rule: *const profile_types.Rule, index: usize, diagnostic: *Diagnostic) Error!void {
    if (!errno_fits(rule.action, rule.errno_ret)) {
        const found = .{ rule.errno_ret, rule.action, accepted(rule.action) };
        return diagnostic.refuse("syscalls[{d}].errnoRet", .{index}, out_of_range, found);
    }
    for (rule.names, 0..) |name, position| {
        const problem: []const u8 = if (name.len == 0)
            "empty string is not a valid syscall"
        else if (rule.action == .SCMP_ACT_NOTIFY and std.mem.eql(u8, name, "write"))
            // The init process reports the listener with write(2): notified
            // of it, nobody would ever answer.
            "SCMP_ACT_NOTIFY cannot be used for the write syscall"
        else
            continue;
        return diagnostic.refuse("syscalls[{d}].names[{d}]", .{ index, position }, "{s}", .{problem});
    }
    for (rule.args, 0..) |argument, position| {
        if (argument.index < condition.argument_count) continue;
        const text = "syscalls only have up to 6 arguments ({d} given); 0 to 5 are accepted";
        const place = .{ index, position };
        return diagnostic.refuse("syscalls[{d}].args[{d}].index", place, text, .{argument.index});
    }
}

fn errno_fits(action: profile_types.Action, errno_ret: u32) bool {
    return switch (action) {
        .SCMP_ACT_ERRNO => errno_ret <= max_errno_ret,
        .SCMP_ACT_TRACE => errno_ret <= std.math.maxInt(u16),
        else => true,
    };
}

fn accepted(action: profile_types.Action) []const u8 {
    return if (action == .SCMP_ACT_ERRNO) "0 to 4094 is accepted" else "0 to 65535 is accepted";
}

test "every mistake has its path" {
    const testing = std.testing;
    const ok: Profile = .{
        .default_action = .SCMP_ACT_ERRNO,
        .default_errno_ret = 1,
        .architectures = &.{ .SCMP_ARCH_X86, .SCMP_ARCH_X32 },
        .flags = &.{},
        .syscalls = &.{},
    };
    const rule: profile_types.Rule = .{
        .names = &.{"read"},
        .action = .SCMP_ACT_ALLOW,
        .errno_ret = 70000,
        .args = &.{},
    };
    var cases: [7]struct { Profile, []const u8, []const u8 } = undefined;
    @memset(&cases, .{ ok, undefined, undefined });
    cases[0][0].default_action = .SCMP_ACT_NOTIFY;
    cases[0][1] = "linux.seccomp.defaultAction";
    cases[0][2] = "SCMP_ACT_NOTIFY cannot be used as default action";
    cases[1][0].default_errno_ret = 4095;
    cases[1][1] = "linux.seccomp.defaultErrnoRet";
    cases[1][2] = "4095 is out of range for SCMP_ACT_ERRNO: 0 to 4094 is accepted";
    cases[2][0].architectures = &.{ .SCMP_ARCH_X86, .SCMP_ARCH_S390X };
    cases[2][1] = "linux.seccomp.architectures[1]";
    cases[2][2] = "SCMP_ARCH_S390X has another byte order than this machine (SCMP_ARCH_X86_64)";
    var traced = rule;
    traced.action = .SCMP_ACT_TRACE;
    cases[3][0].syscalls = &.{ rule, traced };
    cases[3][1] = "linux.seccomp.syscalls[1].errnoRet";
    cases[3][2] = "70000 is out of range for SCMP_ACT_TRACE: 0 to 65535 is accepted";
    var notified = rule;
    notified.action = .SCMP_ACT_NOTIFY;
    notified.names = &.{ "read", "write" };
    cases[4][0].syscalls = &.{notified};
    cases[4][1] = "linux.seccomp.syscalls[0].names[1]";
    cases[4][2] = "SCMP_ACT_NOTIFY cannot be used for the write syscall";
    var nameless = rule;
    nameless.names = &.{""};
    cases[5][0].syscalls = &.{nameless};
    cases[5][1] = "linux.seccomp.syscalls[0].names[0]";
    cases[5][2] = "empty string is not a valid syscall";
    var seventh = rule;
    seventh.args = &.{
        .{ .index = 6, .value = .{ .value = 0 }, .value_two = .{ .value = 0 }, .op = .SCMP_CMP_EQ },
    };
    cases[6][0].syscalls = &.{seventh};
    cases[6][1] = "linux.seccomp.syscalls[0].args[0].index";
    cases[6][2] = "syscalls only have up to 6 arguments (6 given); 0 to 5 are accepted";

    for (cases) |case| {
        var diagnostic: Diagnostic = .{};
        try testing.expectError(error.InvalidProfile, validate(&case[0], .SCMP_ARCH_X86_64, &diagnostic));
        try testing.expectEqualStrings(case[1], diagnostic.subject());
        try testing.expectEqualStrings(case[2], diagnostic.detail());
    }
    var fine = ok;
    fine.syscalls = &.{rule};
    try validate(&fine, .SCMP_ARCH_X86_64, null);
}
