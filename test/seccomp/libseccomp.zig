//! libseccomp, loaded at run time where it is installed, driven the way runc
//! drives it: the reference for what a profile means. Test only.

const std = @import("std");
const seccomp = @import("seccomp");
const Profile = seccomp.Profile;
const Architecture = seccomp.profile.Architecture;
const Operator = seccomp.profile.Operator;

const Context = *anyopaque;

const Comparison = extern struct {
    argument: c_uint,
    operator: c_uint,
    a: u64,
    b: u64,
};

/// struct scmp_version
pub const Version = extern struct { major: c_uint, minor: c_uint, micro: c_uint };

/// enum scmp_filter_attr
const attribute = struct {
    const no_new_privileges = 3;
    const optimize = 8;
};

/// __NR_SCMP_ERROR
const name_unknown = -1;

pub const Library = struct {
    seccomp_version: *const fn () callconv(.c) *const Version,
    seccomp_init: *const fn (u32) callconv(.c) ?Context,
    seccomp_release: *const fn (Context) callconv(.c) void,
    seccomp_arch_add: *const fn (Context, u32) callconv(.c) c_int,
    seccomp_arch_remove: *const fn (Context, u32) callconv(.c) c_int,
    seccomp_arch_native: *const fn () callconv(.c) u32,
    seccomp_attr_set: *const fn (Context, c_uint, u32) callconv(.c) c_int,
    seccomp_rule_add_array: *const fn (Context, u32, c_int, c_uint, ?[*]const Comparison) callconv(.c) c_int,
    seccomp_export_bpf: *const fn (Context, c_int) callconv(.c) c_int,
    seccomp_syscall_resolve_name: *const fn ([*:0]const u8) callconv(.c) c_int,
    seccomp_syscall_resolve_name_arch: *const fn (u32, [*:0]const u8) callconv(.c) c_int,
    seccomp_syscall_resolve_num_arch: *const fn (u32, c_int) callconv(.c) ?[*:0]u8,

    /// Null if libseccomp.so.2 is not installed.
    pub fn open() ?Library {
        const handle = std.c.dlopen("libseccomp.so.2", .{ .NOW = true }) orelse return null;
        var library: Library = undefined;
        inline for (@typeInfo(Library).@"struct".fields) |field| {
            const address = std.c.dlsym(handle, field.name ++ "") orelse return null;
            @field(library, field.name) = @ptrCast(@alignCast(address));
        }
        return library;
    }

    /// Number that libseccomp has for a name; null if it does not know the
    /// name for that architecture.
    pub fn number(library: *const Library, architecture: Architecture, name: [*:0]const u8) ?u32 {
        const found = library.seccomp_syscall_resolve_name_arch(token(architecture), name);
        return if (found < 0) null else @intCast(found);
    }

    pub fn knows(library: *const Library, name: [*:0]const u8) bool {
        return library.seccomp_syscall_resolve_name(name) != name_unknown;
    }

    /// Rules reach other architectures by way of this machine's number for the
    /// name, or a pseudo number; libseccomp 2.5 has one that two names share.
    pub fn is_unambiguous(library: *const Library, name: [:0]const u8) bool {
        const found = library.seccomp_syscall_resolve_name(name);
        if (found == name_unknown) return true;
        const back = library.seccomp_syscall_resolve_num_arch(library.seccomp_arch_native(), found) orelse
            return false;
        defer std.c.free(back);
        return std.mem.eql(u8, std.mem.span(back), name);
    }

    /// The name of a number is compared in place of the number of a name
    /// where calls are multiplexed: libseccomp hides their direct numbers.
    pub fn has_name(library: *const Library, architecture: Architecture, call: u32, name: []const u8) bool {
        const found = library.seccomp_syscall_resolve_num_arch(token(architecture), @bitCast(call)) orelse
            return false;
        defer std.c.free(found);
        return std.mem.eql(u8, std.mem.span(found), name);
    }
};

/// enum scmp_arch: the audit token, but for x32, which would share x86_64's.
pub fn token(architecture: Architecture) u32 {
    const audit = seccomp.explain.audit_token(architecture);
    return if (architecture == .SCMP_ARCH_X32) audit & ~@as(u32, 0x8000_0000) else audit;
}

pub const BuildError = error{
    /// seccomp_rule_add gave EEXIST: two rules contradict each other.
    Contradiction,
    /// This libseccomp does not have the architecture.
    UnknownArchitecture,
    LibseccompFailed,
} || std.mem.Allocator.Error;

pub const BuildOptions = struct {
    native: Architecture,
    /// SCMP_FLTATR_CTL_OPTIMIZE: 1 is a walk along the calls, 2 a binary tree.
    optimize: u32 = 1,
};

