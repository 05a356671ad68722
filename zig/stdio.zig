//! The part of the Plan (plan.zig) that is about the standard streams and other inherited descriptors.

pub const Stdio = struct {
    /// Allocate a pseudo-terminal in the container and make it the controlling terminal.
    terminal: bool,
    /// Terminal size in characters; 0: left as the kernel makes it.
    rows: u16,
    columns: u16,
    /// fds 3 .. 3+n-1 of the caller that the process inherits under the same numbers.
    preserve_fds: u32,
    streams: Streams,
    /// Who owns the terminal, and the pipes among the streams that are given or relayed, so that the process
    /// can open them again: a user of its user namespace.
    owner_uid: u32,
};

/// Where standard input, output and error come from, where no terminal takes their place.
pub const Streams = struct { stdin: Stream, stdout: Stream, stderr: Stream };

pub const Stream = enum {
    /// The caller's own.
    kept,
    /// The caller's own; a pipe gets `Stdio.owner_uid` as its owner.
    given,
    /// A pipe of ours (`make_streams`), carried on from or to the caller's (`supervise`).
    relayed,
    /// The same pipe as standard output: they are one for the caller too, and stay in order. Of `stderr`
    /// only.
    with_stdout,
};
