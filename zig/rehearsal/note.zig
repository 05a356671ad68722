//! A system call as text: "move_mount(new proc, \"\", /proc, \"\", 0x44)".

const std = @import("std");
const sys = @import("../sys.zig");
const sync = @import("../sync.zig");
const signatures = @import("../sys/signatures.zig");
const memory = @import("words.zig");
const names = @import("names.zig");
const passing = @import("passing.zig");
const linux = std.os.linux;

const Writer = std.Io.Writer;
const fsconfig_set_fd = 5;
const bytes_shown_max = 256;

pub fn write(kernel: anytype, number: linux.SYS, words: [6]usize) []const u8 {
    var out: Writer.Allocating = .init(kernel.arena);
    print(kernel, &out.writer, number, words) catch @panic("no memory");
    return out.written();
}

/// Only new descriptors and errors are written; other results follow from the arguments.
pub fn with_result(kernel: anytype, text: []const u8, result: usize) []const u8 {
    if (text.len == 0 or !memory.is_failure(result)) return text;
    const errno: linux.E = @enumFromInt(@as(u16, @intCast(-@as(isize, @bitCast(result)))));
    return std.fmt.allocPrint(kernel.arena, "{s} = E{t}", .{ text, errno }) catch @panic("no memory");
}

fn print(kernel: anytype, out: *Writer, number: linux.SYS, words: [6]usize) Writer.Error!void {
    try out.print("{t}(", .{number});
    const signature = signatures.of(number) orelse "";
    var separator: []const u8 = "";
    for (signature, words[0..signature.len], 0..) |kind, word, index| {
        if (kind == '-') continue;
        try out.writeAll(separator);
        separator = ", ";
        switch (kind) {
            'p', 't' => try out.print("\"{f}\"", .{std.zig.fmtString(text_at(number, words, index))}),
            else => try print_word(kernel, out, number, index, kind, word),
        }
    }
    try print_more(kernel, out, number, words, separator);
    try out.writeAll(")");
}

fn text_at(number: linux.SYS, words: [6]usize, index: usize) []const u8 {
    return switch (number) {
        .sethostname, .setdomainname => memory.bytes(words[0], words[1]),
        else => memory.text(words[index]),
    };
}

fn print_word(
    kernel: anytype,
    out: *Writer,
    number: linux.SYS,
    index: usize,
    kind: u8,
    word: usize,
) Writer.Error!void {
    if (kind == 'f') return print_descriptor(kernel, out, word);
    if (try names.print(out, number, index, word)) return;
    if (kind == 'n') try out.print(
        "{d}",
        .{@as(i32, @bitCast(@as(u32, @truncate(word))))},
    ) else try out.print("0x{x}", .{word});
}

/// A system call in a form for people: its object, and the other arguments.
pub const Description = struct { target: []const u8 = "", detail: []const u8 = "" };

pub fn describe(kernel: anytype, number: linux.SYS, words: [6]usize) Description {
    const found = try_describe(kernel, number, words) catch @panic("no memory");
    // The process may reuse the memory of a path.
    return .{
        .target = kernel.arena.dupe(u8, found.target) catch @panic("no memory"),
        .detail = found.detail,
    };
}

fn try_describe(kernel: anytype, number: linux.SYS, words: [6]usize) Writer.Error!Description {
    var target: []const u8 = "";
    var out: Writer.Allocating = .init(kernel.arena);
    const detail = &out.writer;
    const signature = signatures.of(number) orelse "";
    for (signature, words[0..signature.len], 0..) |kind, word, index| switch (kind) {
        '-' => {},
        'f' => {
            const is_directory = index + 1 < signature.len and signature[index + 1] == 'p';
            const place = if (is_directory)
                kernel.resolve(number, word, memory.text(words[index + 1]))
            else
                name_of(kernel, word);
            // The last one is the new place.
            if (target.len > 0) try detail.print("{s} ", .{target});
            target = plain(kernel, place);
        },
        'p' => if (index == 0 or signature[index - 1] != 'f') {
            if (target.len > 0) try detail.print("{s} ", .{target});
            target = memory.text(word);
        },
        't' => try detail.print("{s} ", .{text_at(number, words, index)}),
        else => {
            if (word == 0 and kind == 'x' and number != .umask) continue;
            try print_word(kernel, detail, number, index, kind, word);
            try detail.writeAll(" ");
        },
    };
    try print_more(kernel, detail, number, words, "");
    const rest = std.mem.trim(u8, out.written(), " ,");
    if (target.len > 0) return .{ .target = target, .detail = rest };
    const end = std.mem.indexOfScalar(u8, rest, ' ') orelse rest.len;
    return .{
        .target = std.mem.trimEnd(u8, rest[0..end], ","),
        .detail = std.mem.trimStart(u8, rest[end..], " "),
    };
}

