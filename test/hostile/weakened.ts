/**
 * bunc with deliberate security holes, to show that the attacks that bunc repels can work: a copy of the project, built with
 * some lines replaced. No part of it is in the project's own source or executable.
 */
import {
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { projectRoot } from "../harness/project.ts";
import type { Runtime } from "../harness/runtime.ts";

interface Hole {
  readonly file: string;
  readonly from: string;
  readonly to: string;
}

/** One build has all of them: no hole prevents another's attack. */
const holes: readonly Hole[] = [
  // Paths of the container are joined to its root, and links in them are followed on the host.
  {
    file: "zig/init/path.zig",
    from: "const inside = RESOLVE.IN_ROOT | RESOLVE.NO_MAGICLINKS;",
    to: "const inside = 0;",
  },
  {
    file: "zig/init/path.zig",
    from: "return sys.openat2(context.root, terminated, O.PATH | O.CLOEXEC | flags, 0, resolve_flags(links));",
    to: 'const joined: [*:0]const u8 = if (path.len == 1) "." else terminated.ptr + 1; return sys.openat2(context.root, joined, O.PATH | O.CLOEXEC | flags, 0, resolve_flags(links));',
  },
  {
    file: "zig/init/path.zig",
    from: 'const prefix: [*:0]const u8 = if (length == 0) "/" else path.ptr;',
    to: 'const prefix: [*:0]const u8 = if (length == 0) "." else path.ptr + 1;',
  },
  // Masked files are covered by the container's /dev/null (CVE-2025-31133).
  {
    file: "zig/init/masks.zig",
    from: '    context.covers.null_device.put_over(target) catch return context.fail("move_mount", shown);\n}',
    to: '    const null_device = sys.open_tree_clone(sys.AT.FDCWD, "/dev/null", false, 0) catch return context.fail("open_tree", shown);\n    sys.move_mount(null_device, target) catch return context.fail("move_mount", shown);\n}',
  },
  // A read-only path is opened twice: for the source and for the target of the bind mount.
  {
    file: "zig/init/masks.zig",
    from: '    sys.move_mount(copy, target) catch return context.fail("move_mount", shown);',
    to: '    const again = path.open(context, shown, .follow, 0) catch return context.fail("openat2", shown);\n    sys.move_mount(copy, again) catch return context.fail("move_mount", shown);',
  },
  // Protected paths are looked up only by name.
  {
    file: "zig/init/holders.zig",
    from: "    const wanted = last_above(context, protected) orelse return .{};",
    to: "    if (protected.len > 0) return .{};\n    const wanted = last_above(context, protected) orelse return .{};",
  },
  // The terminal is mounted wherever /dev/console leads (CVE-2025-52565).
  {
    file: "zig/init/console.zig",
    from: "const target = sys.openat2(context.root, path, flags, 0o666, NO_LINKS) catch blk: {",
    to: "const target = sys.openat2(context.root, path, flags & ~@as(@TypeOf(flags), sys.O.NOFOLLOW), 0o666, 0) catch blk: {",
  },
  // The container's /proc is used, whatever covers it (CVE-2025-52881).
  {
    file: "zig/init/mount.zig",
    from: 'if (path.is_below("/proc", op.target)) return;',
    to: "if (op.target.len > 0) return;",
  },
  {
    file: "zig/init/procfs.zig",
    from: "const root = try root_of(context);",
    to: 'if (std.mem.startsWith(u8, path, "sys/")) { var full: sys.PathBuffer = undefined; const text = std.fmt.bufPrintSentinel(&full, "/proc/{s}", .{path}, 0) catch unreachable; return sys.openat(sys.AT.FDCWD, text, flags | sys.O.CLOEXEC, 0) catch return fail(context, "openat", path); }\n    const root = try root_of(context);',
  },
  // The working directory is entered by its path, and not checked (CVE-2024-21626).
  {
    file: "zig/init/working_directory.zig",
    from: "const RESOLVE = sys.RESOLVE.IN_ROOT | sys.RESOLVE.NO_MAGICLINKS;",
    to: "const RESOLVE = 0;",
  },
  {
    file: "zig/init/working_directory.zig",
    from: "pub fn verify(context: *const Context) Failed!void {",
    to: "pub fn verify(context: *const Context) Failed!void {\n    if (context.root >= 0) return;",
  },
];

const copied = [
  "src",
  "zig",
  "build",
  "test/probe",
  "build.ts",
  "build.zig",
  "package.json",
  "tsconfig.json",
];

/** Builds it if there is no build yet, or the project has changed. Takes minutes. */
export function weakenedRuntime(): Runtime {
  const shipped = readFileSync(join(projectRoot, "dist/bunc"));
  const of = Bun.hash(`${Bun.hash(shipped)}${JSON.stringify(holes)}`).toString(16);
  const place = join(projectRoot, "dist/weakened");
  const path = join(place, of, "bunc");
  if (!existsSync(path)) {
    rmSync(place, { recursive: true, force: true });
    build(place);
    mkdirSync(dirname(path));
    renameSync(join(place, "source/dist/bunc"), path);
    rmSync(join(place, "source"), { recursive: true });
  }
  return { name: "weakened", path, globalFlags: [] };
}

function build(place: string): void {
  const source = join(place, "source");
  for (const name of copied) cpSync(join(projectRoot, name), join(source, name), { recursive: true });
  symlinkSync(join(projectRoot, "node_modules"), join(source, "node_modules"));
  for (const { file, from, to } of holes) {
    const text = readFileSync(join(source, file), "utf8");
    const parts = text.split(from);
    if (parts.length !== 2) throw new Error(`${file} has ${parts.length - 1} times, not once: ${from}`);
    writeFileSync(join(source, file), parts.join(to));
  }
  const built = Bun.spawnSync([process.execPath, "build.ts", "--no-image"], {
    cwd: source,
    env: { ...process.env, PATH: `${join(source, "node_modules/.bin")}:${process.env["PATH"]}` },
    stdio: ["ignore", "inherit", "pipe"],
  });
  if (!built.success) throw new Error(`the weakened build failed: ${built.stderr.toString()}`);
}
