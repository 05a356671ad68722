//! What Bun takes from libstdc++, so that dist/bunc needs no library: about forty functions, exported under
//! their mangled names with the layouts of GCC's ABI. Linked with musl and the core (build.zig);
//! build/link.ts joins Bun's imports to it. Which names those are is read from Bun's own table
//! (build/linker-script.ts): one that is missing here fails the build. Beside them, functions of libc of
//! which Bun gets ours. Sources: Itanium C++ ABI, libstdc++'s headers as far as they are inlined into Bun.

/// std's own start code is left out where the root has this.
pub const _start = {};
pub const panic = @import("std").debug.no_panic;

comptime {
    _ = @import("cxx/condition_variable.zig");
    _ = @import("cxx/dynamic_cast.zig");
    _ = @import("cxx/hash.zig");
    _ = @import("cxx/libc.zig");
    _ = @import("cxx/list.zig");
    _ = @import("cxx/once.zig");
    _ = @import("cxx/recording.zig");
    _ = @import("cxx/static_guard.zig");
    _ = @import("cxx/terminate.zig");
    _ = @import("cxx/tree.zig");
}
