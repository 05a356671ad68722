//! What the build puts into the executable beside Bun: the entry stub (entry.zig) and the core with its one
//! call (lib.zig). Linked with what Bun needs of libc and libstdc++ (cxx.zig) at a fixed address; see
//! build/link.ts.

const entry = @import("entry.zig");
const lib = @import("lib.zig");

pub const panic = lib.panic;

comptime {
    _ = &entry.bunc_start;
    _ = lib;
}
