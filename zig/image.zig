//! The image of the started program. The build starts the program once, lets it go through its hot commands
//! and stops it in the middle of a call (`take`); what its memory holds becomes one more segment of the
//! executable (build/image.ts). Each start maps that memory to its places and goes on behind the call:
//!
//!   kernel ──▶ entry stub ──▶ start: does the image fit here? ──▶ map, renew ──▶ `take` returns, in JavaScript
//!                                       │ no                                      (src/image.ts)
//!                                       └──▶ the normal start: libc, Bun, evaluation
//!
//! `start` runs before libc, on the kernel's stack. Nothing that the normal start needs is replaced before
//! every call that can fail has been made. docs/decisions/0007-image.md

const std = @import("std");
const linux = std.os.linux;
const is_real = @import("sys/kernel.zig").is_real;
const cpu = @import("image/cpu.zig");
const code = @import("image/code.zig");
const processor = @import("image/processor.zig");
const context = @import("image/context.zig");
const environment = @import("entry/environment.zig");
const population = @import("image/populate.zig");
const forgetting = @import("image/forget.zig");
const rest = @import("entry/rest.zig");
comptime {
    _ = @import("image/pieces.zig");
}
pub const Block = @import("entry/block.zig").Block;

/// Why a start did not use the image. The order is that of `reasons` in src/host/start-record.ts.
pub const Reason = enum(u8) {
    /// The executable was built without an image.
    none,
    /// BUNC_START=normal
    asked,
    /// The processor is below the level that the image is made for.
    processor,
    page_size,
    /// The image's addresses are in use, or a limit of the address space is too low.
    memory,
    /// This is the program of which the build takes the image.
    recording,
};

fn List(comptime T: type) type {
    return extern struct { count: usize, items: [*]const T };
}

/// Memory that must be free, in one mmap(2) each.
pub const Area = extern struct { address: usize, size: usize, protection: usize };

/// A system call, whose arguments the build knows; or `copy`, with the address of memory, its size, and where
/// to copy it.
pub const Call = extern struct { number: usize, arguments: [6]usize };
const copy = 0xffff_ffff;

/// At the beginning of the segment. Written by the build (build/image/table.ts).
pub const Header = extern struct {
    features: cpu.Features,
    page_size: usize,
    areas: List(Area),
    /// Into the areas: may fail, and then the normal start is still possible.
    fill: List(Call),
    /// Over the data of the program itself.
    replace: List(Call),
    /// The copies of the auxiliary vector, from which libc learns of the machine and the process.
    auxiliary: List([*]usize),
    /// Words that hold libc's stack guard.
    guards: List(*usize),
    /// Where libc has the thread's id: in its own record, and in the locks that are held.
    tids: List(*u32),
    profiles: List(population.Profile),
    ranges: List(population.Range),
    stopped: *Stopped,
    environ: *usize,
    /// Of the just-in-time compiler.
    code: Area,
    /// Not 0: the build watches what this start touches (build/image/watch.ts).
    watched: usize,
};

/// What only the stopped process can tell. In its memory, and so in the image.
pub const Stopped = extern struct {
    stack: usize = 0,
    thread: usize = 0,
    features: cpu.Features = .{},
    /// Of the kernel, from signal 1 on: handler, flags, restorer, mask.
    actions: [64][4]usize = undefined,
};

/// The segment; the build writes the address (so not into .bss, which is not in the file). Null: there is no
/// image.
pub var bunc_image: ?*const Header linksection(".data.image") = null;
/// 1 in the program of which the build takes the image.
pub var bunc_recording: u8 linksection(".data.image") = 0;
pub var bunc_stopped: Stopped = .{};

comptime {
    // Another core in the same executable (recording.zig) has no image.
    if (is_real) {
        @export(&bunc_image, .{ .name = "bunc_image" });
        @export(&bunc_recording, .{ .name = "bunc_recording" });
        @export(&bunc_stopped, .{ .name = "bunc_stopped" });
        @export(&bunc_has_image_stack, .{ .name = "bunc_has_image_stack" });
    }
}

/// Of this start; set where the image was used.
pub var block: ?Block = null;
var used: ?*const Header = null;

