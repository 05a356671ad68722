//! What the build puts into the executable beside Bun: the entry stub (entry.zig) and the core with its one call
//! (lib.zig), linked together at a fixed address. See build/link-core.ts.

const entry = @import("entry.zig");
const lib = @import("lib.zig");

/// std's own start code is left out where the root has this.
pub const _start = entry._start;
pub const panic = lib.panic;

comptime {
    _ = &entry._start;
    _ = &entry.links;
    _ = lib;
}
