//! Names and numbers of the system calls of every architecture, made at
//! compile time from std.os.linux.syscalls: one blob of names, one static hash
//! table over it, and per numbering one array of 16-bit slots. About 28 KiB
//! for all fourteen numberings.
//!
//! Runs in the library (process `bunc`); pure, no allocation.

const std = @import("std");
const arch = @import("arch.zig");
const s390_compat = @import("s390_compat.zig");
const syscalls = std.os.linux.syscalls;
const Table = arch.Table;

/// Index of a name; the same for all architectures.
pub const NameId = u16;

/// A number within its table, small enough to index a dense array; slots sort
/// as the numbers do.
pub const Slot = u16;

/// Slots are below this.
pub const slot_count = 608;

/// From this slot on: the private system calls of ARM, whose numbers start at
/// arch.arm_private_base.
const private_slot = 592;

const no_slot: Slot = std.math.maxInt(Slot);

/// The number of a slot of `table`.
pub fn number_of(table: Table, slot: Slot) u32 {
    std.debug.assert(slot < slot_count);
    if (slot >= private_slot) return arch.arm_private_base + (slot - private_slot);
    return table.base() + slot;
}

/// The slot of the named system call in `table`; null if that numbering has
/// no such call.
pub fn slot_of(table: Table, id: NameId) ?Slot {
    const slot = data.slots[@intFromEnum(table)][id];
    return if (slot == no_slot) null else slot;
}

/// The id of a name that any of the numberings knows.
pub fn find(text: []const u8) ?NameId {
    var index = hash(text) % hash_size;
    while (data.buckets[index] != 0) : (index = (index + 1) % hash_size) {
        const id: NameId = data.buckets[index] - 1;
        if (std.mem.eql(u8, name(id), text)) return id;
    }
    return null;
}

pub fn name(id: NameId) []const u8 {
    return data.blob[data.offsets[id]..data.offsets[id + 1]];
}

/// The name of a number in `table`, for explanations: a linear search.
pub fn name_of_number(table: Table, number: u32) ?[]const u8 {
    for (0..data.name_count) |index| {
        const id: NameId = @intCast(index);
        const slot = slot_of(table, id) orelse continue;
        if (number_of(table, slot) == number) return name(id);
    }
    return null;
}

pub const name_count = data.name_count;

/// A power of two, so that the load stays near a quarter and a lookup takes
/// little more than one probe.
const hash_size = 2048;

fn hash(text: []const u8) u32 {
    var state: u32 = 0x811c_9dc5;
    for (text) |byte| state = (state ^ byte) *% 0x0100_0193;
    return state ^ (state >> 15);
}

/// Where std's field name is not the kernel's name (std drops leading
/// underscores, and names some calls after their generic form).
fn kernel_name(comptime table: Table, comptime field: []const u8) []const u8 {
    const eql = std.mem.eql;
    if (eql(u8, field, "llseek")) return "_llseek";
    if (eql(u8, field, "newselect")) return "_newselect";
    if (eql(u8, field, "sysctl")) return "_sysctl";
    if (eql(u8, field, "fstatat64")) switch (table) {
        .x86_64, .x32, .aarch64, .mips_n64, .mips_n32 => return "newfstatat",
        .powerpc64, .riscv64, .s390x, .loongarch64 => return "newfstatat",
        else => {},
    };
    if (eql(u8, field, "fadvise64_64") and table == .arm) return "arm_fadvise64_64";
    if (eql(u8, field, "sync_file_range")) switch (table) {
        .arm => return "arm_sync_file_range",
        .powerpc, .powerpc64 => return "sync_file_range2",
        else => {},
    };
    return field;
}

fn Numbering(comptime table: Table) type {
    return switch (table) {
        .x86 => syscalls.X86,
        .x86_64 => syscalls.X64,
        .x32 => syscalls.X32,
        .arm => syscalls.Arm,
        .aarch64 => syscalls.Arm64,
        .mips_o32 => syscalls.MipsO32,
        .mips_n64 => syscalls.MipsN64,
        .mips_n32 => syscalls.MipsN32,
        .powerpc => syscalls.PowerPC,
        .powerpc64 => syscalls.PowerPC64,
        .riscv64 => syscalls.RiscV64,
        .s390, .s390x => syscalls.S390x,
        .loongarch64 => syscalls.LoongArch64,
    };
}

const table_count = @typeInfo(Table).@"enum".fields.len;

const data = build();

fn Data(comptime names: usize, comptime bytes: usize) type {
    return struct {
        comptime name_count: usize = names,
        blob: [bytes]u8,
        offsets: [names + 1]u16,
        buckets: [hash_size]u16,
        slots: [table_count][names]Slot,
    };
}

