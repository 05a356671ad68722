//! A willing kernel: it answers every call of bunc-init with success, and remembers what later answers depend
//! on (descriptors, created paths, credentials). It does nothing else.

const std = @import("std");
const sys = @import("../sys.zig");
const sync = @import("../sync.zig");
const failure = @import("../failure.zig");
const plan_types = @import("../plan.zig");
const backend = @import("backend.zig");
const beneath = @import("init_beneath.zig");
const MountTable = @import("mount_table.zig").MountTable;
const conversation = @import("conversation.zig");
const descriptors = @import("descriptors.zig");
const files = @import("files.zig");
const host_types = @import("host.zig");
const note = @import("note.zig");
const own_process = @import("own_process.zig");
const words = @import("words.zig");
const linux = std.os.linux;

const bytes = words.bytes;
const failed = words.failed;
const signed = words.signed;
const text = words.text;
const usize_of = words.usize_of;

const descriptors_max = 128;

pub const Descriptor = struct {
    const Kind = enum {
        closed,
        stdio,
        channel,
        plan,
        listener,
        connection,
        signals,
        file,
        mount,
        filesystem,
        route,
        pair,
        pid,
        data,
        pipe,
        terminal,
        filter,
    };

    kind: Kind = .closed,
    cloexec: bool = true,
    /// In the container: "/proc". On the host: "host:/proc". In a private procfs: "proc:/self".
    path: []const u8 = "",
    /// The offset of the next read.
    offset: usize = 0,
    /// The result of getdents64(2); null if it has not been called yet.
    entries: ?[]const u8 = null,
};

