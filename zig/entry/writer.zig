//! Text, written without libc, which has not begun yet. Part of the entry stub (zig/entry.zig).

pub const Writer = struct {
    text: [*]u8,
    length: usize = 0,

    pub fn put(writer: *Writer, byte: u8) void {
        writer.text[writer.length] = byte;
        writer.length += 1;
    }

    pub fn words(writer: *Writer, comptime text: []const u8) void {
        inline for (text) |byte| writer.put(byte);
    }

    pub fn number(writer: *Writer, value: u64) void {
        var divisor: u64 = 1;
        while (value / divisor >= 10) divisor *= 10;
        while (divisor > 0) : (divisor /= 10) writer.put(digit(@intCast(value / divisor % 10)));
    }
};

pub fn digit(value: u8) u8 {
    return if (value < 10) '0' + value else 'a' + (value - 10);
}
