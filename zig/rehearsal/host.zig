//! The kernel in a rehearsal of the bunc process. It lets every call succeed and remembers the results: files
//! and cgroups that were made, processes that were started, their descriptors. It does nothing else.

const std = @import("std");
const sys = @import("../sys.zig");
const wire = @import("../wire.zig");
const plan_types = @import("../plan.zig");
const backend = @import("backend.zig");
const beneath = @import("host_beneath.zig");
const children = @import("children.zig");
const criu_types = @import("criu.zig");
const descriptors = @import("descriptors.zig");
const device_rules = @import("device_rules.zig");
const files = @import("host_files.zig");
const messages = @import("messages.zig");
const note = @import("note.zig");
const passing = @import("passing.zig");
const peer_types = @import("peer.zig");
const process_end = @import("process.zig");
const tree_types = @import("tree.zig");
const words = @import("words.zig");
const linux = std.os.linux;

const bytes = words.bytes;
const failed = words.failed;
const signed = words.signed;
const text = words.text;

const descriptors_max = 256;
/// The bunc process.
pub const own_pid = 7;

pub const Data = std.ArrayList(u8);

const Kind = enum {
    closed,
    stdio,
    channel,
    connection,
    route,
    file,
    data,
    pidfd,
    pipe,
    socket,
    filter,
    passed,
    machine,
};

pub const Descriptor = struct {
    kind: Kind = .closed,
    cloexec: bool = true,
    /// Its number in this process; whether this process closes it depends on the kind.
    machine: usize = 0,
    is_ours: bool = false,
    path: []const u8 = "",
    offset: usize = 0,
    data: ?*Data = null,
    pid: i32 = 0,
    /// The same for both ends of a channel.
    channel: u32 = 0,
};

pub const InFlight = struct { channel: u32, packet: []const u8, passes: Descriptor };

