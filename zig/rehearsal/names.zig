//! The arguments of system calls, by the names in their man pages.

const std = @import("std");
const sys = @import("../sys.zig");
const linux = std.os.linux;

const Writer = std.Io.Writer;

const Name = struct { u64, []const u8 };

const AT = [_]Name{ .{ 0x100, "SYMLINK_NOFOLLOW" }, .{ 0x1000, "EMPTY_PATH" }, .{ 0x8000, "RECURSIVE" } };
const UNLINK = [_]Name{.{ 0x200, "REMOVEDIR" }};
const OPEN_TREE = [_]Name{ .{ 1, "CLONE" }, .{ sys.O.CLOEXEC, "CLOEXEC" } };
const MOVE_MOUNT = [_]Name{ .{ 0x4, "F_EMPTY_PATH" }, .{ 0x40, "T_EMPTY_PATH" } };
const FSCONFIG = [_]Name{
    .{ 0, "SET_FLAG" },
    .{ 1, "SET_STRING" },
    .{ 5, "SET_FD" },
    .{ 6, "CMD_CREATE" },
    .{ 7, "CMD_RECONFIGURE" },
};
const FS_CLOEXEC = [_]Name{.{ 1, "CLOEXEC" }};
const SECCOMP = [_]Name{.{ 1, "SET_MODE_FILTER" }};
const FILTER = [_]Name{
    .{ 1, "TSYNC" },
    .{ 2, "LOG" },
    .{ 4, "SPEC_ALLOW" },
    .{ 8, "NEW_LISTENER" },
    .{ 32, "WAIT_KILLABLE_RECV" },
};
const TIOC = [_]Name{
    .{ 0x540e, "SCTTY" },
    .{ 0x5414, "SWINSZ" },
    .{ 0x40045431, "SPTLCK" },
    .{ 0x5441, "GPTPEER" },
};
const SIOC = [_]Name{ .{ 0x8913, "GIFFLAGS" }, .{ 0x8914, "SIFFLAGS" } };
const F = [_]Name{
    .{ linux.F.SETFD, "SETFD" },
    .{ linux.F.SETFL, "SETFL" },
    .{ linux.F.DUPFD_CLOEXEC, "DUPFD_CLOEXEC" },
    .{ 1033, "ADD_SEALS" },
};
const BPF = [_]Name{
    .{ 5, "PROG_LOAD" },
    .{ 8, "PROG_ATTACH" },
    .{ 9, "PROG_DETACH" },
    .{ 16, "PROG_QUERY" },
};
const LOCK = [_]Name{ .{ 2, "EX" }, .{ 4, "NB" } };
const MSG = [_]Name{ .{ linux.MSG.NOSIGNAL, "NOSIGNAL" }, .{ linux.MSG.CMSG_CLOEXEC, "CMSG_CLOEXEC" } };
const FAMILY = [_]Name{
    .{ linux.AF.UNIX, "UNIX" },
    .{ linux.AF.INET, "INET" },
    .{ linux.AF.NETLINK, "NETLINK" },
};
const ACCEPT = [_]Name{.{ linux.SOCK.CLOEXEC, "CLOEXEC" }};
const PROPAGATION = [_]Name{
    .{ linux.MS.UNBINDABLE, "UNBINDABLE" },
    .{ linux.MS.PRIVATE, "PRIVATE" },
    .{ linux.MS.SLAVE, "SLAVE" },
    .{ linux.MS.SHARED, "SHARED" },
};
const AMBIENT = [_]Name{
    .{ sys.PR.CAP_AMBIENT_RAISE, "RAISE" },
    .{ sys.PR.CAP_AMBIENT_CLEAR_ALL, "CLEAR_ALL" },
};