/// Names in order of first appearance; filled while the numberings are read.
const Collector = struct {
    names: [1024][]const u8 = undefined,
    count: u16 = 0,
    bytes: usize = 0,
    buckets: [hash_size]u16 = @splat(0),
    slots: [table_count][1024]Slot = @splat(@splat(no_slot)),

    fn id_of(self: *Collector, comptime text: []const u8) NameId {
        var index = hash(text) % hash_size;
        while (self.buckets[index] != 0) : (index = (index + 1) % hash_size) {
            if (std.mem.eql(u8, self.names[self.buckets[index] - 1], text)) return self.buckets[index] - 1;
        }
        self.names[self.count] = text;
        self.count += 1;
        self.bytes += text.len;
        self.buckets[index] = self.count;
        return self.count - 1;
    }

    fn read(self: *Collector, comptime table: Table) void {
        for (@typeInfo(Numbering(table)).@"enum".fields) |field| {
            const id = self.id_of(kernel_name(table, field.name));
            const slot: Slot = if (field.value >= arch.arm_private_base and table == .arm)
                private_slot + (field.value - arch.arm_private_base)
            else
                field.value - table.base();
            std.debug.assert(slot < slot_count);
            std.debug.assert((slot >= private_slot) == (field.value != table.base() + slot));
            self.slots[@intFromEnum(table)][id] = slot;
        }
    }

    fn read_s390(self: *Collector) void {
        self.read(.s390);
        for (s390_compat.differences) |difference| {
            const id = self.id_of(difference[0]);
            self.slots[@intFromEnum(Table.s390)][id] = difference[1] orelse no_slot;
        }
    }
};

fn build() blk: {
    @setEvalBranchQuota(20_000_000);
    const collected = collect();
    break :blk Data(collected.count, collected.bytes);
} {
    @setEvalBranchQuota(20_000_000);
    const collected = comptime collect();
    var result: Data(collected.count, collected.bytes) = undefined;
    var offset: u16 = 0;
    for (0..collected.count) |id| {
        const text = collected.names[id];
        result.offsets[id] = offset;
        @memcpy(result.blob[offset..][0..text.len], text);
        offset += text.len;
    }
    result.offsets[collected.count] = offset;
    result.buckets = collected.buckets;
    for (0..table_count) |table| result.slots[table] = collected.slots[table][0..collected.count].*;
    return result;
}

fn collect() Collector {
    @setEvalBranchQuota(20_000_000);
    comptime {
        var collector: Collector = .{};
        for (@typeInfo(Table).@"enum".fields) |field| {
            const table: Table = @enumFromInt(field.value);
            if (table == .s390) collector.read_s390() else collector.read(table);
        }
        return collector;
    }
}

test "every name is found, and has the number of std's table" {
    const testing = std.testing;
    for (0..name_count) |index| {
        const id: NameId = @intCast(index);
        try testing.expectEqual(id, find(name(id)).?);
    }
    inline for (@typeInfo(Table).@"enum".fields) |field| {
        const table: Table = @enumFromInt(field.value);
        if (table == .s390) continue;
        @setEvalBranchQuota(1_000_000);
        inline for (@typeInfo(Numbering(table)).@"enum".fields) |call| {
            const id = find(kernel_name(table, call.name)).?;
            try testing.expectEqual(@as(u32, call.value), number_of(table, slot_of(table, id).?));
        }
    }
}

test "spot checks against the kernel's tables" {
    const Case = struct { Table, []const u8, ?u32 };
    const cases = [_]Case{
        .{ .x86_64, "read", 0 },
        .{ .x86_64, "newfstatat", 262 },
        .{ .x86_64, "fstatat64", null },
        .{ .x86, "fstatat64", 300 },
        .{ .x86, "_llseek", 140 },
        .{ .x32, "execve", 0x4000_0000 + 520 },
        .{ .arm, "set_tls", 0x000f_0005 },
        .{ .arm, "arm_sync_file_range", 341 },
        .{ .aarch64, "open", null },
        .{ .mips_n64, "read", 5000 },
        .{ .powerpc64, "sync_file_range2", 308 },
        .{ .s390, "getuid", 24 },
        .{ .s390x, "getuid", 199 },
        .{ .s390, "newfstatat", null },
        .{ .riscv64, "riscv_hwprobe", 258 },
    };
    for (cases) |case| {
        const table, const text, const expected = case;
        const slot = slot_of(table, find(text).?);
        try std.testing.expectEqual(expected, if (slot) |value| number_of(table, value) else null);
    }
    try std.testing.expectEqual(null, find("llseek"));
    try std.testing.expectEqual(null, find(""));
    try std.testing.expectEqual(null, find("no_such_call"));
}
