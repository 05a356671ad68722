//! CRIU in a rehearsal: it answers each message of the bunc process with the next of its given answers
//! (parent/criu.zig, test/contract/criu-scenarios.ts).

const std = @import("std");
const host_types = @import("host.zig");
const children = @import("children.zig");
const passing = @import("passing.zig");
const Host = host_types.Host;

pub const Answer = struct {
    /// base64 of a criu_resp.
    message: []const u8,
    /// The process that it has restored at that point, a child of the bunc process; null if none.
    restored: ?i32 = null,
    /// The name of a descriptor that is passed with it; "" for none.
    passes: []const u8 = "",
};

pub const Session = struct {
    pid: i32,
    channel: u32,
    answers: []const Answer,
    at: usize = 0,
    /// Messages from the bunc process that are not answered yet.
    heard: usize = 0,

    /// It has given all of its answers.
    pub fn is_done(self: *const Session) bool {
        return self.at == self.answers.len;
    }
};

/// execve(2) of criu(8), with the socket as descriptor 3.
pub fn begin(host: *Host, process: *const children.Process) void {
    if (host.criu_answers.len == 0) @panic("no answers of CRIU were given");
    host.criu = .{
        .pid = process.pid,
        .channel = host.at(.execve, 3).channel,
        .answers = host.criu_answers[0],
    };
    host.criu_answers = host.criu_answers[1..];
}

/// recvmsg(2) of an answer: the length, 0 if CRIU has exited.
pub fn receive(host: *Host, session: *Session, header: *passing.Header, room: []u8) usize {
    const process = host.children.find(session.pid) orelse return 0;
    if (process.state != .running) return 0;
    if (session.heard == 0 or session.is_done()) host.get_stuck("recvmsg: CRIU waits too");
    session.heard -= 1;
    const answer = session.answers[session.at];
    session.at += 1;
    if (answer.restored) |pid| restore(host, pid, process);
    if (answer.passes.len > 0) {
        passing.pass(host, header, host_types.Descriptor{ .kind = .passed, .path = answer.passes });
    }
    const decoder = std.base64.standard.Decoder;
    const size = decoder.calcSizeForSlice(answer.message) catch @panic("not base64");
    decoder.decode(room[0..size], answer.message) catch @panic("not base64");
    return size;
}

/// It starts in CRIU's cgroups (CLONE_PARENT).
fn restore(host: *Host, pid: i32, criu: *const children.Process) void {
    if (host.children.find(pid) != null) return;
    const made = host.children.make_with(pid);
    made.has_program = true;
    made.cgroups = criu.cgroups.clone(host.arena) catch @panic("no memory");
}