fn name_of(kernel: anytype, word: usize) []const u8 {
    const found = kernel.of(memory.signed(word)) orelse return "";
    return if (found.path.len > 0) found.path else @tagName(found.kind);
}

/// On the host, and in bunc-init's own procfs, only the path.
fn plain(kernel: anytype, place: []const u8) []const u8 {
    if (std.mem.startsWith(u8, place, "host:")) return place["host:".len..];
    if (std.mem.eql(u8, place, "proc:")) return "new proc";
    if (std.mem.startsWith(u8, place, "proc:/")) return std.fmt.allocPrint(
        kernel.arena,
        "/proc{s}",
        .{place["proc:".len..]},
    ) catch @panic("no memory");
    return place;
}

fn print_descriptor(kernel: anytype, out: *Writer, word: usize) Writer.Error!void {
    const fd = memory.signed(word);
    if (fd == sys.AT.FDCWD) return out.writeAll("AT_FDCWD");
    const found = kernel.of(fd) orelse return out.print("{d}", .{fd});
    if (found.path.len > 0) try out.print("<{s}>", .{found.path}) else try out.print("<{t}>", .{found.kind});
}

/// The data that pointers point to.
fn print_more(
    kernel: anytype,
    out: *Writer,
    number: linux.SYS,
    a: [6]usize,
    separator: []const u8,
) Writer.Error!void {
    switch (number) {
        .openat2 => {
            const how: *const [3]u64 = @ptrFromInt(a[2]);
            try out.writeAll(separator);
            try names.open_flags(out, how[0]);
            if (how[1] != 0) try out.print(", 0{o}", .{how[1]});
            try out.writeAll(", ");
            try names.resolve_flags(out, how[2]);
        },
        .mount_setattr => {
            const attr: *const [4]u64 = @ptrFromInt(a[3]);
            var before = separator;
            for ([_][]const u8{ "set ", "clear " }, attr[0..2]) |verb, word| if (word != 0) {
                try out.print("{s}{s}", .{ before, verb });
                try names.attributes(out, word);
                before = ", ";
            };
            if (attr[2] != 0) {
                try out.writeAll(before);
                try names.propagation(out, attr[2]);
            }
            if (attr[0] & sys.mount_attr.IDMAP != 0) {
                try out.writeAll(", ");
                try print_descriptor(kernel, out, attr[3]);
            }
        },
        .fsconfig => if (a[1] == fsconfig_set_fd) {
            try out.writeAll(separator);
            try print_descriptor(kernel, out, a[4]);
        },
        .clone3 => {
            const args: *const sys.CloneArgs = @ptrFromInt(a[0]);
            try names.namespaces(out, args.flags);
            if (args.flags & linux.CLONE.INTO_CGROUP != 0) {
                try out.writeAll(", ");
                try print_descriptor(kernel, out, @intCast(args.cgroup));
            }
        },
        .prctl => switch (a[0]) {
            sys.PR.CAPBSET_READ, sys.PR.CAPBSET_DROP => {
                try out.writeAll(separator);
                try names.capability(out, a[1]);
            },
            sys.PR.CAP_AMBIENT => {
                try out.writeAll(separator);
                try names.ambient(out, a[1]);
                if (a[1] != sys.PR.CAP_AMBIENT_RAISE) return;
                try out.writeAll(", ");
                try names.capability(out, a[2]);
            },
            else => try out.print("{s}{d}", .{ separator, a[1] }),
        },
        .fcntl => if (a[2] != 0) try out.print("{s}{d}", .{ separator, a[2] }),
        .prlimit64 => if (a[2] != 0) {
            const limit: *const sys.RLimit = @ptrFromInt(a[2]);
            try out.print("{s}soft {d}, hard {d}", .{ separator, limit.soft, limit.hard });
        },
        .capset => {
            const sets: *const [6]u32 = @ptrFromInt(a[1]);
            for ([_][]const u8{ "effective ", ", permitted ", ", inheritable " }, 0..) |name, index| {
                try out.writeAll(name);
                try names.capabilities(out, @as(u64, sets[index + 3]) << 32 | sets[index]);
            }
        },
        .setgroups => {
            var before = separator;
            for (@as([*]const u32, @ptrFromInt(a[1]))[0..a[0]]) |group| {
                try out.print("{s}{d}", .{ before, group });
                before = ", ";
            }
        },
        .execve, .execveat => {
            const vector: [*:null]const ?[*:0]const u8 = @ptrFromInt(a[if (number == .execve) 1 else 2]);
            const arguments = std.mem.span(vector);
            var before = separator;
            for (arguments[@min(1, arguments.len)..]) |argument| {
                try out.print("{s}{s}", .{ before, memory.text(@intFromPtr(argument)) });
                before = " ";
            }
        },
        .bind, .connect => if (@as(*const u16, @ptrFromInt(a[1])).* == linux.AF.UNIX) {
            const path: [*:0]const u8 = @ptrFromInt(a[1] + 2);
            if (path[0] != 0) try out.print(
                "{s}{s}",
                .{ separator, kernel.resolve(number, memory.usize_of(sys.AT.FDCWD), memory.text(a[1] + 2)) },
            );
        },
        .write => try print_bytes(kernel, out, a[0], memory.bytes(a[1], a[2]), separator),
        .sendmsg => try print_bytes(kernel, out, a[0], passing.packet_of(a[1]), separator),
        .seccomp => {
            const program: *const sys.SockFprog = @ptrFromInt(a[2]);
            try out.print("{s}{d} instructions", .{ separator, program.length });
        },
        .sched_setattr => {
            const attr: *const sys.SchedAttr = @ptrFromInt(a[1]);
            try out.print("{s}policy {d}, flags 0x{x}, nice {d}, priority {d}, {d}/{d}/{d}", .{
                separator,     attr.policy,     attr.flags,       attr.nice,
                attr.priority, attr.runtime_ns, attr.deadline_ns, attr.period_ns,
            });
        },
        .sched_setaffinity => {
            try out.writeAll(separator);
            try names.bit_list(out, memory.bytes(a[2], a[1]));
        },
        .keyctl => if (a[0] == sys.KEYCTL.JOIN_SESSION_KEYRING) try out.print(
            "{s}\"{s}\"",
            .{ separator, memory.text(a[1]) },
        ),
        else => {},
    }
}

