//! `linux.seccomp` of the OCI runtime-spec as JSON, resolved to a Profile as
//! the runtime resolves it. Test only: the runtime does this in TypeScript.

const std = @import("std");
const seccomp = @import("seccomp");
const profile_types = seccomp.profile;

const Oci = struct {
    defaultAction: profile_types.Action,
    defaultErrnoRet: u32 = 1,
    architectures: []const profile_types.Architecture = &.{},
    flags: []const profile_types.Flag = &.{.SECCOMP_FILTER_FLAG_SPEC_ALLOW},
    syscalls: []const Rule = &.{},

    const Rule = struct {
        names: []const []const u8,
        action: profile_types.Action,
        errnoRet: u32 = 1,
        args: []const Argument = &.{},
    };

    const Argument = struct {
        index: u32,
        value: u64,
        valueTwo: u64 = 0,
        op: profile_types.Operator,
    };
};

pub fn parse(arena: std.mem.Allocator, text: []const u8) !seccomp.Profile {
    const oci = try std.json.parseFromSliceLeaky(Oci, arena, text, .{});
    const rules = try arena.alloc(profile_types.Rule, oci.syscalls.len);
    for (oci.syscalls, rules) |source, *rule| {
        const arguments = try arena.alloc(profile_types.Argument, source.args.len);
        for (source.args, arguments) |argument, *target| target.* = .{
            .index = argument.index,
            .value = .{ .value = argument.value },
            .value_two = .{ .value = argument.valueTwo },
            .op = argument.op,
        };
        rule.* = .{
            .names = source.names,
            .action = source.action,
            .errno_ret = source.errnoRet,
            .args = arguments,
        };
    }
    return .{
        .default_action = oci.defaultAction,
        .default_errno_ret = oci.defaultErrnoRet,
        .architectures = oci.architectures,
        .flags = oci.flags,
        .syscalls = rules,
    };
}
