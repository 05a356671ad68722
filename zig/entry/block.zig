//! What the kernel puts on the stack: argc, argv[], null, envp[], null, pairs of the auxiliary vector to
//! AT_NULL.

/// Program headers of the executable (AT_PHNUM), at most: the build makes no more (build/segments.ts).
pub const headers_max = 12;

pub const Block = struct {
    /// With argc in front and the null behind.
    arguments: []const usize,
    environment: []usize,
    auxiliary: []usize,

    pub fn at(words: [*]usize) Block {
        const arguments = 1 + words[0] + 1;
        var end = arguments;
        while (words[end] != 0) end += 1;
        const auxiliary = end + 1;
        var last = auxiliary;
        while (words[last] != 0) last += 2;
        return .{
            .arguments = words[0..arguments],
            .environment = words[arguments..end],
            .auxiliary = words[auxiliary .. last + 2],
        };
    }

    /// Null: the kernel gives none.
    pub fn auxiliaryValue(block: Block, key: usize) ?usize {
        var at_pair: usize = 0;
        while (at_pair < block.auxiliary.len) : (at_pair += 2) {
            if (block.auxiliary[at_pair] == key) return block.auxiliary[at_pair + 1];
        }
        return null;
    }

    /// Where the kernel gives one.
    pub fn setAuxiliary(block: Block, key: usize, value: usize) void {
        var at_pair: usize = 0;
        while (at_pair < block.auxiliary.len) : (at_pair += 2) {
            if (block.auxiliary[at_pair] == key) block.auxiliary[at_pair + 1] = value;
        }
    }
};
