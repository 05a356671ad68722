//! Root of bunc-init, so that its files can import what they share with the library. See init/main.zig.

const main_file = @import("init/main.zig");
pub const main = main_file.main;
pub const panic = main_file.panic;
