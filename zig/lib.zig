//! The exports of the core, nothing else. Called by src/native/library.ts.

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

pub const panic = @import("panic.zig").panic;
