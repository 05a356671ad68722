//! The conditions that must hold after a rehearsal in which one call failed.

const std = @import("std");
const sys = @import("../sys.zig");
const backend = @import("backend.zig");
const confining = @import("confining.zig");
const harmless = @import("harmless.zig");
const process = @import("process.zig");
const willing_kernel = @import("willing.zig");

pub const Outcome = struct {
    end: process.End,
    noted: []const backend.Noted,
    kernel: *const willing_kernel.Willing,
    /// The call that failed was repeated at once.
    repeated: bool,
    /// The fault had no call to act on.
    unchanged: bool,
};

/// From the rehearsal without a failure: `outcome`, in memory that is kept.
pub fn keep(arena: std.mem.Allocator, outcome: Outcome) !Outcome {
    var copy = outcome;
    const noted = try arena.dupe(backend.Noted, outcome.noted);
    for (noted) |*each| {
        each.subject = try arena.dupe(u8, each.subject);
        each.text = try arena.dupe(u8, each.text);
    }
    copy.noted = noted;
    const kernel = try arena.create(willing_kernel.Willing);
    kernel.* = outcome.kernel.*;
    kernel.effects = .empty;
    for (outcome.kernel.effects.items) |each| try kernel.effects.append(arena, try arena.dupe(u8, each));
    copy.kernel = kernel;
    return copy;
}

/// The index of a child's first call, after its fork(2).
pub fn first_of_child(noted: []const backend.Noted, fork: usize) usize {
    var forks: usize = 0;
    for (noted, 0..) |call, index| {
        if (!call.is_fork) continue;
        if (forks == fork) return index + 1;
        forks += 1;
    }
    unreachable;
}

/// → the number of printed lines: 0 or 1. `errno` is null for the rehearsal without a failure.
pub fn print_wrong(
    out: *std.Io.Writer,
    willing: Outcome,
    errno: ?sys.E,
    index: usize,
    outcome: Outcome,
) !usize {
    const wrong = find(willing, errno, index, outcome) orelse return 0;
    const call = willing.noted[index];
    if (errno) |it| try out.print("{d} {t} {s}: {s}: ", .{ index, it, call.subject, call.text });
    try out.print("{s}", .{wrong});
    if (outcome.kernel.talk.failure) |it| {
        try out.print(
            " ({s}, {t}, {s}, {s})",
            .{ it.op, @as(sys.E, @enumFromInt(it.errno)), it.subject, it.target },
        );
    }
    try out.writeAll("\n");
    return 1;
}

fn find(willing: Outcome, errno: ?sys.E, index: usize, outcome: Outcome) ?[]const u8 {
    const kernel = outcome.kernel;
    if (kernel.stray != null) return "a closed descriptor is used";
    if (kernel.in_child and outcome.end == .executed) return "a child executes the program";
    const executed = outcome.end == .executed;
    if (executed) if (open_in_program(kernel)) |wrong| return wrong;
    const done = is_done(outcome);
    if (outcome.unchanged) return null;
    const failed = errno orelse return if (done) null else "the program is not executed";

    const call = willing.noted[index];
    if (kernel.talk.failure) |record| {
        if (kernel.talk.after_failure) return "messages follow the failure";
        if (executed) return "a failure is reported, but the program is executed";
        if (outcome.end != .exited or outcome.end.exited != 1) {
            return "a failure is reported, but the exit status is not 1";
        }
        if (record.op.len == 0) return "the failure names no operation";
        if (!std.mem.eql(u8, record.subject, call.subject)) return "the failure names another config path";
        if (record.errno != @intFromEnum(failed)) return "the failure has another errno";
        return null;
    }
    if (!done) return if (harmless.is_silent(call, failed)) null else "no failure is reported";
    const row = if (outcome.repeated and harmless.is_made_again(call, failed))
        harmless.again
    else
        harmless.find(call, failed) orelse return "the failure is taken for success";
    if (row.does_less) return null;
    const effect = left_out(willing, outcome) orelse return null;
    return std.fmt.allocPrint(kernel.arena, "it is left out: {s}", .{effect}) catch "something is left out";
}

/// The program, or the child, ran to its end.
fn is_done(outcome: Outcome) bool {
    return switch (outcome.end) {
        .executed => true,
        .exited => |status| status == 0 and
            (outcome.kernel.in_child or outcome.kernel.plan.process.start == .never),
        else => false,
    };
}

fn left_out(willing: Outcome, outcome: Outcome) ?[]const u8 {
    for (willing.kernel.effects.items) |effect| if (!has(outcome.kernel.effects.items, effect)) return effect;
    return null;
}

/// The outcome of a correct rehearsal.
pub fn how(willing: Outcome, outcome: Outcome) confining.How {
    if (outcome.kernel.talk.failure != null or !is_done(outcome)) return .ended;
    return if (left_out(willing, outcome) == null) .same else .not_there;
}

fn has(effects: []const []const u8, wanted: []const u8) bool {
    for (effects) |each| if (std.mem.eql(u8, each, wanted)) return true;
    return false;
}

/// The program must have only the standard streams and the descriptors that the caller passes.
fn open_in_program(kernel: *const willing_kernel.Willing) ?[]const u8 {
    const first = 3 + kernel.plan.stdio.preserve_fds;
    for (kernel.descriptors[first..]) |each| {
        if (each.kind != .closed and !each.cloexec) return "a descriptor of bunc-init leaks into the program";
    }
    for (kernel.descriptors[first..]) |each| switch (each.kind) {
        .closed, .channel, .connection => {},
        else => return "a descriptor of bunc-init is open at the end",
    };
    return null;
}
