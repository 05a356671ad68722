//! The entry stub: the first code of dist/bunc, before any of Bun's. The build puts it into the executable together
//! with the core and makes it the entry point (build/link-core.ts); the dynamic loader jumps here.
//!
//!   loader ──▶ _start (here) ──▶ what the caller gave is recorded, the environment cleaned ──▶ Bun's _start
//!
//! No libc; what is written is on the stack or in pages mapped here. It never ends the process: a step that fails is
//! left out, and TypeScript finds no record (src/host/start-record.ts).
//! Why all this: docs/decisions/0002-entry-stub.md.

const std = @import("std");
const builtin = @import("builtin");
const linux = std.os.linux;
const environment = @import("entry/environment.zig");
const record = @import("entry/record.zig");

/// Where the rest of the executable is: distances in bytes from this structure itself, so that it is right wherever
/// the kernel maps the file. The build fills in both.
const Links = extern struct {
    magic: [8]u8,
    /// Bun's own entry point.
    entry: usize,
    /// libc's `environ`, which by then points into the block that the kernel made.
    environ: usize,
    /// The exports of the core, for src/native/library.ts.
    abi: *const anyopaque,
    call: *const anyopaque,
};

const lib = @import("lib.zig");

/// First in the segment: the build looks for it there.
pub export const links: Links linksection(".links") = .{ .magic = "bunclink".*, .entry = 0, .environ = 0, .abi = @ptrCast(&lib.bunc_abi), .call = @ptrCast(&lib.bunc_call) };

/// Registers as at the entry of a program, but for those that no ABI gives a meaning there. What must survive is
/// the stack pointer and the loader's cleanup function (rdx, x0).
pub export fn _start() linksection(".entry") callconv(.naked) noreturn {
    switch (builtin.cpu.arch) {
        .x86_64 => asm volatile (
            \\ movq %%rsp, %%rdi
            \\ pushq %%rdx
            \\ pushq %%rdx
            \\ call %[prepare:P]
            \\ popq %%rdx
            \\ popq %%rdx
            \\ jmpq *%%rax
            :
            : [prepare] "X" (&prepare),
        ),
        .aarch64 => asm volatile (
            \\ mov x19, x0
            \\ mov x0, sp
            \\ bl %[prepare]
            \\ mov x16, x0
            \\ mov x0, x19
            \\ br x16
            :
            : [prepare] "X" (&prepare),
        ),
        else => @compileError("no entry code for this architecture"),
    }
}

/// `block`: argc, argv[], null, envp[], null, …: what the kernel put on the stack. → the address to go on at.
fn prepare(block: [*]usize) callconv(.c) usize {
    // Through a register, so that the compiler does not know the values: the build decides them later.
    const given = asm volatile (""
        : [address] "=r" (-> *const Links),
        : [_] "0" (&links),
    );
    const argument_count = block[0];
    const envp: [*:null]?[*:0]u8 = @ptrCast(block + 1 + argument_count + 1);

    const start = record.take();
    const count = environment.clean(envp);
    const environ: *[*:null]?[*:0]u8 = @ptrFromInt(given.environ);
    if (environment.extend(envp[0..count], &start)) |extended| environ.* = extended;
    return given.entry;
}
