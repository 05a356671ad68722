//! Device rules of a cgroup v2: an eBPF program loaded with bpf(2) and attached to the cgroup, atomically
//! replacing the one before. Runs in the bunc process.
//!
//! RLIMIT_MEMLOCK is left alone: from 5.11 on the kernel charges BPF memory to the cgroup, not to the limit.

const std = @import("std");
const sys = @import("../sys.zig");
const groups = @import("group.zig");
const device_program = @import("device_program.zig");
const Call = @import("../call.zig").Call;
const Cgroup = groups.Cgroup;
const Instruction = device_program.Instruction;

pub const CgroupDevicesRequest = struct {
    group: Cgroup,
    rules: device_program.DeviceRules,
};
pub const CgroupDevicesReply = struct {
    instructions: u32,
    /// Programs that were attached before and have been removed.
    replaced: u32,
};

/// More rules than this are a mistake: the program would slow down every open(2).
const rules_max = 4096;
/// The kernel's own bound of programs on one cgroup (BPF_CGROUP_MAX_PROGS).
const programs_max = 64;

/// linux/bpf.h
const command_load = 5;
const command_attach = 8;
const command_detach = 9;
const command_fd_by_id = 13;
const command_query = 16;
const type_cgroup_device = 15;
const attach_cgroup_device = 6;
const flag_allow_multi = 2;
const flag_replace = 4;

pub fn cgroup_devices(call: *Call, request: CgroupDevicesRequest) Call.Error!CgroupDevicesReply {
    sys.backend.about("linux.resources.devices");
    if (request.rules.rules.len > rules_max) {
        return call.fail_as(.limit, "bpf", request.group.path, "more than 4096 device rules");
    }
    for (request.rules.rules) |rule| {
        if (rule.access == 0 or rule.access > 7) {
            return call.fail_as(.protocol, "bpf", "access", "not a mask of access kinds");
        }
    }
    try groups.refuse_root(call, "bpf", request.group);
    const target = try request.group.absolute(call);
    const opened = try groups.open(call, request.group) orelse {
        sys.backend.errno = .NOENT;
        return call.fail("openat2", target);
    };
    defer opened.close();
    if (opened.mount.version != .v2) return call.fail_as(.protocol, "bpf", target, "not a cgroup v2");
    // bpf(2) takes no O_PATH descriptor.
    const directory = groups.open_file(opened.directory, ".", sys.O.RDONLY | sys.O.DIRECTORY) catch
        return call.fail("openat2", target);
    defer sys.close(directory);

    const buffer = try call.arena.alloc(Instruction, device_program.length_max(request.rules));
    const program = device_program.generate(request.rules, buffer);
    const fd = try load(call, program, target);
    defer sys.close(fd);

    var old: Programs = .{};
    defer old.close();
    old.find(directory) catch return call.fail_as(.system, "bpf", target, "BPF_PROG_QUERY");
    if (old.count == 1) {
        attach(directory, fd, flag_allow_multi | flag_replace, old.fds[0]) catch
            return call.fail_as(.system, "bpf", target, "BPF_PROG_ATTACH");
        return .{ .instructions = @intCast(program.len), .replaced = 1 };
    }
    attach(directory, fd, flag_allow_multi, 0) catch
        return call.fail_as(.system, "bpf", target, "BPF_PROG_ATTACH");
    // Several programs must all agree: the earlier ones could only deny more.
    for (old.fds[0..old.count]) |program_fd| {
        detach(directory, program_fd) catch return call.fail_as(.system, "bpf", target, "BPF_PROG_DETACH");
    }
    return .{ .instructions = @intCast(program.len), .replaced = old.count };
}

fn bpf(command: usize, attributes: anytype) sys.Error!usize {
    var attempt: u32 = 0;
    while (true) : (attempt += 1) {
        // EAGAIN: a signal interrupted the verifier.
        return sys.call(.bpf, .{ command, attributes, @sizeOf(@TypeOf(attributes.*)) }) catch {
            if ((sys.is(.AGAIN) or sys.is(.INTR)) and attempt < 32) continue;
            return error.Sys;
        };
    }
}

