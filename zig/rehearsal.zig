//! Rehearses bunc-init on a kernel that does nothing, without root:
//!
//!   rehearsal record PLAN.json            the system calls that carry out the plan, one per line
//!   rehearsal fail [INDEX ERRNO] PLAN.json
//!   rehearsal confine PLAN.json           counts, one JSON object per line
//!
//! With `fail` each call fails in turn, with each errno of its man page, or only the given one. With
//! `confine` the calls that confine the program fail, with every possible errno (rehearsal/confining.zig).
//! Errors are printed; without any, nothing is printed and the exit status is 0.
//!
//! PLAN.json is a golden plan (test/contract), which has the additional field `warnings`.

const std = @import("std");
const json = @import("json.zig");
const wire = @import("wire.zig");
const is_direct = @import("stages.zig").is_direct;
const plan_types = @import("plan.zig");
const errnos = @import("rehearsal/errnos.zig");
const init_run = @import("rehearsal/init_run.zig");
const verdict = @import("rehearsal/verdict.zig");
const confining = @import("rehearsal/confining.zig");
const backend = @import("rehearsal/backend.zig");
const Willing = @import("rehearsal/willing.zig").Willing;
const sys = @import("sys.zig");
const Plan = plan_types.Plan;

pub const Backend = backend.BackendOn(Willing);

/// Untouched pages cost nothing.
var pages: [64 << 20]u8 align(std.heap.page_size_min) = undefined;
var run_memory: [32 << 20]u8 = undefined;
var fixed: std.heap.FixedBufferAllocator = .init(&run_memory);

pub fn main(init: std.process.Init) !u8 {
    const arena = init.arena.allocator();
    const words = try init.minimal.args.toSlice(arena);
    var buffer: [64 * 1024]u8 = undefined;
    var stdout = std.Io.File.stdout().writer(init.io, &buffer);
    const out = &stdout.interface;
    if (words.len != 3 and words.len != 5) {
        try out.writeAll("usage: rehearsal record|confine|fail [INDEX ERRNO] PLAN.json\n");
        try out.flush();
        return 2;
    }
    const text = try std.Io.Dir.cwd().readFileAlloc(init.io, words[words.len - 1], arena, .unlimited);
    const plan = try read_plan(arena, text);
    var encoded: std.ArrayList(u8) = .empty;
    try wire.encode(Plan, plan, &encoded, arena);
    const rehearsal: Rehearsal = .{ .plan = &plan, .encoded = encoded.items };
    const found = if (std.mem.eql(u8, words[1], "record"))
        try rehearsal.record(out)
    else if (std.mem.eql(u8, words[1], "confine"))
        try rehearsal.confine(arena, out)
    else if (words.len == 5)
        try rehearsal.fail_one(
            arena,
            out,
            try std.fmt.parseInt(usize, words[2], 10),
            std.meta.stringToEnum(sys.E, words[3]) orelse return error.NoSuchErrno,
        )
    else
        try rehearsal.fail_all(arena, out);
    try out.flush();
    return if (found == 0) 0 else 1;
}

fn read_plan(arena: std.mem.Allocator, text: []const u8) !Plan {
    var value = try std.json.parseFromSliceLeaky(std.json.Value, arena, text, .{});
    _ = value.object.orderedRemove("warnings");
    return json.decode(Plan, try std.json.Stringify.valueAlloc(arena, value, .{}), arena);
}