/// A message, only by its kind, because its payload has pids and times.
fn print_bytes(
    kernel: anytype,
    out: *Writer,
    to: usize,
    bytes: []const u8,
    separator: []const u8,
) Writer.Error!void {
    const kind = if (kernel.of(memory.signed(to))) |it| it.kind else .closed;
    switch (kind) {
        .channel, .connection => try out.print(
            "{s}{s}",
            .{ separator, message_kind(kernel, to, bytes) },
        ),
        .route => try out.print("{s}message {d}", .{ separator, std.mem.readInt(u16, bytes[4..6], .little) }),
        // Programs, plans and records.
        else => if (bytes.len > bytes_shown_max) {
            try out.print("{s}...", .{separator});
        } else try out.print("{s}\"{f}\"", .{ separator, std.zig.fmtString(bytes) }),
    }
}

fn message_kind(kernel: anytype, to: usize, packet: []const u8) []const u8 {
    if (@hasDecl(@TypeOf(kernel.*), "criu_at")) {
        if (kernel.criu_at(kernel.of(memory.signed(to)).?.channel) != null) return "request";
    }
    return if (std.enums.fromInt(sync.Kind, packet[0])) |kind| @tagName(kind) else "descriptor";
}

/// Effects: mounts by their place, and the credentials of the process.
pub fn keep_effect(kernel: anytype, number: linux.SYS, words: [6]usize) void {
    const effect = switch (number) {
        .move_mount => std.fmt.allocPrint(
            kernel.arena,
            "mount {s}",
            .{if (kernel.of(memory.signed(words[2]))) |it| it.path else ""},
        ) catch @panic("no memory"),
        .mount_setattr => blk: {
            const attr: *const [4]u64 = @ptrFromInt(words[3]);
            const path = if (kernel.of(memory.signed(words[0]))) |it| it.path else memory.text(words[1]);
            break :blk std.fmt.allocPrint(
                kernel.arena,
                "attributes {s} 0x{x} 0x{x}",
                .{ path, attr[0], attr[2] },
            ) catch @panic("no memory");
        },
        .prctl => blk: {
            if (words[0] == sys.PR.CAPBSET_READ or words[0] == get_no_new_privs) return;
            break :blk write(kernel, number, words);
        },
        .prlimit64 => if (words[2] == 0) return else write(kernel, number, words),
        .setgroups, .setresgid, .setresuid, .capset, .seccomp => write(kernel, number, words),
        .unshare, .setns, .pivot_root, .chroot, .setsid => write(kernel, number, words),
        .sethostname, .setdomainname, .personality => write(kernel, number, words),
        .write => blk: {
            const to = kernel.of(memory.signed(words[0])) orelse return;
            // Labels, sysctls, maps.
            const heads = [_][]const u8{ "proc:", "host:", "/proc/" };
            for (heads) |head| {
                if (std.mem.startsWith(u8, to.path, head)) break;
            } else return;
            const what = .{ std.fs.path.basenamePosix(to.path), memory.bytes(words[1], words[2]) };
            break :blk std.fmt.allocPrint(kernel.arena, "write {s} {s}", what) catch @panic("no memory");
        },
        else => return,
    };
    kernel.effects.append(kernel.arena, effect) catch @panic("no memory");
}

const get_no_new_privs = 39;
