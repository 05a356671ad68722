//! One call across the boundary: its memory, and its way to fail. Runs in the bunc process.
//!
//! Every call has the same shape (lib.zig): JSON bytes of a request in, JSON bytes of a reply or of a
//! Failure out. A call is a function `fn (call: *Call, request: Request) Call.Error!Reply`; decoding and
//! encoding are derived from its types, and so are the TypeScript types (codegen.zig).

const std = @import("std");
const sys = @import("sys.zig");
const failure = @import("failure.zig");
pub const Failure = failure.Failure;

pub const Call = struct {
    /// Everything a call allocates; freed when it returns.
    arena: std.mem.Allocator,
    /// Set when a call returns `error.Failed`.
    failure: ?Failure = null,

    pub const Error = error{ Failed, OutOfMemory };

    /// A system call failed: records `op` on `target` with `sys.backend.errno`.
    pub fn fail(self: *Call, op: []const u8, target: []const u8) error{Failed} {
        return self.fail_as(.system, op, target, "");
    }

    /// The same with more for a person.
    pub fn fail_as(
        self: *Call,
        code: failure.Code,
        op: []const u8,
        target: []const u8,
        detail: []const u8,
    ) error{Failed} {
        return self.fail_with(.{
            .code = code,
            .stage = .parent,
            .op = op,
            .errno = if (code == .system) sys.errno_number() else 0,
            .subject = "",
            .target = target,
            .detail = detail,
        });
    }

    /// A record made elsewhere (bunc-init's own).
    pub fn fail_with(self: *Call, record: Failure) error{Failed} {
        std.debug.assert(self.failure == null);
        // The texts may point into a buffer of the caller's: the arena lives until the reply is written.
        self.failure = .{
            .code = record.code,
            .stage = record.stage,
            .op = self.keep(record.op),
            .errno = record.errno,
            .subject = self.keep(record.subject),
            .target = self.keep(record.target),
            .detail = self.keep(record.detail),
        };
        return error.Failed;
    }

    fn keep(self: *Call, text: []const u8) []const u8 {
        return self.arena.dupe(u8, text) catch "";
    }
};