/// What has mapped and filled this process's memory; null: it has not started from the image.
pub fn usedCalls() ?[]const Call {
    const header = @as(*const volatile ?*const Header, &used).* orelse return null;
    return header.fill.items[0..header.fill.count];
}

/// What the kernel gave to a process that has started from the image; null: this has not.
pub fn usedBlock() ?Block {
    return @as(*const volatile ?Block, &block).*;
}

/// Gives back what Bun has in memory. Nothing of Bun's may run in this process any more, and there must be no
/// other thread.
pub fn forget() void {
    forgetting.forget(@as(*const volatile ?*const Header, &used).*.?, usedBlock().?);
}

/// Whether the build looks at what this process has touched when it ends.
pub fn isWatched() bool {
    const header = @as(*const volatile ?*const Header, &used).* orelse return false;
    return header.watched != 0;
}

pub fn isRecording() bool {
    return @as(*const volatile u8, &bunc_recording).* != 0;
}

/// Whether the main thread's stack is where that of an image is.
pub fn bunc_has_image_stack() callconv(.c) bool {
    return isRecording() or @as(*const volatile ?*const Header, &used).* != null;
}

/// Stops this process for the build. → false: it was continued; true: this is another process, that started
/// from here.
pub fn take() bool {
    for (&bunc_stopped.actions, 1..) |*action, signal| {
        action.* = @splat(0);
        _ = linux.syscall4(.rt_sigaction, signal, 0, @intFromPtr(action), 8);
    }
    const illegal = @intFromEnum(linux.SIG.ILL) - 1;
    const restorer = bunc_stopped.actions[@intFromEnum(linux.SIG.SEGV) - 1][2];
    bunc_stopped.actions[illegal] = processor.bunc_illegal_action;
    bunc_stopped.actions[illegal][2] = restorer;
    bunc_stopped.features = cpu.level;
    bunc_stopped.thread = context.threadPointer();
    @as(*volatile u8, &bunc_recording).* = 0;
    return context.stop(&bunc_stopped.stack);
}

/// Goes on from the image, and then does not return; otherwise → why not.
pub fn start(given: Block) Reason {
    const header = @as(*const volatile ?*const Header, &bunc_image).* orelse return .none;
    if (asksForNormal(given.environment)) return .asked;
    if (given.auxiliaryValue(std.elf.AT_PAGESZ) != header.page_size) return .page_size;
    if (!cpu.features().cover(header.features)) return .processor;
    if (!fill(header)) return .memory;

    // From here on there is one way only. These calls take memory from one place of this process to another;
    // none of them needs more than those before did.
    for (header.replace.items[0..header.replace.count]) |call| {
        if (!succeeds(call)) startAgain(given);
    }
    const ranges = header.ranges.items[0..header.ranges.count];
    population.populate(header.profiles.items[0..header.profiles.count], ranges, given.arguments[2..]);
    rest.take(given.environment);
    restoreSignals(&header.stopped.actions, header.code);
    const tid = context.setThread(header.stopped.thread);
    for (header.tids.items[0..header.tids.count]) |place| place.* = tid;
    const kept = environment.clean(@ptrCast(given.environment)).len;
    given.environment.ptr[kept] = 0;
    header.environ.* = @intFromPtr(given.environment.ptr);
    for (header.auxiliary.items[0..header.auxiliary.count]) |vector| renewAuxiliary(vector, given);
    const guard = newGuard(given);
    for (header.guards.items[0..header.guards.count]) |word| word.* = guard;
    @as(*volatile ?Block, &block).* = given;
    @as(*volatile ?*const Header, &used).* = header;
    context.proceed(header.stopped.stack);
}

/// BUNC_START=normal
fn asksForNormal(entries: []const usize) bool {
    for (entries) |entry| {
        if (std.mem.orderZ(u8, @ptrFromInt(entry), "BUNC_START=normal") == .eq) return true;
    }
    return false;
}

