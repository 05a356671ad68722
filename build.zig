//! The native half of bunc: `zig build -Dcore-script=FILE` makes the test probe, and the core (which contains
//! bunc-init) for build.ts to link into the executable; `zig build library` makes the core as a library;
//! `zig build gen` rewrites src/native/boundary.gen.ts; `zig build test` runs the unit tests.

const std = @import("std");

pub fn build(b: *std.Build) void {
    const arch = b.option(std.Target.Cpu.Arch, "arch", "target architecture (default: this machine's)") orelse
        b.graph.host.result.cpu.arch;
    // Without libc, interpreter and dependencies the library loads into a glibc or a musl process, and
    // bunc-init runs in any root file system.
    const target = b.resolveTargetQuery(.{ .cpu_arch = arch, .os_tag = .linux, .abi = .none });

    const init = b.addExecutable(
        .{ .name = "bunc-init", .linkage = .static, .root_module = checked(b, "zig/init.zig", target) },
    );
    // Zig's start code raises RLIMIT_STACK to what the ELF header asks for, and the user's program would
    // inherit it.
    init.stack_size = 4096;

    const core_script = b.option(
        std.Build.LazyPath,
        "core-script",
        "linker script of the core, for one build of Bun (build/linker-script.ts)",
    );
    if (core_script) |script| {
        const code = b.addObject(.{ .name = "core", .root_module = checked(b, "zig/core.zig", target) });
        code.root_module.addAnonymousImport("bunc-init", .{ .root_source_file = init.getEmittedBin() });

        // Bun has threads and needs a libc, so this part is compiled on its own. It cannot print a message: a
        // failed check is a trap.
        const core = b.addExecutable(.{
            .name = "bunc-core",
            .linkage = .static,
            .root_module = b.createModule(.{
                .root_source_file = b.path("zig/cxx.zig"),
                .target = b.resolveTargetQuery(.{ .cpu_arch = arch, .os_tag = .linux, .abi = .musl }),
                .optimize = .ReleaseSafe,
                .link_libc = true,
                .unwind_tables = .none,
                .stack_check = false,
            }),
        });
        core.root_module.addObject(code);
        core.root_module.addObject(
            b.addObject(.{ .name = "recording", .root_module = recording(b, target) }),
        );
        core.root_module.addObject(b.addObject(.{
            .name = "memset",
            .root_module = b.createModule(.{
                .root_source_file = b.path("zig/memset.zig"),
                .target = target,
                // Without safety checks: nothing here can check a C pointer and a length, and safety checks
                // that fill memory call this very function.
                .optimize = .ReleaseFast,
                .no_builtin = true,
                .unwind_tables = .none,
                .stack_check = false,
            }),
        }));
        core.setLinkerScript(script);
        core.entry = .{ .symbol_name = "bunc_start" };
        b.installArtifact(core);
    }

    // The same code as a library, for running the program from source (src/native/library.ts).
    const library = b.addLibrary(
        .{ .name = "bunc", .linkage = .dynamic, .root_module = checked(b, "zig/lib.zig", target) },
    );
    library.root_module.addAnonymousImport("bunc-init", .{ .root_source_file = init.getEmittedBin() });
    const install_library = b.addInstallArtifact(library, .{});
    const recorder =
        b.addLibrary(.{ .name = "recording", .linkage = .dynamic, .root_module = recording(b, target) });
    const install_recorder = b.addInstallArtifact(recorder, .{});
    const libraries = b.step("library", "Make zig-out/lib/libbunc.so and librecording.so");
    libraries.dependOn(&install_library.step);
    libraries.dependOn(&install_recorder.step);

    const probe = b.addExecutable(
        .{ .name = "probe", .linkage = .static, .root_module = checked(b, "test/probe/probe.zig", target) },
    );
    b.installArtifact(probe);

    const native = b.resolveTargetQuery(.{ .os_tag = .linux, .abi = .none });
    const generator = b.addExecutable(.{
        .name = "codegen",
        .root_module = b.createModule(
            .{ .root_source_file = b.path("zig/codegen.zig"), .target = native, .optimize = .Debug },
        ),
    });
    // The generator reads only types: the file that the library embeds need not exist yet.
    generator.root_module.addAnonymousImport(
        "bunc-init",
        .{ .root_source_file = b.addWriteFiles().add("bunc-init", "") },
    );
    const generate = b.addRunArtifact(generator);
    const write = b.addUpdateSourceFiles();
    write.addCopyFileToSource(generate.captureStdOut(.{}), "src/native/boundary.gen.ts");
    b.step("gen", "Rewrite the generated TypeScript side of the boundary").dependOn(&write.step);

    const rehearsal = b.addExecutable(.{
        .name = "rehearsal",
        .root_module = b.createModule(.{
            .root_source_file = b.path("zig/rehearsal.zig"),
            .target = native,
            .optimize = .ReleaseSafe,
            .single_threaded = true,
        }),
    });
    // libbunc itself, on the same kind of kernel.
    const rehearsed = b.addLibrary(.{
        .name = "rehearsal",
        .linkage = .dynamic,
        .root_module = b.createModule(.{
            .root_source_file = b.path("zig/rehearsal_library.zig"),
            .target = target,
            .optimize = .Debug,
            .single_threaded = true,
        }),
    });
    rehearsed.root_module.addAnonymousImport(
        "bunc-init",
        .{ .root_source_file = b.addWriteFiles().add("bunc-init", "") },
    );
    const rehearse = b.step("rehearsal", "Make zig-out/bin/rehearsal and zig-out/lib/librehearsal.so");
    rehearse.dependOn(&b.addInstallArtifact(rehearsal, .{}).step);
    rehearse.dependOn(&b.addInstallArtifact(rehearsed, .{}).step);

    const tests = b.addTest(.{
        .root_module = b.createModule(
            .{ .root_source_file = b.path("zig/tests.zig"), .target = native, .optimize = .Debug },
        ),
    });
    tests.root_module.addAnonymousImport("bunc-init", .{ .root_source_file = init.getEmittedBin() });
    b.step("test", "Run the unit tests of the core").dependOn(&b.addRunArtifact(tests).step);
}

/// The core on a kernel that does nothing, for `explain`.
fn recording(b: *std.Build, target: std.Build.ResolvedTarget) *std.Build.Module {
    const module = checked(b, "zig/recording.zig", target);
    // It executes none: bunc-init is in it.
    module.addAnonymousImport("bunc-init", .{ .root_source_file = b.addWriteFiles().add("bunc-init", "") });
    return module;
}

/// For code that runs as, or in, another program: one thread, and only system calls. With safety checks: it
/// reads untrusted data, and a broken invariant must end the process.
fn checked(b: *std.Build, path: []const u8, target: std.Build.ResolvedTarget) *std.Build.Module {
    return b.createModule(.{
        .root_source_file = b.path(path),
        .target = target,
        .optimize = .ReleaseSafe,
        .single_threaded = true,
        .strip = true,
        .unwind_tables = .none,
        .stack_check = false,
    });
}
