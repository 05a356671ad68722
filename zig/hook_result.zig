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
        var text: std.Io.Writer = .fixed(buffer);
        self.write(&text) catch unreachable;
        return text.buffered();
    }

    fn write(self: Result, text: *std.Io.Writer) std.Io.Writer.Error!void {
        const passed_ms = self.duration_ms;
        switch (self.outcome) {
            .exited => try text.print("exit status {d} after {d} ms", .{ self.status, passed_ms }),
            .signaled => {
                try text.print("killed by signal {d}{s} ", .{ self.status, signal_note(self.status) });
                try text.print("after {d} ms", .{passed_ms});
            },
            // As runc says it.
            .timed_out => {
                const limit = .{ self.timeout_ms / 1000, self.timeout_ms % 1000 / 100 };
                try text.print("hook ran past specified timeout of {d}.{d}s", limit);
            },
            .outlived => try text.print("killed after {d} ms, because the container had ended", .{passed_ms}),
            .not_run => try text.print("{s} failed", .{self.op}),
        }
        const output = std.mem.trim(u8, self.output, " \t\r\n");
        if (output.len > 0) try text.print(": {s}", .{output});
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
