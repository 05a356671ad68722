//! bunc-init as a sealed memfd: the executable of every process that libbunc starts. Runs in the bunc
//! process. The container can open /proc/<pid>/exe, but finds a sealed throw-away file there and never bunc
//! itself (CVE-2019-5736).

const sys = @import("../sys.zig");

const image = @embedFile("bunc-init");

pub fn open() sys.Error!sys.fd_t {
    return sealed("bunc-init", image);
}

/// A memfd with these contents that nobody can change any more.
pub fn sealed(name: [*:0]const u8, contents: []const u8) sys.Error!sys.fd_t {
    const fd = try sys.memfd_create(name);
    errdefer sys.close(fd);
    try sys.write_all(fd, contents);
    try sys.seal(fd);
    return fd;
}