/// Maps and fills what the program itself has not. → false: nothing of it is left.
fn fill(header: *const Header) bool {
    const areas = header.areas.items[0..header.areas.count];
    for (areas, 0..) |area, index| {
        if (reserve(area)) continue;
        release(areas[0..index]);
        return false;
    }
    for (header.fill.items[0..header.fill.count]) |call| {
        // Advice is not needed for correctness, and a kernel may be built without.
        if (succeeds(call) or call.number == @intFromEnum(linux.SYS.madvise)) continue;
        release(areas);
        return false;
    }
    return true;
}

fn reserve(area: Area) bool {
    const flags: linux.MAP =
        .{ .TYPE = .PRIVATE, .ANONYMOUS = true, .FIXED_NOREPLACE = true, .NORESERVE = true };
    const result = linux.syscall6(
        .mmap,
        area.address,
        area.size,
        area.protection,
        @as(u32, @bitCast(flags)),
        std.math.maxInt(usize),
        0,
    );
    if (linux.errno(result) != .SUCCESS) return false;
    if (result == area.address) return true;
    // A kernel that does not know the flag took the address as a hint.
    _ = linux.syscall2(.munmap, result, area.size);
    return false;
}

fn release(areas: []const Area) void {
    for (areas) |area| _ = linux.syscall2(.munmap, area.address, area.size);
}

fn succeeds(call: Call) bool {
    const a = call.arguments;
    if (call.number == copy) {
        const words = a[1] / @sizeOf(usize);
        const target: [*]usize = @ptrFromInt(a[2]);
        const source: [*]const usize = @ptrFromInt(a[0]);
        for (target[0..words], source) |*word, value| word.* = value;
        return true;
    }
    return linux.errno(
        linux.syscall6(@enumFromInt(call.number), a[0], a[1], a[2], a[3], a[4], a[5]),
    ) == .SUCCESS;
}

/// As Bun has them after its start: with handlers of its own, and none blocked; but for a process that
/// finishes what another began, which unblocks them when it has caught them (zig/parent/signals.zig).
fn restoreSignals(actions: *const [64][4]usize, area: Area) void {
    const none: u64 = 0;
    if (rest.text() == null) {
        _ = linux.syscall4(.rt_sigprocmask, linux.SIG.SETMASK, @intFromPtr(&none), 0, @sizeOf(u64));
    }
    for (actions, 1..) |*action, signal| {
        if (signal == @intFromEnum(linux.SIG.SEGV)) {
            code.guard(area, action.*);
        } else if (action[0] != 0) {
            _ = linux.syscall4(.rt_sigaction, signal, @intFromPtr(action), 0, 8);
        }
    }
}

/// Values that this kernel does not give become zero, which stands for nothing.
fn renewAuxiliary(vector: [*]usize, given: Block) void {
    var at: usize = 0;
    while (vector[at] != std.elf.AT_NULL) : (at += 2) {
        vector[at + 1] = given.auxiliaryValue(vector[at]) orelse 0;
    }
}

/// As musl makes it of the kernel's random bytes: its second byte is zero, so that no text can contain it.
fn newGuard(given: Block) usize {
    const random: *align(1) const usize =
        @ptrFromInt(given.auxiliaryValue(std.elf.AT_RANDOM) orelse return 0);
    return random.* & ~@as(usize, 0xff00);
}

/// Memory of the program has been replaced in part: begins anew, with the normal start.
fn startAgain(given: Block) noreturn {
    // Needs no memory but the stack: what is not in this list still is in the program's arguments.
    var entries: [4096:null]?[*:0]const u8 = undefined;
    entries[0] = "BUNC_START=normal";
    var count: usize = 1;
    for (given.environment) |entry| {
        if (count == entries.len) break;
        entries[count] = @ptrFromInt(entry);
        count += 1;
    }
    entries[count] = null;
    const arguments: [*:null]const ?[*:0]const u8 = @ptrCast(given.arguments.ptr + 1);
    _ = linux.execve("/proc/self/exe", arguments, &entries);
    if (given.auxiliaryValue(std.elf.AT_EXECFN)) |path| {
        _ = linux.execve(@ptrFromInt(path), arguments, &entries);
    }
    const text = "bunc: no memory to start\n";
    _ = linux.write(2, text, text.len);
    linux.exit_group(1);
}