pub const Host = struct {
    /// All later state is allocated in it.
    arena: std.mem.Allocator,
    tree: tree_types.Tree,
    children: children.Children,
    descriptors: [descriptors_max]Descriptor = @splat(.{}),
    directory: []const u8 = "/",
    peer: ?peer_types.Peer = null,
    criu: ?criu_types.Session = null,
    /// The answers of each CRIU that will be started.
    criu_answers: []const []const criu_types.Answer = &.{},
    /// What a process sent before it executed its program.
    in_flight: std.ArrayList(InFlight) = .empty,
    /// The process between clone3(2) and execve(2).
    current: ?*children.Process = null,
    route: u16 = 0,
    /// The network device that the container gets, before and after it is moved.
    device_is_up: bool = true,
    channels: u32 = 0,
    clock_ms: u64 = 1000,
    mask: u64 = 0,
    /// Effects that a successful command must not lack.
    effects: std.ArrayList([]const u8) = .empty,
    /// A call used a descriptor that is not open.
    stray: ?linux.SYS = null,
    /// Files that are not in the tree are this machine's.
    on_machine: bool = false,
    /// Runs a stage of bunc-init with a plan; it also gets the plan's binary form.
    run_init: *const fn (*Host, *const plan_types.Plan, []const u8, []const u8) peer_types.Script,
    /// The number of its calls before the next one of the bunc process.
    init_made: usize = 0,

    pub fn actor(_: *const Host) backend.Actor {
        return .bunc;
    }

    pub fn resolve(self: *Host, number: linux.SYS, dir: usize, path: []const u8) []const u8 {
        return files.resolve(self, number, dir, path);
    }

    pub fn calls_of_init(self: *const Host) usize {
        return self.init_made;
    }

    pub fn of(self: *const Host, fd: i32) ?*const Descriptor {
        return descriptors.of(self, fd);
    }

    pub fn open(self: *Host, minimum: usize, new: Descriptor) usize {
        return descriptors.open(self, minimum, new);
    }

    pub fn at(self: *Host, number: linux.SYS, word: usize) *Descriptor {
        return descriptors.at(self, number, word);
    }

    pub fn print(self: *Host, comptime format: []const u8, arguments: anytype) []const u8 {
        return std.fmt.allocPrint(self.arena, format, arguments) catch @panic("no memory");
    }

    pub fn answer(self: *Host, number: linux.SYS, a: [6]usize) usize {
        if (self.on_machine) if (beneath.answer(self, number, a)) |result| return result;
        return switch (number) {
            .openat => files.open(self, number, a[0], text(a[1]), a[2]),
            .openat2 => files.open(self, number, a[0], text(a[1]), @as(*const [3]u64, @ptrFromInt(a[2]))[0]),
            .read => files.read(self, self.at(number, a[0]), bytes(a[1], a[2])),
            .pread64 => blk: {
                const file = self.at(number, a[0]);
                file.offset = a[3];
                break :blk files.read(self, file, bytes(a[1], a[2]));
            },
            .write => self.write(self.at(number, a[0]), bytes(a[1], a[2])),
            .lseek => blk: {
                self.at(number, a[0]).offset = a[1];
                break :blk a[1];
            },
            .getdents64 => files.list(self, self.at(number, a[0]), bytes(a[1], a[2])),
            .mkdirat => files.make(self, number, a[0], text(a[1]), true),
            .unlinkat => files.unlink(self, number, a[0], text(a[1]), a[2] & sys.AT.REMOVEDIR != 0),
            .renameat2 => files.rename(self, number, a),
            .readlinkat => files.read_link(self, number, a),
            .statx => files.stat(self, number, a),
            .fstatfs => files.stat_system(self, self.at(number, a[0]), @ptrFromInt(a[1])),
            .fchownat, .fchmodat => blk: {
                const path = files.resolve(self, number, a[0], text(a[1]));
                break :blk if (files.is_there(self, path)) 0 else failed(.NOENT);
            },
            .chdir => blk: {
                self.directory = self.print("{s}", .{text(a[0])});
                break :blk 0;
            },
            .close => blk: {
                const fd = self.at(number, a[0]);
                const channel = fd.channel;
                fd.* = .{};
                if (self.current == null) self.close_channel(channel);
                break :blk 0;
            },
            .close_range => descriptors.close_range(self, a[0], a[1]),
            .dup3 => descriptors.duplicate(self, number, a),
            .fcntl => descriptors.control(self, number, a),
            .ioctl => blk: {
                _ = self.at(number, a[0]);
                if (a[1] != linux.T.FIONREAD) break :blk failed(.NOTTY);
                @as(*i32, @ptrFromInt(a[2])).* = 0;
                break :blk 0;
            },
            // There is nothing to read.
            .splice => blk: {
                _ = self.at(number, a[0]);
                _ = self.at(number, a[2]);
                break :blk 0;
            },
            .memfd_create => blk: {
                const data = self.arena.create(Data) catch @panic("no memory");
                data.* = .empty;
                break :blk self.open(
                    3,
                    .{ .kind = .data, .path = self.print("{s}", .{text(a[0])}), .data = data },
                );
            },
            .pipe2 => descriptors.pipe(self, a[0]),
            .socketpair => blk: {
                const pair: *[2]i32 = @ptrFromInt(a[3]);
                self.channels += 1;
                for (pair) |*fd| fd.* = @intCast(
                    self.open(3, .{ .kind = .channel, .channel = self.channels }),
                );
                break :blk 0;
            },
            .socket => self.open(3, .{ .kind = if (a[0] == linux.AF.NETLINK) .route else .socket }),
            .bind => blk: {
                _ = self.at(number, a[0]);
                const path = std.mem.sliceTo(@as([*:0]const u8, @ptrFromInt(a[1] + 2)), 0);
                break :blk files.make(self, number, words.usize_of(sys.AT.FDCWD), path, false);
            },
            .connect, .listen, .flock, .fchmod, .pidfd_send_signal => blk: {
                const fd = self.at(number, a[0]);
                if (number == .connect and self.starts(number, a[1])) {
                    fd.* = .{ .kind = .connection, .channel = fd.channel };
                }
                if (number == .pidfd_send_signal) break :blk self.signal(fd.pid, @truncate(a[1]));
                break :blk 0;
            },
            .sendmsg => blk: {
                const packet = passing.packet_of(a[1]);
                const to = self.at(number, a[0]);
                switch (to.kind) {
                    .channel, .connection => if (self.current == null)
                        self.hear(to.channel, packet)
                    else
                        self.send_from_child(to.channel, packet, a[1]),
                    .route => messages.ask_route(self, packet),
                    else => {},
                }
                break :blk packet.len;
            },
            .recvmsg => messages.receive(self, self.at(number, a[0]), a[1]),
            .ppoll => self.poll(number, a),
            .clone3 => @panic("the bunc process does not fork"),
            .kill => self.signal(signed(a[0]), @truncate(a[1])),
            .wait4 => self.wait(signed(a[0]), a[1]),
            .pidfd_open => blk: {
                if (self.children.find(signed(a[0])) == null) break :blk failed(.SRCH);
                break :blk self.open(
                    3,
                    .{
                        .kind = .pidfd,
                        .pid = signed(a[0]),
                        .path = self.print("process {d}", .{signed(a[0])}),
                    },
                );
            },
            .open_tree => self.open(
                3,
                .{ .kind = .passed, .path = self.print("mount of {s}", .{text(a[1])}) },
            ),
            .setns, .mount_setattr => blk: {
                _ = self.at(number, a[0]);
                break :blk 0;
            },
            .mount => 0,
            .mmap => @intFromPtr((self.arena.alignedAlloc(u8, .@"16", a[1]) catch @panic("no memory")).ptr),
            .prlimit64 => blk: {
                if (a[3] != 0) @as(*sys.RLimit, @ptrFromInt(a[3])).* = .{ .soft = 1024, .hard = 4096 };
                break :blk 0;
            },
            .clock_gettime => blk: {
                self.clock_ms += 1;
                @as(*[2]i64, @ptrFromInt(a[1])).* = .{
                    @intCast(self.clock_ms / 1000),
                    @intCast(self.clock_ms % 1000 * 1_000_000),
                };
                break :blk 0;
            },
            .rt_sigprocmask => blk: {
                if (a[2] != 0) @as(*u64, @ptrFromInt(a[2])).* = self.mask;
                break :blk 0;
            },
            .sched_getaffinity => blk: {
                @memset(bytes(a[2], 8), 0xff);
                break :blk 8;
            },
            .bpf => device_rules.bpf(self, number, a),
            .getpid => own_pid,
            .munmap, .rt_sigaction, .sched_setaffinity => 0,
            else => std.debug.panic("the rehearsed host has no answer to {t}", .{number}),
        };
    }

    /// bunc-init has finished its turn.
    pub fn next_turn(self: *Host) void {
        const peer = &self.peer.?;
        if (peer.at < peer.script.made.len) self.init_made = peer.script.made[peer.at];
        peer.at += 1;
    }

    /// bunc-init waits at this socket.
    fn starts(self: *Host, number: linux.SYS, address: usize) bool {
        const peer = self.peer orelse return false;
        if (@as(*const u16, @ptrFromInt(address)).* != linux.AF.UNIX) return false;
        const whole = files.resolve(self, number, words.usize_of(sys.AT.FDCWD), text(address + 2));
        return peer.turn() == .wait_for_start and std.mem.eql(u8, whole, peer.plan.process.start_socket);
    }

    fn write(self: *Host, to: *Descriptor, what: []const u8) usize {
        switch (to.kind) {
            .channel, .connection => self.hear(to.channel, what),
            .data => to.data.?.appendSlice(self.arena, what) catch @panic("no memory"),
            .file => files.wrote(self, to, what),
            else => {},
        }
        return what.len;
    }

    fn hear(self: *Host, channel: u32, packet: []const u8) void {
        if (self.criu_at(channel)) |criu| {
            criu.heard += 1;
        } else if (self.peer) |*peer| peer.hear(self.arena, packet);
    }

    pub fn criu_at(self: *Host, channel: u32) ?*criu_types.Session {
        const criu = if (self.criu) |*it| it else return null;
        return if (criu.channel == channel) criu else null;
    }

    fn send_from_child(self: *Host, channel: u32, packet: []const u8, address: usize) void {
        self.in_flight.append(self.arena, .{
            .channel = channel,
            .packet = self.arena.dupe(u8, packet) catch @panic("no memory"),
            .passes = self.at(.sendmsg, words.usize_of(passing.descriptor_of(address))).*,
        }) catch @panic("no memory");
    }

    /// A bunc-init that waits for its parent reads the end of the channel, and exits; so does CRIU.
    fn close_channel(self: *Host, channel: u32) void {
        for (self.descriptors) |fd| if (fd.channel == channel) return;
        if (self.criu_at(channel)) |criu| if (self.children.find(criu.pid)) |process| {
            children.Children.end(process, if (criu.is_done()) 0 else 1 << 8);
        };
        const peer = if (self.peer) |*it| it else return;
        if (peer.channel != channel) return;
        switch (peer.turn()) {
            .wait_for_start, .execute => return,
            else => |turn| if (self.children.find(peer.pid)) |process| {
                children.Children.end(process, if (turn == .end) 0 else 1 << 8);
            },
        }
    }

    /// These errnos mean that the other end is gone.
    pub fn refused(self: *Host, number: linux.SYS, a: [6]usize, errno: linux.E) void {
        if (number != .sendmsg and number != .recvmsg) return;
        if (errno != .PIPE and errno != .CONNRESET) return;
        const channel = self.at(number, a[0]).channel;
        const pid = if (self.criu_at(channel)) |criu| criu.pid else blk: {
            const peer = self.peer orelse return;
            if (channel != peer.channel) return;
            break :blk peer.pid;
        };
        if (self.children.find(pid)) |process| children.Children.end(process, children.sigkill);
    }

    /// A call that would wait forever ends the rehearsal.
    pub fn get_stuck(_: *Host, why: []const u8) noreturn {
        process_end.end(.{ .stuck = why });
    }

    fn poll(self: *Host, number: linux.SYS, a: [6]usize) usize {
        var ready: usize = 0;
        // If there are none, the address does not matter.
        const polled: []sys.PollFd = if (a[1] == 0) &.{} else @as([*]sys.PollFd, @ptrFromInt(a[0]))[0..a[1]];
        for (polled) |*each| {
            each.revents = 0;
            if (each.fd < 0) continue;
            const fd = self.at(number, words.usize_of(each.fd));
            const is_ready = switch (fd.kind) {
                .pidfd => if (self.children.find(fd.pid)) |process| process.state != .running else true,
                // There is a message, or the end of file.
                .file, .channel => true,
                else => false,
            };
            if (!is_ready) continue;
            each.revents = each.events;
            ready += 1;
        }
        if (ready > 0) return ready;
        if (a[2] == 0) self.get_stuck("poll: nothing comes");
        const time: *const [2]i64 = @ptrFromInt(a[2]);
        self.clock_ms += @intCast(time[0] * 1000 + @divTrunc(time[1], 1_000_000));
        return 0;
    }

    fn wait(self: *Host, pid: i32, status: usize) usize {
        const process = self.children.find(pid) orelse return failed(.CHILD);
        if (process.state == .running) self.get_stuck("wait4: the process does not end");
        process.state = .reaped;
        if (status != 0) @as(*u32, @ptrFromInt(status)).* = process.status;
        return @intCast(pid);
    }

    fn signal(self: *Host, pid: i32, number: u32) usize {
        const process = self.children.find(pid) orelse return failed(.SRCH);
        if (number == children.sigkill) children.Children.end(process, children.sigkill);
        return 0;
    }

    pub fn child(self: *Host, args: *const sys.CloneArgs) usize {
        const process = self.children.make();
        self.current = process;
        if (args.flags & linux.CLONE.INTO_CGROUP != 0) {
            const cgroup = self.at(.clone3, @intCast(args.cgroup)).path;
            process.cgroups.append(self.arena, cgroup) catch @panic("no memory");
        }
        if (args.flags & linux.CLONE.PIDFD != 0) {
            const pidfd: *i32 = @ptrFromInt(args.pidfd);
            pidfd.* = @intCast(
                self.open(
                    3,
                    .{
                        .kind = .pidfd,
                        .pid = process.pid,
                        .path = self.print("process {d}", .{process.pid}),
                    },
                ),
            );
        }
        return @intCast(process.pid);
    }

    pub fn exited(self: *Host, status: u8) void {
        const process = self.current orelse return;
        children.Children.end(process, @as(u32, status) << 8);
        self.current = null;
    }

    /// bunc-init and CRIU continue; any other program succeeds.
    pub fn executed(self: *Host, number: linux.SYS, a: [6]usize) void {
        const process = self.current.?;
        self.current = null;
        process.has_program = true;
        const vector: [*:null]const ?[*:0]const u8 = @ptrFromInt(a[if (number == .execve) 1 else 2]);
        const arguments = std.mem.span(vector);
        if (number == .execveat) return self.begin_init(process, arguments);
        if (std.mem.eql(u8, std.mem.span(arguments[0].?), "criu")) return criu_types.begin(self, process);
        files.map_by_helper(self, text(a[0]), arguments);
        children.Children.end(process, 0);
    }

    fn begin_init(self: *Host, process: *children.Process, arguments: []const ?[*:0]const u8) void {
        var fds: [2]usize = undefined;
        for (&fds, arguments[1..3]) |*fd, argument| {
            fd.* = std.fmt.parseInt(usize, std.mem.span(argument.?), 10) catch unreachable;
            if (self.at(.execveat, fd.*).cloexec) self.stray = .execveat;
        }
        const encoded = self.at(.execveat, fds[1]).data orelse @panic("bunc-init has no plan");
        var decoder: wire.Decoder = .{
            .bytes = self.arena.dupe(u8, encoded.items) catch @panic("no memory"),
            .allocator = self.arena,
        };
        const plan = decoder.decode(plan_types.Plan) catch @panic("bunc-init cannot read its plan");
        for (plan.placement.tasks) |tasks| {
            const cgroup = std.fs.path.dirnamePosix(tasks).?;
            self.children.move(process, std.fs.path.dirnamePosix(cgroup).?, cgroup);
        }
        const stage = std.mem.span(arguments[4].?);
        process.own_user_namespace = plan.namespaces.create & linux.CLONE.NEWUSER != 0;
        self.peer = .{
            .plan = plan,
            .pid = process.pid,
            .channel = self.at(.execveat, fds[0]).channel,
            .script = self.run_init(self, &plan, encoded.items, stage),
        };
    }

    pub fn keep_effect(self: *Host, number: linux.SYS, a: [6]usize) void {
        const effect = switch (number) {
            .write => blk: {
                const to = self.of(signed(a[0])) orelse return;
                if (!files.is_of_kernel(self, to.path)) return;
                break :blk note.write(self, number, a);
            },
            .prlimit64 => if (a[2] == 0) return else note.write(self, number, a),
            .renameat2 => self.print("file {s}", .{text(a[3])}),
            .mkdirat, .mount, .sched_setaffinity, .bpf, .fchownat => note.write(self, number, a),
            .clone3 => note.write(self, number, a),
            else => return,
        };
        self.effects.append(self.arena, effect) catch @panic("no memory");
    }
};