const LoadAttributes = extern struct {
    program_type: u32 = type_cgroup_device,
    instruction_count: u32,
    instructions: u64,
    license: u64,
    log_level: u32 = 0,
    log_size: u32 = 0,
    log: u64 = 0,
};

fn load(call: *Call, program: []const Instruction, target: []const u8) Call.Error!sys.fd_t {
    const license: [*:0]const u8 = "Apache-2.0";
    var attributes: LoadAttributes = .{
        .instruction_count = @intCast(program.len),
        .instructions = @intFromPtr(program.ptr),
        .license = @intFromPtr(license),
    };
    if (bpf(command_load, &attributes)) |fd| return @intCast(fd) else |_| {}
    // Again, with the verifier's log, which is only needed now.
    const log = try call.arena.alloc(u8, 64 * 1024);
    log[0] = 0;
    attributes.log_level = 1;
    attributes.log_size = @intCast(log.len);
    attributes.log = @intFromPtr(log.ptr);
    const errno = sys.backend.errno;
    if (bpf(command_load, &attributes)) |fd| return @intCast(fd) else |_| {}
    sys.backend.errno = errno;
    const words = std.mem.trimEnd(u8, std.mem.sliceTo(log, 0), "\n");
    const last = words[words.len - @min(words.len, 512) ..];
    return call.fail_as(.system, "bpf", target, if (last.len == 0) "BPF_PROG_LOAD" else last);
}

const AttachAttributes = extern struct {
    target: u32,
    program: u32,
    attach_type: u32 = attach_cgroup_device,
    flags: u32 = 0,
    replace: u32 = 0,
};

fn attach(directory: sys.fd_t, program: sys.fd_t, flags: u32, replace: sys.fd_t) sys.Error!void {
    const attributes: AttachAttributes = .{
        .target = @intCast(directory),
        .program = @intCast(program),
        .flags = flags,
        .replace = @intCast(replace),
    };
    _ = try bpf(command_attach, &attributes);
}

fn detach(directory: sys.fd_t, program: sys.fd_t) sys.Error!void {
    const attributes: AttachAttributes = .{ .target = @intCast(directory), .program = @intCast(program) };
    _ = try bpf(command_detach, &attributes);
}

/// Complete up to `revision`: kernels 6.17 to 7.1 write that field whatever size they are told.
const QueryAttributes = extern struct {
    target: u32,
    attach_type: u32 = attach_cgroup_device,
    query_flags: u32 = 0,
    attach_flags: u32 = 0,
    program_ids: u64,
    program_count: u32 = programs_max,
    padding: u32 = 0,
    program_attach_flags: u64 = 0,
    link_ids: u64 = 0,
    link_attach_flags: u64 = 0,
    revision: u64 = 0,
};

const Programs = struct {
    fds: [programs_max]sys.fd_t = undefined,
    count: u32 = 0,

    fn find(self: *Programs, directory: sys.fd_t) sys.Error!void {
        var ids: [programs_max]u32 = undefined;
        var query: QueryAttributes = .{ .target = @intCast(directory), .program_ids = @intFromPtr(&ids) };
        _ = try bpf(command_query, &query);
        for (ids[0..@min(query.program_count, programs_max)]) |id| {
            var attributes: extern struct { id: u32 } = .{ .id = id };
            const fd = bpf(command_fd_by_id, &attributes) catch {
                // Gone meanwhile, or hidden by a security module: it can only restrict further.
                if (sys.is(.NOENT) or groups.is_permission()) continue;
                return error.Sys;
            };
            self.fds[self.count] = @intCast(fd);
            self.count += 1;
        }
    }

    fn close(self: *Programs) void {
        for (self.fds[0..self.count]) |fd| sys.close(fd);
    }
};
