//! The compiler as a call of the library: profile in, program for the plan out. Runs in the bunc process.

const std = @import("std");
const bpf = @import("bpf.zig");
const compiler = @import("compile.zig");
const validate = @import("validate.zig");
const Profile = @import("profile.zig").Profile;
const Call = @import("../call.zig").Call;

pub const SeccompCompileRequest = struct { profile: Profile };

pub const SeccompCompileReply = struct {
    /// For plan.Seccomp.program: base64 of struct sock_filter.
    program: []const u8,
    flags: u32,
    instructions: u32,
    /// System call names that no architecture of the profile has; they have no effect.
    unknown_syscalls: []const []const u8,
};

pub fn seccomp_compile(call: *Call, request: SeccompCompileRequest) Call.Error!SeccompCompileReply {
    const result = try compile(call, &request.profile);
    const bytes = std.mem.sliceAsBytes(result.program);
    const encoder = std.base64.standard.Encoder;
    const text = try call.arena.alloc(u8, encoder.calcSize(bytes.len));
    const unknown = try call.arena.alloc([]const u8, result.unknown_syscalls.len);
    for (unknown, result.unknown_syscalls) |*name, item| name.* = item.name;
    return .{
        .program = encoder.encode(text, bytes),
        .flags = result.flags,
        .instructions = @intCast(result.program.len),
        .unknown_syscalls = unknown,
    };
}

/// A profile that cannot be carried out is a Failure whose subject is the config path and whose detail is the
/// text.
pub fn compile(call: *Call, profile: *const Profile) Call.Error!compiler.Result {
    var diagnostic: validate.Diagnostic = .{};
    return compiler.compile(call.arena, profile, .{ .diagnostic = &diagnostic }) catch |err| switch (err) {
        error.OutOfMemory => return error.OutOfMemory,
        error.InvalidProfile, error.ProgramTooLarge => return call.fail_with(.{
            .code = .limit,
            .stage = .library,
            .op = "seccomp",
            .subject = diagnostic.subject(),
            .detail = diagnostic.detail(),
        }),
    };
}
