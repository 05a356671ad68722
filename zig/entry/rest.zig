//! What a command left to the process that it began anew to finish it (zig/parent/forget.zig). Part of the
//! entry stub, which takes it out of the environment.

const std = @import("std");

/// BUNC_REST=DESCRIPTOR,STATUS,SIGNALED: of a memfd with what the command wrote, how the process ended that
/// it waited for, and whether a signal ended it (1) or not (0).
pub const variable = "BUNC_REST";

/// Behind the equals sign. Null: this is no such process.
var given: ?[*:0]const u8 = null;

pub fn take(entries: []const usize) void {
    for (entries) |entry| {
        const assignment: [*:0]const u8 = @ptrFromInt(entry);
        for (variable ++ "=", 0..) |byte, index| {
            if (assignment[index] != byte) break;
        } else @as(*volatile ?[*:0]const u8, &given).* = assignment + variable.len + 1;
    }
}

/// Written by the stub, of which the compiler sees nothing elsewhere.
pub fn text() ?[*:0]const u8 {
    return @as(*const volatile ?[*:0]const u8, &given).*;
}

test "the variable is found by its whole name" {
    const texts = [_][*:0]const u8{ "BUNC_RESTS=1", "B", "", "BUNC_REST=5,0,1" };
    var entries: [texts.len]usize = undefined;
    for (&entries, texts) |*entry, it| entry.* = @intFromPtr(it);
    take(entries[0..3]);
    try std.testing.expectEqual(null, text());
    take(&entries);
    try std.testing.expectEqualStrings("5,0,1", std.mem.span(text().?));
    given = null;
}
