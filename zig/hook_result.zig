//! How a hook ended, and in what words that is told: Failure.detail.

const std = @import("std");
const sys = @import("sys.zig");
const linux = std.os.linux;

pub const output_size_max = @import("tail.zig").size_max;
pub const description_size_max = output_size_max + 256;

pub const Outcome = enum {
    /// `status` is its exit status.
    exited,
    /// `status` is the signal.
    signaled,
    /// It was killed at the end of its time.
    timed_out,
    /// It was killed because the container that it was run for has ended.
    outlived,
    /// `op` and `errno` say what failed before it ran.
    not_run,
};

pub const Result = struct {
    outcome: Outcome,
    status: u8 = 0,
    op: []const u8 = "",
    errno: sys.E = .SUCCESS,
    duration_ms: u64 = 0,
    /// Its time limit; 0: none.
    timeout_ms: u32 = 0,
    /// The last of what it wrote to standard output and error, in the caller's buffer.
    output: []const u8 = "",

    pub fn succeeded(self: Result) bool {
        return self.outcome == .exited and self.status == 0;
    }

    /// For Failure.detail: "exit status 1 after 12 ms: …what it wrote".
    pub fn describe(self: Result, buffer: *[description_size_max]u8) []const u8 {
        var head: [128]u8 = undefined;
        const how = switch (self.outcome) {
            .exited => std.fmt.bufPrint(
                &head,
                "exit status {d} after {d} ms",
                .{ self.status, self.duration_ms },
            ),
            .signaled => std.fmt.bufPrint(
                &head,
                "killed by signal {d}{s} after {d} ms",
                .{ self.status, signal_note(self.status), self.duration_ms },
            ),
            // As runc says it.
            .timed_out => std.fmt.bufPrint(&head, "hook ran past specified timeout of {d}.{d}s", .{
                self.timeout_ms / 1000,
                self.timeout_ms % 1000 / 100,
            }),
            .outlived => std.fmt.bufPrint(
                &head,
                "killed after {d} ms, because the container had ended",
                .{self.duration_ms},
            ),
            .not_run => std.fmt.bufPrint(&head, "{s} failed", .{self.op}),
        } catch unreachable;
        const output = std.mem.trim(u8, self.output, " \t\r\n");
        if (output.len == 0) return std.fmt.bufPrint(buffer, "{s}", .{how}) catch unreachable;
        return std.fmt.bufPrint(buffer, "{s}: {s}", .{ how, output }) catch unreachable;
    }
};

/// What is worth a word beside the number, as runc's callers know it.
fn signal_note(signal: u8) []const u8 {
    return switch (@as(linux.SIG, @enumFromInt(signal))) {
        .SYS => " (bad system call)",
        .KILL => " (killed)",
        .SEGV => " (segmentation fault)",
        else => "",
    };
}

test "the end of a hook in words" {
    const cases = [_]struct { result: Result, text: []const u8 }{
        .{
            .result = .{ .outcome = .exited, .status = 1, .duration_ms = 12 },
            .text = "exit status 1 after 12 ms",
        },
        .{
            .result = .{ .outcome = .exited, .status = 1, .duration_ms = 0, .output = "no\n" },
            .text = "exit status 1 after 0 ms: no",
        },
        .{
            .result = .{ .outcome = .signaled, .status = 9, .duration_ms = 5 },
            .text = "killed by signal 9 (killed) after 5 ms",
        },
        .{
            .result = .{ .outcome = .timed_out, .timeout_ms = 1000 },
            .text = "hook ran past specified timeout of 1.0s",
        },
        .{
            .result = .{ .outcome = .timed_out, .timeout_ms = 2540, .output = "x" },
            .text = "hook ran past specified timeout of 2.5s: x",
        },
        .{
            .result = .{ .outcome = .outlived, .duration_ms = 7 },
            .text = "killed after 7 ms, because the container had ended",
        },
        .{ .result = .{ .outcome = .not_run, .op = "execve" }, .text = "execve failed" },
    };
    for (cases) |case| {
        var buffer: [description_size_max]u8 = undefined;
        try std.testing.expectEqualStrings(case.text, case.result.describe(&buffer));
    }
}
