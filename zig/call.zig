//! One call across the boundary: its memory, and its way to fail. Runs in the bunc process.
//!
//! Every call has the same shape (lib.zig): JSON bytes of a request in, JSON bytes of a reply or of a
//! Failure out. A call is a function `fn (call: *Call, request: Request) Call.Error!Reply`; decoding and
//! encoding are derived from its types, and so are the TypeScript types (codegen.zig).

const std = @import("std");
const sys = @import("sys.zig");
const Code = @import("failure.zig").Code;
pub const Failure = @import("failure.zig").Failure;

pub const Call = struct {
    /// Everything a call allocates; freed when it returns.
    arena: std.mem.Allocator,
    /// Set when a call returns `error.Failed`.
    failure: ?Failure = null,

    pub const Failed = error{Failed};
    pub const Error = Failed || error{OutOfMemory};

    /// A system call failed: records `op` on `target` with `sys.backend.errno`.
    pub fn fail(self: *Call, op: []const u8, target: []const u8) Failed {
        return self.fail_as(.system, op, target, "");
    }

    /// The same, for a config path that asked for it.
    pub fn fail_on(self: *Call, subject: []const u8, op: []const u8, target: []const u8) Failed {
        const failed = self.fail(op, target);
        self.failure.?.subject = self.keep(subject);
        return failed;
    }

    /// The same with more for a person.
    pub fn fail_as(self: *Call, code: Code, op: []const u8, target: []const u8, detail: []const u8) Failed {
        const errno = if (code == .system) sys.errno_number() else 0;
        const record: Failure =
            .{ .code = code, .stage = .parent, .op = op, .errno = errno, .target = target, .detail = detail };
        return self.fail_with(record);
    }

    /// A record made elsewhere (bunc-init's own).
    pub fn fail_with(self: *Call, record: Failure) Failed {
        std.debug.assert(self.failure == null);
        // The texts may point into a buffer of the caller's: the arena lives until the reply is written.
        var kept = record;
        for ([_]*[]const u8{ &kept.op, &kept.subject, &kept.target, &kept.detail }) |text| {
            text.* = self.keep(text.*);
        }
        self.failure = kept;
        return error.Failed;
    }

    fn keep(self: *Call, text: []const u8) []const u8 {
        return self.arena.dupe(u8, text) catch "";
    }
};
