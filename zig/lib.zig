//! The exports of the core, nothing else. Called by src/native/library.ts.

const std = @import("std");
const dispatch = @import("dispatch.zig");
const abi = @import("abi.zig");

/// A number that changes when any boundary type changes: the loader compares it with its own.
pub export fn bunc_abi() u32 {
    return abi.fingerprint;
}

/// One call: `in` and `out` belong to the caller and are used during the call only.
/// Returns the length of the reply, or minus the length of a Failure.
pub export fn bunc_call(id: u32, in: [*]const u8, in_length: u32, out: [*]u8, out_capacity: u32) i32 {
    return dispatch.dispatch(id, in[0..in_length], out[0..out_capacity]);
}

/// A broken invariant ends the process with a line that says where; no stack unwinding in a library.
pub const panic = std.debug.FullPanic(panicked);

fn panicked(message: []const u8, address: ?usize) noreturn {
    _ = address;
    const sys = @import("sys.zig");
    sys.write_all(2, "bunc: internal error: ") catch {};
    sys.write_all(2, message) catch {};
    sys.write_all(2, "\n") catch {};
    sys.exit(2);
}