/// False if the argument has no names.
pub fn print(out: *Writer, number: linux.SYS, index: usize, word: usize) Writer.Error!bool {
    switch (number) {
        .openat => try (if (index == 2) open_flags(out, word) else octal(out, word)),
        .mkdirat, .umask, .fchmod, .fchmodat => try octal(out, word),
        .mknodat => try (if (index == 2) node(out, word) else device(out, word)),
        .open_tree => try set(out, word, &.{ .{ "OPEN_TREE_", &OPEN_TREE }, .{ "AT_", &AT } }),
        .move_mount => try set(out, word, &.{.{ "MOVE_MOUNT_", &MOVE_MOUNT }}),
        .fchownat => if (index == 4) try set(out, word, &.{.{ "AT_", &AT }}) else return false,
        .mount_setattr, .statx, .execveat => try set(out, word, &.{.{ "AT_", &AT }}),
        .unlinkat => try set(out, word, &.{.{ "AT_", &UNLINK }}),
        .fsopen => try set(out, word, &.{.{ "FSOPEN_", &FS_CLOEXEC }}),
        .fsmount => try (if (index == 1) set(
            out,
            word,
            &.{.{ "FSMOUNT_", &FS_CLOEXEC }},
        ) else attributes(out, word)),
        .fsconfig => try one(out, word, "FSCONFIG_", &FSCONFIG),
        .clone3, .unshare, .setns => try namespaces(out, word),
        .umount2 => try set(out, word, &.{.{ "MNT_", of(linux.MNT) }}),
        .mount => try set(out, word, &.{.{ "MS_", of(linux.MS) }}),
        .flock => try set(out, word, &.{.{ "LOCK_", &LOCK }}),
        .sendmsg, .recvmsg => try set(out, word, &.{.{ "MSG_", &MSG }}),
        .socket, .socketpair => switch (index) {
            0 => try one(out, word, "AF_", &FAMILY),
            1 => try socket_type(out, word),
            else => return false,
        },
        .accept4 => try set(out, word, &.{.{ "SOCK_", &ACCEPT }}),
        .memfd_create => try set(out, word, &.{.{ "MFD_", of(linux.MFD) }}),
        .prctl => if (index == 0) try one_of_enum(out, word, "PR_", linux.PR) else return false,
        .prlimit64 => if (index == 1) try one_of_enum(
            out,
            word,
            "RLIMIT_",
            linux.rlimit_resource,
        ) else return false,
        .seccomp => try (if (index == 0) one(out, word, "SECCOMP_", &SECCOMP) else set(
            out,
            word,
            &.{.{ "SECCOMP_FILTER_FLAG_", &FILTER }},
        )),
        .keyctl => try one(out, word, "KEYCTL_", of(sys.KEYCTL)),
        .fcntl => if (index == 1) try one(out, word, "F_", &F) else return false,
        .bpf => try one(out, word, "BPF_", &BPF),
        .ioctl => try (if (word >> 8 == 0x89) one(
            out,
            word,
            "SIOC",
            &SIOC,
        ) else one(out, word, "TIOC", &TIOC)),
        else => return false,
    }
    return true;
}

pub fn open_flags(out: *Writer, word: usize) Writer.Error!void {
    const access = [_][]const u8{ "O_RDONLY", "O_WRONLY", "O_RDWR", "3" };
    const mode = access[word & 3];
    if (word & sys.O.PATH == 0) try out.writeAll(mode);
    const rest = word & ~@as(usize, 3);
    if (rest == 0) return;
    if (word & sys.O.PATH == 0) try out.writeAll("|");
    try set(out, rest, &.{.{ "O_", of(sys.O) }});
}

pub fn resolve_flags(out: *Writer, word: usize) Writer.Error!void {
    try set(out, word, &.{.{ "RESOLVE_", of(sys.RESOLVE) }});
}

/// CLONE_*, without the exit signal.
pub fn namespaces(out: *Writer, word: usize) Writer.Error!void {
    try set(out, word, &.{.{ "CLONE_", of(linux.CLONE) }});
}

/// The access time is one value of three bits; the constant with all of them is the mask.
pub fn attributes(out: *Writer, word: usize) Writer.Error!void {
    const mask = sys.mount_attr.ATIME_MASK;
    if (word & mask != mask) return set(out, word, &.{.{ "MOUNT_ATTR_", of(sys.mount_attr) }});
    if (word != mask) {
        try set(out, word & ~@as(usize, mask), &.{.{ "MOUNT_ATTR_", of(sys.mount_attr) }});
        try out.writeAll("|");
    }
    try out.writeAll("MOUNT_ATTR__ATIME");
}

pub fn propagation(out: *Writer, word: usize) Writer.Error!void {
    try set(out, word, &.{.{ "MS_", &PROPAGATION }});
}

pub fn ambient(out: *Writer, word: usize) Writer.Error!void {
    try one(out, word, "PR_CAP_AMBIENT_", &AMBIENT);
}

