//! A system call in words: "move_mount(new proc, \"\", /proc, \"\", 0x44)".

const std = @import("std");
const sys = @import("../sys.zig");
const sync = @import("../sync.zig");
const signatures = @import("../sys/signatures.zig");
const memory = @import("words.zig");
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

/// A new descriptor and an error are said; other results are what was asked for.
pub fn with_result(kernel: anytype, text: []const u8, result: usize) []const u8 {
    const signed: isize = @bitCast(result);
    if (text.len == 0 or signed >= 0 or signed < -4095) return text;
    const errno: linux.E = @enumFromInt(@as(u16, @intCast(-signed)));
    return std.fmt.allocPrint(kernel.arena, "{s} = E{t}", .{ text, errno }) catch @panic("no memory");
}

fn print(kernel: anytype, out: *Writer, number: linux.SYS, words: [6]usize) Writer.Error!void {
    try out.print("{t}(", .{number});
    const signature = signatures.of(number) orelse "";
    var separator: []const u8 = "";
    for (signature, words[0..signature.len]) |kind, word| {
        if (kind == '-') continue;
        try out.writeAll(separator);
        separator = ", ";
        switch (kind) {
            'f' => try print_descriptor(kernel, out, word),
            'p', 't' => try out.print("\"{f}\"", .{std.zig.fmtString(memory.text(word))}),
            'n' => try out.print("{d}", .{@as(i32, @bitCast(@as(u32, @truncate(word))))}),
            else => try out.print("0x{x}", .{word}),
        }
    }
    try print_more(kernel, out, number, words, separator);
    try out.writeAll(")");
}

fn print_descriptor(kernel: anytype, out: *Writer, word: usize) Writer.Error!void {
    const fd = memory.signed(word);
    if (fd == sys.AT.FDCWD) return out.writeAll("AT_FDCWD");
    const found = kernel.of(fd) orelse return out.print("{d}", .{fd});
    if (found.path.len > 0) try out.print("<{s}>", .{found.path}) else try out.print("<{t}>", .{found.kind});
}

/// What stands behind pointers.
fn print_more(kernel: anytype, out: *Writer, number: linux.SYS, a: [6]usize, separator: []const u8) Writer.Error!void {
    switch (number) {
        .openat2 => {
            const how: *const [3]u64 = @ptrFromInt(a[2]);
            try out.print(", 0x{x}, 0{o}, 0x{x}", .{ how[0], how[1], how[2] });
        },
        .mount_setattr => {
            const attr: *const [4]u64 = @ptrFromInt(a[3]);
            try out.print(", set 0x{x}, clear 0x{x}, propagation 0x{x}", .{ attr[0], attr[1], attr[2] });
            if (attr[0] & sys.mount_attr.IDMAP != 0) {
                try out.writeAll(", ");
                try print_descriptor(kernel, out, attr[3]);
            }
        },
        .fsconfig => if (a[1] == fsconfig_set_fd) {
            try out.writeAll(", ");
            try print_descriptor(kernel, out, a[4]);
        },
        .clone3 => {
            const args: *const sys.CloneArgs = @ptrFromInt(a[0]);
            try out.print("0x{x}", .{args.flags});
            if (args.flags & linux.CLONE.INTO_CGROUP != 0) {
                try out.writeAll(", ");
                try print_descriptor(kernel, out, @intCast(args.cgroup));
            }
        },
        .prctl => for (a[2..5]) |word| {
            if (word != 0) try out.print(", {d}", .{word});
        },
        .fcntl => if (a[2] != 0) try out.print(", {d}", .{a[2]}),
        .prlimit64 => if (a[2] != 0) {
            const limit: *const sys.RLimit = @ptrFromInt(a[2]);
            try out.print(", {d}, {d}", .{ limit.soft, limit.hard });
        },
        .capset => {
            const sets: *const [6]u32 = @ptrFromInt(a[1]);
            try out.print("effective 0x{x:0>8}{x:0>8}, permitted 0x{x:0>8}{x:0>8}, inheritable 0x{x:0>8}{x:0>8}", .{
                sets[3], sets[0], sets[4], sets[1], sets[5], sets[2],
            });
        },
        .setgroups => for (@as([*]const u32, @ptrFromInt(a[1]))[0..a[0]]) |group| try out.print(", {d}", .{group}),
        .write => try print_bytes(kernel, out, a[0], memory.bytes(a[1], a[2]), separator),
        .sendmsg => try print_bytes(kernel, out, a[0], passing.packet_of(a[1]), separator),
        .seccomp => {
            const program: *const sys.SockFprog = @ptrFromInt(a[2]);
            try out.print(", {d} instructions", .{program.length});
        },
        .sched_setattr => {
            const attr: *const sys.SchedAttr = @ptrFromInt(a[1]);
            try out.print(", policy {d}, flags 0x{x}, nice {d}, priority {d}, {d}/{d}/{d}", .{
                attr.policy, attr.flags, attr.nice, attr.priority, attr.runtime_ns, attr.deadline_ns, attr.period_ns,
            });
        },
        .keyctl => if (a[0] == sys.KEYCTL.JOIN_SESSION_KEYRING) try out.print(", \"{s}\"", .{memory.text(a[1])}),
        else => {},
    }
}

/// A message by its kind: its payload has pids and times.
fn print_bytes(kernel: anytype, out: *Writer, to: usize, bytes: []const u8, separator: []const u8) Writer.Error!void {
    const kind = if (kernel.of(memory.signed(to))) |it| it.kind else .closed;
    switch (kind) {
        .channel, .connection => try out.print("{s}{s}", .{ separator, if (std.enums.fromInt(sync.Kind, bytes[0])) |it| @tagName(it) else "?" }),
        .route => try out.print("{s}message {d}", .{ separator, std.mem.readInt(u16, bytes[4..6], .little) }),
        // Programs, plans and records.
        else => if (bytes.len > bytes_shown_max) {
            try out.print("{s}...", .{separator});
        } else try out.print("{s}\"{f}\"", .{ separator, std.zig.fmtString(bytes) }),
    }
}

/// Mounts by their place, and what makes the process who it is.
pub fn keep_effect(kernel: anytype, number: linux.SYS, words: [6]usize) void {
    const effect = switch (number) {
        .move_mount => std.fmt.allocPrint(kernel.arena, "mount {s}", .{if (kernel.of(memory.signed(words[2]))) |it| it.path else ""}) catch @panic("no memory"),
        .mount_setattr => blk: {
            const attr: *const [4]u64 = @ptrFromInt(words[3]);
            const path = if (kernel.of(memory.signed(words[0]))) |it| it.path else memory.text(words[1]);
            break :blk std.fmt.allocPrint(kernel.arena, "attributes {s} 0x{x} 0x{x}", .{ path, attr[0], attr[2] }) catch @panic("no memory");
        },
        .prctl => if (words[0] == sys.PR.CAPBSET_READ or words[0] == get_no_new_privs) return else write(kernel, number, words),
        .prlimit64 => if (words[2] == 0) return else write(kernel, number, words),
        .setgroups, .setresgid, .setresuid, .capset, .seccomp, .unshare, .setns, .pivot_root, .chroot => write(kernel, number, words),
        .sethostname, .setdomainname, .personality, .setsid => write(kernel, number, words),
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