pub const Willing = struct {
    plan: *const plan_types.Plan,
    /// The plan in its binary form.
    encoded: []const u8,
    /// For paths; emptied after the run.
    arena: std.mem.Allocator,
    /// The memory that bunc-init maps. Nothing is ever unmapped.
    pages: []align(std.heap.page_size_min) u8 = &.{},
    pages_used: usize = 0,
    descriptors: [descriptors_max]Descriptor = @splat(.{}),
    made: std.StringHashMapUnmanaged(void) = .empty,
    given: ?std.StringHashMapUnmanaged(void) = null,
    in_root: bool = false,
    directory: []const u8 = "host:/",
    bounding: u64 = (1 << own_process.capability_last + 1) - 1,
    no_new_privs: bool = false,
    sets: [6]u32 = .{ std.math.maxInt(u32), std.math.maxInt(u32), 0, 0x1ff, 0x1ff, 0 },
    umask: usize = 0o022,
    clock_us: u64 = 0,
    children: usize = 100,
    /// The child made by fork(2) in which the rehearsal continues; null for none except stage 2.
    followed: ?usize = null,
    forks: usize = 0,
    in_child: bool = false,
    /// Memory that a parent and its child share.
    shared_page: usize = 0,
    talk: conversation.Talk = .{},
    /// Effects that must not be missing: mount points, credentials and permissions of the process.
    effects: std.ArrayList([]const u8) = .empty,
    /// A call used a descriptor that is not open.
    stray: ?linux.SYS = null,
    /// Everything that is not made here comes from this machine: init_beneath.zig.
    on_machine: bool = false,
    /// The rehearsed host on which processes have made files.
    host: ?*host_types.Host = null,
    mounts: MountTable = .{},
    is_stage_1: bool = false,

    pub fn actor(self: *const Willing) backend.Actor {
        return if (self.is_stage_1) .stage_1 else .init;
    }

    pub fn calls_of_init(_: *const Willing) usize {
        return 0;
    }

    pub fn of(self: *const Willing, fd: i32) ?*const Descriptor {
        return descriptors.of(self, fd);
    }

    pub fn open(self: *Willing, minimum: usize, new: Descriptor) usize {
        return descriptors.open(self, minimum, new);
    }

    pub fn at(self: *Willing, number: linux.SYS, word: usize) *Descriptor {
        return descriptors.at(self, number, word);
    }

    pub fn keep_effect(self: *Willing, number: linux.SYS, a: [6]usize) void {
        note.keep_effect(self, number, a);
    }

    /// The caller that runs a process checks its outcome.
    pub fn executed(_: *Willing, _: linux.SYS, _: [6]usize) void {}
    pub fn exited(_: *Willing, _: u8) void {}
    pub fn refused(_: *Willing, _: linux.SYS, _: [6]usize, _: linux.E) void {}

    pub fn answer(self: *Willing, number: linux.SYS, a: [6]usize) usize {
        if (self.on_machine) if (beneath.answer(self, number, a)) |result| return result;
        return switch (number) {
            .openat => self.open_path(number, a[0], text(a[1]), a[2], 0),
            .openat2 => blk: {
                const how: *const [3]u64 = @ptrFromInt(a[2]);
                break :blk self.open_path(number, a[0], text(a[1]), how[0], how[2]);
            },
            .close => blk: {
                self.at(number, a[0]).* = .{};
                break :blk 0;
            },
            .close_range => descriptors.close_range(self, a[0], a[1]),
            .dup3 => descriptors.duplicate(self, number, a),
            .fcntl => descriptors.control(self, number, a),
            .read, .pread64 => self.read(number, a),
            .write => blk: {
                const to = self.at(number, a[0]);
                if (to.kind == .channel or to.kind == .connection) self.talk.told(bytes(a[1], a[2]));
                break :blk a[2];
            },
            .sendto => a[2],
            .lseek => blk: {
                self.at(number, a[0]).offset = a[1];
                break :blk a[1];
            },
            .fchmod, .flock => blk: {
                _ = self.at(number, a[0]);
                break :blk 0;
            },
            .memfd_create => self.open(3, .{ .kind = .data }),
            .pipe2 => descriptors.pipe(self, a[0]),
            .socketpair => blk: {
                const pair: *[2]i32 = @ptrFromInt(a[3]);
                for (pair) |*fd| fd.* = @intCast(self.open(3, .{ .kind = .pair }));
                break :blk 0;
            },
            .socket => self.open(3, .{ .kind = .route }),
            .accept4 => blk: {
                _ = self.at(number, a[0]);
                break :blk self.open(3, .{ .kind = .connection });
            },
            .signalfd4 => self.open(3, .{ .kind = .signals }),
            .ppoll => blk: {
                if (self.in_child) break :blk own_process.filter_parent(self);
                const fds = @as([*]sys.PollFd, @ptrFromInt(a[0]))[0..a[1]];
                for (fds) |*each| {
                    if (each.fd < 0) continue;
                    const is_signals = self.at(number, usize_of(each.fd)).kind == .signals;
                    each.revents = if (is_signals) 0 else each.events;
                }
                break :blk 1;
            },
            .sendmsg => self.talk.send(self.at(number, a[0]), a[1]),
            .recvmsg => self.talk.receive(self, self.at(number, a[0]), a[1]),
            .ioctl => blk: {
                _ = self.at(number, a[0]);
                break :blk if (a[1] == linux.T.IOCGPTPEER) self.open(
                    3,
                    .{ .kind = .terminal, .path = "/dev/pts/0" },
                ) else 0;
            },
            .mkdirat, .mknodat => self.make(number, a[0], text(a[1])),
            .symlinkat => self.make(number, a[1], text(a[2])),
            .fchownat, .unlinkat, .faccessat2, .fchmodat => blk: {
                _ = self.resolve(number, a[0], text(a[1]));
                break :blk 0;
            },
            .readlinkat => self.read_link(number, a),
            .statx => blk: {
                if (a[2] & sys.AT.EMPTY_PATH != 0 and text(a[1]).len == 0) _ = self.at(number, a[0]);
                files.describe(self.stat_of(number, a[0], text(a[1])), @ptrFromInt(a[4]), self.encoded.len);
                break :blk 0;
            },
            .fstatfs => blk: {
                files.describe_system(self.at(number, a[0]), @ptrFromInt(a[1]));
                break :blk 0;
            },
            .getdents64 => blk: {
                _ = self.at(number, a[0]);
                break :blk 0;
            },
            .getcwd => blk: {
                const path = if (std.mem.startsWith(u8, self.directory, "host:"))
                    "(unreachable)/"
                else
                    self.directory;
                @memcpy(bytes(a[0], a[1])[0..path.len], path);
                @as([*]u8, @ptrFromInt(a[0]))[path.len] = 0;
                break :blk path.len + 1;
            },
            .chdir => blk: {
                self.directory = self.resolve(number, usize_of(sys.AT.FDCWD), text(a[0]));
                break :blk 0;
            },
            .fchdir => blk: {
                self.directory = self.at(number, a[0]).path;
                break :blk 0;
            },
            .chroot, .pivot_root => blk: {
                self.in_root = true;
                if (number == .pivot_root) self.directory = "/";
                break :blk 0;
            },
            .open_tree => self.open(3, .{ .kind = .mount, .path = self.resolve(number, a[0], text(a[1])) }),
            .fsopen => self.open(3, .{ .kind = .filesystem, .path = self.keep("", text(a[0])) }),
            .fspick => self.open(3, .{ .kind = .filesystem, .path = self.resolve(number, a[0], text(a[1])) }),
            .fsconfig => blk: {
                _ = self.at(number, a[0]);
                if (a[1] == 5) _ = self.at(number, a[4]);
                break :blk 0;
            },
            .fsmount => blk: {
                const system = self.at(number, a[0]).path;
                break :blk self.open(
                    3,
                    .{
                        .kind = .mount,
                        .path = if (std.mem.eql(u8, system, "proc")) "proc:" else self.keep("new ", system),
                    },
                );
            },
            .move_mount => blk: {
                const moved = self.at(number, a[0]);
                const target = self.at(number, a[2]).path;
                if (!std.mem.eql(u8, moved.path, target)) self.mounts.add(self.arena, target, moved.path);
                moved.path = target;
                break :blk 0;
            },
            .mount_setattr => blk: {
                _ = self.resolve(number, a[0], text(a[1]));
                break :blk 0;
            },
            .clone3 => blk: {
                const args: *const sys.CloneArgs = @ptrFromInt(a[0]);
                // Stage 2 continues in the child.
                if (args.flags & linux.CLONE.PARENT != 0) {
                    self.is_stage_1 = false;
                    break :blk 0;
                }
                const pid = self.child(args);
                defer self.forks += 1;
                if (self.followed != self.forks) break :blk pid;
                self.in_child = true;
                break :blk 0;
            },
            .wait4 => blk: {
                if (a[1] != 0) @as(*u32, @ptrFromInt(a[1])).* = 0;
                break :blk a[0];
            },
            .pidfd_open => self.open(3, .{ .kind = .pid }),
            .setns, .pidfd_send_signal => blk: {
                _ = self.at(number, a[0]);
                break :blk 0;
            },
            .mmap => own_process.map(self, number, a),
            .prctl => own_process.control(self, a),
            .capget => blk: {
                @as(*[6]u32, @ptrFromInt(a[1])).* = self.sets;
                break :blk 0;
            },
            .capset => blk: {
                self.sets = @as(*const [6]u32, @ptrFromInt(a[1])).*;
                break :blk 0;
            },
            .umask => blk: {
                defer self.umask = a[0];
                break :blk self.umask;
            },
            .seccomp => if (a[1] & 8 != 0) self.open(3, .{ .kind = .filter }) else 0,
            .keyctl => own_process.keyctl(a),
            .prlimit64 => blk: {
                if (a[3] != 0) @as(*sys.RLimit, @ptrFromInt(a[3])).* = .{ .soft = 1 << 40, .hard = 1 << 40 };
                break :blk 0;
            },
            .clock_gettime => blk: {
                self.clock_us += 1;
                @as(*[2]i64, @ptrFromInt(a[1])).* = .{ 1, @intCast(self.clock_us * 1000) };
                break :blk 0;
            },
            .rt_sigprocmask => blk: {
                if (a[2] != 0) @as(*u64, @ptrFromInt(a[2])).* = 0;
                break :blk 0;
            },
            .getpid => 1,
            .rt_sigaction, .munmap, .geteuid, .getegid, .setsid, .unshare => 0,
            .setgroups, .setresgid, .setresuid => 0,
            .sched_setaffinity, .sched_setattr, .ioprio_set, .set_mempolicy, .personality => 0,
            .sethostname, .setdomainname, .umount2, .mount => 0,
            else => std.debug.panic("the rehearsal has no answer to {t}", .{number}),
        };
    }

    /// Also for clone3(2) with CLONE_PIDFD.
    pub fn child(self: *Willing, args: *const sys.CloneArgs) usize {
        if (args.flags & linux.CLONE.PIDFD != 0) {
            @as(*i32, @ptrFromInt(args.pidfd)).* = @intCast(self.open(3, .{ .kind = .pid }));
        }
        self.children += 1;
        return self.children;
    }

    fn open_path(
        self: *Willing,
        number: linux.SYS,
        dir: usize,
        path: []const u8,
        flags: usize,
        resolve_flags: usize,
    ) usize {
        const full = self.resolve(number, dir, path);
        if (flags & sys.O.CREAT != 0) self.remember(full);
        // The program, which is looked up from the working directory.
        const is_program = !self.on_machine and signed(dir) == sys.AT.FDCWD and
            resolve_flags == sys.RESOLVE.NO_MAGICLINKS;
        if (!is_program and !self.exists(full)) return failed(.NOENT);
        return self.open(3, .{
            .kind = .file,
            .cloexec = flags & sys.O.CLOEXEC != 0,
            .path = if (is_program) "program" else full,
        });
    }

    fn exists(self: *Willing, path: []const u8) bool {
        if (self.on_machine) return beneath.exists(self, path);
        if (std.mem.indexOfScalar(u8, path, ':') != null or std.mem.endsWith(u8, path, "/..")) return true;
        for ([_][]const u8{ "/proc", "/sys", "/etc", "/bin", "/dev/pts/" }) |known| {
            if (std.mem.startsWith(u8, path, known)) return true;
        }
        for ([_][]const u8{ "/", "/dev", "/dev/null" }) |known| if (std.mem.eql(u8, path, known)) return true;
        return self.made.contains(path) or self.is_given(path);
    }

    /// The plan assumes that it exists.
    fn is_given(self: *Willing, path: []const u8) bool {
        if (self.given == null) {
            self.given = .empty;
            for (self.plan.steps) |step| {
                const target = switch (step.op) {
                    .mount => |op| if (op.source == .remount) op.target else continue,
                    .working_directory => |op| if (op.create) continue else op.path,
                    else => continue,
                };
                self.given.?.put(self.arena, target, {}) catch @panic("no memory");
            }
        }
        return self.given.?.contains(path);
    }

    fn make(self: *Willing, number: linux.SYS, dir: usize, path: []const u8) usize {
        const full = self.resolve(number, dir, path);
        if (self.exists(full) and !std.mem.eql(u8, full, "/dev/null")) return failed(.EXIST);
        self.remember(full);
        return 0;
    }

    fn remember(self: *Willing, path: []const u8) void {
        self.made.put(self.arena, path, {}) catch @panic("no memory");
    }

    /// The absolute path, as in `Descriptor`.
    pub fn resolve(self: *Willing, number: linux.SYS, dir: usize, path: []const u8) []const u8 {
        if (signed(dir) == sys.AT.FDCWD) {
            if (path.len == 0 or path[0] != '/') return self.directory;
            if (self.in_root) return self.keep("", path);
            for (self.plan.steps) |step| switch (step.op) {
                .bind_root => |op| if (std.mem.eql(u8, op.path, path)) return "/",
                else => {},
            };
            return self.keep("host:", path);
        }
        const from = self.at(number, dir).path;
        const relative = std.mem.trim(u8, path, "/");
        if (relative.len == 0 or std.mem.eql(u8, relative, ".")) return from;
        return std.fmt.allocPrint(
            self.arena,
            "{s}/{s}",
            .{ std.mem.trimEnd(u8, from, "/"), relative },
        ) catch @panic("no memory");
    }

    fn stat_of(self: *Willing, number: linux.SYS, dir: usize, path: []const u8) Descriptor {
        if (path.len == 0) return self.at(number, dir).*;
        return .{ .kind = .file, .path = self.resolve(number, dir, path) };
    }

    fn keep(self: *Willing, head: []const u8, tail: []const u8) []const u8 {
        return std.mem.concat(self.arena, u8, &.{ head, tail }) catch @panic("no memory");
    }

    fn read(self: *Willing, number: linux.SYS, a: [6]usize) usize {
        const fd = self.at(number, a[0]);
        if (fd.kind == .filesystem) return failed(.NODATA);
        const content = files.content(self, fd.path);
        const rest = content[@min(fd.offset, content.len)..];
        const length = @min(rest.len, a[2]);
        @memcpy(bytes(a[1], a[2])[0..length], rest[0..length]);
        fd.offset += length;
        return length;
    }

    /// Only the links of descriptors are read: their targets, from the root of this process.
    fn read_link(self: *Willing, number: linux.SYS, a: [6]usize) usize {
        const name = std.fs.path.basenamePosix(self.resolve(number, a[0], text(a[1])));
        const fd = std.fmt.parseInt(usize, name, 10) catch return failed(.INVAL);
        const path = self.keep("/run/root", self.at(number, fd).path);
        const length = @min(path.len, a[3]);
        @memcpy(bytes(a[2], a[3])[0..length], path[0..length]);
        return length;
    }
};