pub fn capability(out: *Writer, word: usize) Writer.Error!void {
    for (of(linux.CAP)) |name| if (word == name[0]) return out.print("CAP_{s}", .{name[1]});
    try out.print("{d}", .{word});
}

/// "CAP_CHOWN|CAP_KILL", "none".
pub fn capabilities(out: *Writer, words: u64) Writer.Error!void {
    if (words == 0) return out.writeAll("none");
    var separator: []const u8 = "";
    for (0..64) |bit| {
        if (words >> @intCast(bit) & 1 == 0) continue;
        try out.writeAll(separator);
        separator = "|";
        try capability(out, bit);
    }
}

/// Of CPUs or nodes: "0-3,8".
pub fn bit_list(out: *Writer, mask: []const u8) Writer.Error!void {
    var separator: []const u8 = "";
    var bit: usize = 0;
    while (bit < mask.len * 8) : (bit += 1) {
        if (!is_set(mask, bit)) continue;
        const first = bit;
        while (bit + 1 < mask.len * 8 and is_set(mask, bit + 1)) bit += 1;
        try out.print("{s}{d}", .{ separator, first });
        if (bit > first) try out.print("-{d}", .{bit});
        separator = ",";
    }
}

fn is_set(mask: []const u8, bit: usize) bool {
    return (mask[bit / 8] >> @intCast(bit % 8)) & 1 != 0;
}

fn socket_type(out: *Writer, word: usize) Writer.Error!void {
    const kinds = [_][]const u8{ "0", "SOCK_STREAM", "SOCK_DGRAM", "SOCK_RAW", "SOCK_RDM", "SOCK_SEQPACKET" };
    try out.writeAll(kinds[@min(word & 0xf, kinds.len - 1)]);
    if (word & linux.SOCK.CLOEXEC != 0) try out.writeAll("|SOCK_CLOEXEC");
}

fn octal(out: *Writer, word: usize) Writer.Error!void {
    try out.print("0{o:0>3}", .{word});
}

fn node(out: *Writer, word: usize) Writer.Error!void {
    const kind = switch (word & sys.S.IFMT) {
        sys.S.IFCHR => "S_IFCHR|",
        linux.S.IFBLK => "S_IFBLK|",
        sys.S.IFIFO => "S_IFIFO|",
        sys.S.IFREG => "S_IFREG|",
        else => "",
    };
    try out.writeAll(kind);
    try octal(out, word & 0o7777);
}

/// As makedev(3) encodes it.
fn device(out: *Writer, word: usize) Writer.Error!void {
    try out.print("{d}:{d}", .{ (word >> 8) & 0xfff, (word & 0xff) | ((word >> 12) & 0xfff00) });
}

fn one(out: *Writer, word: usize, prefix: []const u8, list: []const Name) Writer.Error!void {
    for (list) |name| if (word == name[0]) return out.print("{s}{s}", .{ prefix, name[1] });
    try out.print("{d}", .{word});
}

/// The values of a namespace of constants.
fn of(comptime Names: type) []const Name {
    const all = comptime blk: {
        @setEvalBranchQuota(10_000);
        var list: []const Name = &.{};
        for (@typeInfo(Names).@"struct".decls) |decl| {
            const value = @field(Names, decl.name);
            switch (@TypeOf(value)) {
                comptime_int, u32, u64 => if (value >= 0) {
                    list = list ++ &[_]Name{.{ value, decl.name }};
                },
                else => {},
            }
        }
        break :blk list;
    };
    return all;
}

fn one_of_enum(out: *Writer, word: usize, prefix: []const u8, comptime Names: type) Writer.Error!void {
    inline for (@typeInfo(Names).@"enum".fields) |field| {
        if (word == field.value) return out.print("{s}{s}", .{ prefix, field.name });
    }
    try out.print("{d}", .{word});
}

const Group = struct { []const u8, []const Name };

/// `groups`: prefixes and names of bits. Bits without a name are printed as a number.
fn set(out: *Writer, word: usize, groups: []const Group) Writer.Error!void {
    var rest = word;
    var separator: []const u8 = "";
    for (groups) |group| for (group[1]) |name| {
        if (@popCount(name[0]) != 1 or rest & name[0] == 0) continue;
        try out.print("{s}{s}{s}", .{ separator, group[0], name[1] });
        separator = "|";
        rest &= ~name[0];
    };
    if (rest != 0 or word == 0) try out.print("{s}0x{x}", .{ separator, rest });
}