/// The program libseccomp makes of a profile, with the steps that runc takes
/// (libcontainer/seccomp/seccomp_linux.go), without runc's ENOSYS stub. In the
/// byte order of this machine.
pub fn build(
    library: *const Library,
    arena: std.mem.Allocator,
    profile: *const Profile,
    options: BuildOptions,
) BuildError![]seccomp.bpf.Instruction {
    const default_action = profile.default_action.return_value(profile.default_errno_ret);
    const context = library.seccomp_init(default_action) orelse return error.LibseccompFailed;
    defer library.seccomp_release(context);

    const native = token(options.native);
    const machine = library.seccomp_arch_native();
    if (native != machine) {
        // Of another byte order it could not be added beside the machine's own.
        if (library.seccomp_arch_remove(context, machine) != 0) return error.LibseccompFailed;
        if (library.seccomp_arch_add(context, native) != 0) return error.UnknownArchitecture;
    }
    for (profile.architectures) |architecture| {
        const code = library.seccomp_arch_add(context, token(architecture));
        if (code != 0 and code != -@as(c_int, @intFromEnum(std.os.linux.E.EXIST))) {
            return error.UnknownArchitecture;
        }
    }
    if (library.seccomp_attr_set(context, attribute.optimize, options.optimize) != 0) {
        return error.LibseccompFailed;
    }
    if (library.seccomp_attr_set(context, attribute.no_new_privileges, 0) != 0) return error.LibseccompFailed;

    for (profile.syscalls) |rule| {
        const action = rule.action.return_value(rule.errno_ret);
        if (action == default_action) continue;
        for (rule.names) |name| {
            const number = library.seccomp_syscall_resolve_name(try arena.dupeZ(u8, name));
            if (number == name_unknown) continue;
            try add_rule(library, context, action, number, rule.args);
        }
    }
    const program = try export_program(library, arena, context);
    if (seccomp.explain.endian_of(options.native) != @import("builtin").cpu.arch.endian()) {
        to_machine_order(program, profile);
    }
    return program;
}

fn add_rule(
    library: *const Library,
    context: Context,
    action: u32,
    number: c_int,
    arguments: []const seccomp.profile.Argument,
) BuildError!void {
    var comparisons: [16]Comparison = undefined;
    var counts: [6]u8 = @splat(0);
    for (arguments, comparisons[0..arguments.len]) |argument, *comparison| {
        comparison.* = .{
            .argument = argument.index,
            .operator = operator_code(argument.op),
            .a = argument.value.value,
            .b = argument.value_two.value,
        };
        counts[argument.index] += 1;
    }
    const list = comparisons[0..arguments.len];
    if (std.mem.max(u8, &counts) > 1) {
        for (list) |*comparison| try check(
            library.seccomp_rule_add_array(context, action, number, 1, @ptrCast(comparison)),
        );
    } else {
        try check(library.seccomp_rule_add_array(context, action, number, @intCast(list.len), list.ptr));
    }
}

fn check(code: c_int) BuildError!void {
    if (code == 0) return;
    if (code == -@as(c_int, @intFromEnum(std.os.linux.E.EXIST))) return error.Contradiction;
    return error.LibseccompFailed;
}

/// enum scmp_compare
fn operator_code(operator: Operator) c_uint {
    return switch (operator) {
        .SCMP_CMP_NE => 1,
        .SCMP_CMP_LT => 2,
        .SCMP_CMP_LE => 3,
        .SCMP_CMP_EQ => 4,
        .SCMP_CMP_GE => 5,
        .SCMP_CMP_GT => 6,
        .SCMP_CMP_MASKED_EQ => 7,
    };
}

fn export_program(
    library: *const Library,
    arena: std.mem.Allocator,
    context: Context,
) BuildError![]seccomp.bpf.Instruction {
    const linux = std.os.linux;
    const created = linux.memfd_create("seccomp", 0);
    if (linux.errno(created) != .SUCCESS) return error.LibseccompFailed;
    const fd: i32 = @intCast(created);
    defer _ = linux.close(fd);
    if (library.seccomp_export_bpf(context, fd) != 0) return error.LibseccompFailed;
    const size = linux.lseek(fd, 0, linux.SEEK.END);
    if (linux.errno(size) != .SUCCESS or size % @sizeOf(seccomp.bpf.Instruction) != 0) {
        return error.LibseccompFailed;
    }
    const program = try arena.alloc(seccomp.bpf.Instruction, size / @sizeOf(seccomp.bpf.Instruction));
    const bytes = std.mem.sliceAsBytes(program);
    if (linux.pread(fd, bytes.ptr, bytes.len, 0) != bytes.len) return error.LibseccompFailed;
    return program;
}

/// libseccomp writes a program in the byte order of its architectures, so it
/// has to be turned to be run here. When it copies a return, it turns the value
/// twice (gen_bpf.c, _gen_bpf_build_jmp_ret), which no real machine sees: on
/// its own machine a program is never turned.
fn to_machine_order(program: []seccomp.bpf.Instruction, profile: *const Profile) void {
    for (program) |*instruction| {
        instruction.code = @byteSwap(instruction.code);
        if (instruction.code == seccomp.bpf.op.ret_k and is_value_of(profile, instruction.k)) continue;
        instruction.k = @byteSwap(instruction.k);
    }
}

fn is_value_of(profile: *const Profile, value: u32) bool {
    if (value == profile.default_action.return_value(profile.default_errno_ret)) return true;
    for (profile.syscalls) |rule| if (value == rule.action.return_value(rule.errno_ret)) return true;
    return false;
}