const Rehearsal = struct {
    plan: *const Plan,
    encoded: []const u8,

    /// → 0
    fn record(self: Rehearsal, out: *std.Io.Writer) !usize {
        const whole = self.run(null, true, null);
        const forks = whole.kernel.forks;
        try print_calls(out, whole.noted, "");
        for (0..forks) |fork| {
            const child = self.run(null, true, fork);
            try print_calls(out, child.noted[verdict.first_of_child(child.noted, fork)..], "child of ");
        }
        return 0;
    }

    fn print_calls(out: *std.Io.Writer, noted: []const backend.Noted, who: []const u8) !void {
        var index: usize = 0;
        var subject: []const u8 = "";
        while (index < noted.len) {
            const call = noted[index];
            if (index == 0 or !std.mem.eql(u8, subject, call.subject)) {
                subject = call.subject;
                try out.print("{s}{s}:\n", .{ who, if (subject.len == 0) "bunc-init" else subject });
            }
            const count = similar(noted[index..]);
            try out.print("  {s}", .{call.text});
            if (count > 1) try out.print(" and {d} more", .{count - 1});
            try out.writeAll("\n");
            index += count;
        }
    }

    fn fail_all(self: Rehearsal, arena: std.mem.Allocator, out: *std.Io.Writer) !usize {
        const whole = try verdict.keep(arena, self.run(null, true, null));
        var found = try verdict.print_wrong(out, whole, null, 0, whole);
        found += try self.fail_each(out, whole, 0, null);
        for (0..whole.kernel.forks) |fork| {
            const child = try verdict.keep(arena, self.run(null, true, fork));
            found += try verdict.print_wrong(out, child, null, 0, child);
            found += try self.fail_each(out, child, verdict.first_of_child(child.noted, fork), fork);
        }
        return found;
    }

    fn fail_each(
        self: Rehearsal,
        out: *std.Io.Writer,
        willing: verdict.Outcome,
        first: usize,
        fork: ?usize,
    ) !usize {
        var found: usize = 0;
        for (willing.noted[first..], first..) |call, index| for (errnos.of(call.number)) |errno| {
            const outcome = self.run(.{ .index = index, .errno = errno }, false, fork);
            found += try verdict.print_wrong(out, willing, errno, index, outcome);
        };
        return found;
    }

    fn confine(self: Rehearsal, arena: std.mem.Allocator, out: *std.Io.Writer) !usize {
        var tally: confining.Tally = .{ .arena = arena };
        const whole = try verdict.keep(arena, self.run(null, true, null));
        var found = try self.confine_each(out, whole, 0, null, &tally);
        for (0..whole.kernel.forks) |fork| {
            const child = try verdict.keep(arena, self.run(null, true, fork));
            found += try self.confine_each(
                out,
                child,
                verdict.first_of_child(child.noted, fork),
                fork,
                &tally,
            );
        }
        try tally.print(out);
        return found;
    }

    fn confine_each(
        self: Rehearsal,
        out: *std.Io.Writer,
        willing: verdict.Outcome,
        first: usize,
        fork: ?usize,
        tally: *confining.Tally,
    ) !usize {
        var found: usize = 0;
        var walk: confining.Walk = .{ .plan = self.plan };
        for (willing.noted, 0..) |call, index| {
            const what = walk.next(call) orelse continue;
            if (index < first) continue;
            // close(2), and calls that cannot fail, refuse nothing.
            if (call.number == .close or errnos.of(call.number).len == 0) continue;
            try tally.called(what);
            for (confining.errnos) |errno| {
                const outcome = self.run(.{ .index = index, .errno = errno }, false, fork);
                found += try verdict.print_wrong(out, willing, errno, index, outcome);
                try tally.failed(what, verdict.how(willing, outcome));
            }
        }
        return found;
    }

    /// The calls of bunc-init itself, without those of its children.
    fn fail_one(
        self: Rehearsal,
        arena: std.mem.Allocator,
        out: *std.Io.Writer,
        index: usize,
        errno: sys.E,
    ) !usize {
        const willing = try verdict.keep(arena, self.run(null, true, null));
        const outcome = self.run(.{ .index = index, .errno = errno }, true, null);
        for (outcome.noted, 0..) |call, place| try out.print(
            "{d} {s}: {s}\n",
            .{ place, call.subject, call.text },
        );
        try out.print("{any}\n", .{outcome.end});
        return verdict.print_wrong(out, willing, errno, index, outcome);
    }

    /// `fork`: the child that is followed; null for none.
    fn run(self: Rehearsal, fault: ?backend.Fault, notes: bool, fork: ?usize) verdict.Outcome {
        fixed.reset();
        const kernel = fixed.allocator().create(Willing) catch @panic("no memory");
        kernel.* = .{
            .plan = self.plan,
            .encoded = self.encoded,
            .arena = fixed.allocator(),
            .pages = &pages,
            .followed = fork,
        };
        sys.backend.* = .{ .kernel = kernel, .fault = fault, .notes = notes };
        const end = init_run.run(kernel, if (is_direct(self.plan)) "init" else "join");
        return .{
            .end = end,
            .noted = sys.backend.noted.items,
            .kernel = kernel,
            .repeated = sys.backend.repeated,
            .unchanged = sys.backend.unchanged,
        };
    }
};

/// The number of calls from here on that are printed in one line.
fn similar(noted: []const backend.Noted) usize {
    var count: usize = 1;
    const repeats = switch (noted[0].number) {
        .rt_sigaction => true,
        .prctl => std.mem.startsWith(u8, noted[0].text, bounding_read),
        else => false,
    };
    if (!repeats) return 1;
    while (count < noted.len and noted[count].number == noted[0].number) : (count += 1) {
        if (noted[0].number == .prctl and !std.mem.startsWith(u8, noted[count].text, bounding_read)) break;
    }
    return count;
}

const bounding_read = "prctl(PR_CAPBSET_READ, ";
