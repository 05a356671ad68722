//! Making a container's cgroups: directories down the tree, v2 controllers enabled along the way, v1
//! cpusets filled from above (an empty one admits no process). Runs in the bunc process.

const std = @import("std");
const sys = @import("../sys.zig");
const groups = @import("group.zig");
const in_use = @import("in_use.zig");
const Call = @import("../call.zig").Call;
const Cgroup = groups.Cgroup;

pub const CgroupToCreate = struct {
    mount: []const u8,
    path: []const u8,
    /// v2: enable, in each directory above, every controller that the directory has.
    enable_controllers: bool,
    /// v2: a cgroup that is, or can only become, threaded is refused: a domain controller is to be used in
    /// it.
    domain: bool,
    /// v1 cpuset hierarchy: values to start with; "" is filled with the parent's.
    cpuset: ?CpusetStart,
    /// EPERM, EACCES and EROFS are reported in the reply, not as a failure.
    tolerate_permission: bool,

    fn group(self: CgroupToCreate) Cgroup {
        return .{ .mount = self.mount, .path = self.path };
    }
};

pub const CpusetStart = struct { cpus: []const u8, mems: []const u8 };

pub const CgroupCreateRequest = struct {
    groups: []const CgroupToCreate,
    /// Make nothing when a target is there already and has processes, or it or one above it is frozen.
    refuse_in_use: bool,
};

pub const CgroupCreateReply = struct {
    /// Set if the request was refused for it; nothing was made then.
    in_use: ?in_use.CgroupInUseReply,
    /// Likewise: a cgroup on the path in which domain controllers do not work.
    threaded: ?CgroupThreaded,
    /// errno for each group of the request, 0: it is there now.
    errnos: []const u16,
    /// Where a controller could not be enabled: the reason if a limit later needs it.
    not_enabled: []const ControllerNotEnabled,
};

/// `type` as in its cgroup.type: "threaded", "domain threaded", "domain invalid".
pub const CgroupThreaded = struct { path: []const u8, type: []const u8 };
pub const ControllerNotEnabled = struct { path: []const u8, controller: []const u8, errno: u16 };

/// All or nothing: on a failure, what this call has made is removed again.
pub fn cgroup_create(call: *Call, request: CgroupCreateRequest) Call.Error!CgroupCreateReply {
    sys.backend.about("linux.cgroupsPath");
    var work: Work = .{ .call = call, .mounts = try call.arena.alloc(groups.Mount, request.groups.len) };
    defer work.close_mounts();
    for (request.groups) |wanted| try work.open_mount(wanted.mount);

    if (request.refuse_in_use) {
        var found: in_use.CgroupInUseReply = .{ .occupied = null, .frozen = null };
        for (request.groups, work.mounts) |it, mount| try in_use.look(call, mount, it.group(), &found);
        if (found.occupied != null or found.frozen != null) {
            return .{ .in_use = found, .threaded = null, .errnos = &.{}, .not_enabled = &.{} };
        }
    }
    errdefer work.remove_made();
    const errnos = try call.arena.alloc(u16, request.groups.len);
    for (request.groups, work.mounts, errnos) |wanted, mount, *errno| {
        errno.* = try work.create(wanted, mount);
        if (work.threaded) |found| {
            work.remove_made();
            return .{ .in_use = null, .threaded = found, .errnos = &.{}, .not_enabled = &.{} };
        }
    }
    return .{ .in_use = null, .threaded = null, .errnos = errnos, .not_enabled = work.not_enabled.items };
}

const Error = Call.Error || sys.Error;

const Made = struct { mount: sys.fd_t, path: []const u8 };

