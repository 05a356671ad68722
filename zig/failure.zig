//! The one error record that leaves the core: what was tried, on what, for which config path, and errno.
//!
//! bunc-init sends it over its channel (at most `size_max` bytes: one atomic message), libbunc returns it
//! as JSON; TypeScript turns it into text (src/failure/errors.ts). Used in every process of the core.

const std = @import("std");

/// What kind of failure, for callers that act on it; the text is for people.
pub const Code = enum {
    /// A system call failed: `errno` says how.
    system,
    /// The request is not what the boundary promises: a bug in bunc.
    protocol,
    /// The process ended before it reported anything: `target` is its pid, `detail` says how.
    died,
    /// A file in the container's root is not what it must be (a hostile or broken image).
    unsafe_path,
    /// The executable of process.args[0] is not there, or is not executable.
    executable,
    /// A hook failed or ran out of its time.
    hook,
    /// A bound of the core was exceeded (too many steps, too long a path).
    limit,
    /// Another program did not answer in time.
    timeout,
};

/// In which process it happened. docs/ARCHITECTURE.md has the diagram.
pub const Stage = enum { library, parent, join, init };

pub const size_max = 4096;

pub const Failure = struct {
    code: Code,
    stage: Stage,
    /// The system call or operation: "move_mount".
    op: []const u8,
    /// Linux errno number; 0: none.
    errno: u16 = 0,
    /// The config path that asked for it: "mounts[3]".
    subject: []const u8 = "",
    /// What it was tried on: a path, a name.
    target: []const u8 = "",
    /// More, for a person: the file system's own words, an exit status.
    detail: []const u8 = "",
};
