//! Seccomp: from a resolved profile to the BPF program for seccomp(2), and the reasons for its answers. Pure:
//! no system call; init/seccomp.zig installs the program. Runs in the library (process `bunc`).

pub const profile = @import("seccomp/profile.zig");
pub const Profile = profile.Profile;

pub const bpf = @import("seccomp/bpf.zig");
pub const interpreter = @import("seccomp/interpreter.zig");
pub const explain = @import("seccomp/explain.zig");
pub const rules = @import("seccomp/rules.zig");
pub const syscall_table = @import("seccomp/syscall_table.zig");

/// The architecture this binary is built for.
pub const native = @import("seccomp/arch.zig").native;

const compiler = @import("seccomp/compile.zig");
pub const compile = compiler.compile;
pub const Diagnostic = @import("seccomp/validate.zig").Diagnostic;

test {
    _ = profile;
    _ = bpf;
    _ = interpreter;
    _ = explain;
    _ = compiler;
    _ = @import("seccomp/arch.zig");
    _ = @import("seccomp/argument_tree.zig");
    _ = @import("seccomp/condition.zig");
    _ = @import("seccomp/emit.zig");
    _ = @import("seccomp/explain_call.zig");
    _ = @import("seccomp/graph.zig");
    _ = @import("seccomp/multiplex.zig");
    _ = @import("seccomp/number_tree.zig");
    _ = @import("seccomp/numbers.zig");
    _ = @import("seccomp/precedence.zig");
    _ = rules;
    _ = syscall_table;
    _ = @import("seccomp/validate.zig");
}