const Work = struct {
    call: *Call,
    mounts: []groups.Mount,
    mounts_open: usize = 0,
    made: std.ArrayList(Made) = .empty,
    not_enabled: std.ArrayList(ControllerNotEnabled) = .empty,
    threaded: ?CgroupThreaded = null,

    fn open_mount(self: *Work, path: []const u8) Call.Error!void {
        self.mounts[self.mounts_open] = try groups.open_mount(self.call, path);
        self.mounts_open += 1;
    }

    fn close_mounts(self: *Work) void {
        for (self.mounts[0..self.mounts_open]) |mount| mount.close();
    }

    fn remove_made(self: *Work) void {
        var index = self.made.items.len;
        while (index > 0) {
            index -= 1;
            const made = self.made.items[index];
            // The original failure is the one to report.
            sys.unlinkat(made.mount, made.path, sys.AT.REMOVEDIR) catch {};
        }
    }

    /// The errno if it is tolerated, else 0.
    fn create(self: *Work, wanted: CgroupToCreate, mount: groups.Mount) Call.Error!u16 {
        var directory = groups.open_directory(mount, "") catch return self.call.fail("openat2", wanted.mount);
        defer sys.close(directory);
        var names = std.mem.tokenizeScalar(u8, wanted.path, '/');
        while (names.next()) |name| {
            const below = wanted.path[0..names.index];
            const group: Cgroup = .{ .mount = wanted.mount, .path = below };
            if (wanted.enable_controllers) try self.enable_controllers(directory, group.parent());
            const child = self.enter(mount.fd, directory, group, name) catch |err| switch (err) {
                error.Sys => {
                    if (wanted.tolerate_permission and groups.is_permission()) return sys.errno_number();
                    return self.call.fail("mkdir", try group.absolute(self.call));
                },
                error.OutOfMemory, error.Failed => |other| return other,
            };
            if (mount.version == .v2) {
                errdefer sys.close(child);
                try self.check_type(child, group, wanted.domain);
                if (self.threaded != null) {
                    sys.close(child);
                    return 0;
                }
            }
            if (wanted.cpuset) |start| {
                const last = names.peek() == null;
                const values: CpusetStart = if (last) start else .{ .cpus = "", .mems = "" };
                fill_cpuset(directory, child, values) catch {
                    defer sys.close(child);
                    if (wanted.tolerate_permission and groups.is_permission()) return sys.errno_number();
                    return self.call.fail("write", try group.file(self.call, "cpuset.cpus, cpuset.mems"));
                };
            }
            sys.close(directory);
            directory = child;
        }
        return 0;
    }

    /// `name`: the last of the path of `group`.
    fn enter(self: *Work, mount: sys.fd_t, parent: sys.fd_t, group: Cgroup, name: []const u8) Error!sys.fd_t {
        // An existing directory may be in a parent that we may not write to.
        return groups.open_child(parent, name) catch {
            if (!sys.is(.NOENT)) return error.Sys;
            if (sys.mkdirat(parent, name, 0o755)) {
                try self.made.append(self.call.arena, .{ .mount = mount, .path = group.path });
            } else |_| {
                // Somebody else made it just now.
                if (!sys.is(.EXIST)) return error.Sys;
            }
            return groups.open_child(parent, name);
        };
    }

    /// Best effort: a missing controller is an error only when one of its files is written.
    fn enable_controllers(self: *Work, directory: sys.fd_t, group: Cgroup) Call.Error!void {
        var available_buffer: [1024]u8 = undefined;
        var enabled_buffer: [1024]u8 = undefined;
        const available = groups.read_short(directory, "cgroup.controllers", &available_buffer) catch return;
        const enabled = groups.read_short(directory, "cgroup.subtree_control", &enabled_buffer) catch return;
        var request: [2048]u8 = undefined;
        const missing = missing_controllers(available, enabled, &request);
        if (missing.len == 0) return;
        if (groups.write_value(directory, "cgroup.subtree_control", missing)) return else |_| {}
        // One that is refused (a realtime process in the way, no permission) must not keep the others out.
        var names = std.mem.tokenizeScalar(u8, missing, ' ');
        while (names.next()) |name| {
            groups.write_value(directory, "cgroup.subtree_control", name) catch {
                try self.not_enabled.append(self.call.arena, .{
                    .path = try group.absolute(self.call),
                    .controller = try self.call.arena.dupe(u8, name[1..]),
                    .errno = sys.errno_number(),
                });
            };
        }
    }

    /// cgroups(7), "Thread mode": a cgroup made below one that has processes of its own is "domain invalid".
    fn check_type(self: *Work, directory: sys.fd_t, group: Cgroup, domain: bool) Call.Error!void {
        var buffer: [32]u8 = undefined;
        const kind = groups.read_short(directory, "cgroup.type", &buffer) catch return;
        if (std.mem.eql(u8, kind, "domain")) return;
        if (domain) {
            const path = try group.absolute(self.call);
            self.threaded = .{ .path = path, .type = try self.call.arena.dupe(u8, kind) };
            return;
        }
        if (std.mem.eql(u8, kind, "domain invalid")) {
            // Threaded is the only type it can take; entering it will show whether that is enough.
            groups.write_value(directory, "cgroup.type", "threaded") catch {};
        }
    }
};

fn fill_cpuset(parent: sys.fd_t, child: sys.fd_t, start: CpusetStart) sys.Error!void {
    for ([_][2][]const u8{ .{ "cpuset.cpus", start.cpus }, .{ "cpuset.mems", start.mems } }) |pair| {
        const long, const value = pair;
        var name = long;
        var buffer: [4096]u8 = undefined;
        const now = groups.read_short(child, name, &buffer) catch now: {
            if (!sys.is(.NOENT)) return error.Sys;
            // The hierarchy was mounted with "noprefix".
            name = long["cpuset.".len..];
            break :now try groups.read_short(child, name, &buffer);
        };
        if (value.len > 0) {
            try groups.write_value(child, name, value);
        } else if (now.len == 0) {
            try groups.write_value(child, name, try groups.read_short(parent, name, &buffer));
        }
    }
}

/// "+a +b": those of `available` that are not in `enabled` (both lists separated by spaces), in `buffer`.
fn missing_controllers(available: []const u8, enabled: []const u8, buffer: []u8) []const u8 {
    var length: usize = 0;
    var names = std.mem.tokenizeScalar(u8, available, ' ');
    while (names.next()) |name| {
        var on = std.mem.tokenizeScalar(u8, enabled, ' ');
        const is_on = while (on.next()) |other| {
            if (std.mem.eql(u8, name, other)) break true;
        } else false;
        if (is_on) continue;
        const separator = if (length == 0) "+" else " +";
        const text = std.fmt.bufPrint(buffer[length..], "{s}{s}", .{ separator, name }) catch break;
        length += text.len;
    }
    return buffer[0..length];
}

test missing_controllers {
    const cases = [_]struct { available: []const u8, enabled: []const u8, expected: []const u8 }{
        .{ .available = "cpu io memory", .enabled = "", .expected = "+cpu +io +memory" },
        .{ .available = "cpu io memory", .enabled = "io", .expected = "+cpu +memory" },
        .{ .available = "cpu", .enabled = "cpu", .expected = "" },
        .{ .available = "cpuset", .enabled = "cpu", .expected = "+cpuset" },
        .{ .available = "", .enabled = "", .expected = "" },
    };
    var buffer: [64]u8 = undefined;
    for (cases) |case| {
        try std.testing.expectEqualStrings(
            case.expected,
            missing_controllers(case.available, case.enabled, &buffer),
        );
    }
}
