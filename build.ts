/**
 * Builds dist/bunc: the Zig core first, then the one executable around it. Run by `npm run build`. Nothing is
 * downloaded: Bun's own binaries come from npm.
 *
 *   bun build.ts [--arch=x64|arm64] [--no-image]
 *
 * The executable starts from an image of the started program (docs/decisions/0007-image.md), unless --no-image is given or this
 * machine cannot make one, in which case there is a warning.
 * For another architecture than this machine's the executable is dist/bunc-ARCH; build/setup.sh ARCH installs its Bun.
 */
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { parseArgs } from "node:util";
import type { BunPlugin } from "bun";
import { Elf } from "./build/elf.ts";
import { addImage } from "./build/image.ts";
import { coreExports, linkExecutable } from "./build/link.ts";
import { linkerScript } from "./build/linker-script.ts";
import { partsPlugin } from "./build/parts.ts";
import { leaveToStub } from "./build/segments.ts";
import { watched } from "./src/image/commands.ts";

/** Node.js's name of an architecture → Zig's name, and that of Bun's package. */
const architectures: Readonly<Record<string, { zig: string; package: string }>> = {
  x64: { zig: "x86_64", package: "bun-linux-x64-musl" },
  arm64: { zig: "aarch64", package: "bun-linux-aarch64-musl" },
};

const { values: flags } = parseArgs({
  options: {
    arch: { type: "string", default: process.arch },
    image: { type: "boolean", default: true },
  },
  allowNegative: true,
});
const architecture = architectures[flags.arch];
if (architecture === undefined) fail(`--arch=${flags.arch}: must be one of ${Object.keys(architectures)}`);

const project = import.meta.dir;
const isNative = flags.arch === process.arch;
const output = join(project, isNative ? "zig-out" : `zig-out/${flags.arch}`);
const core = join(output, "bin/bunc-core");
const executable = join(project, isNative ? "dist/bunc" : `dist/bunc-${flags.arch}`);

/** The Bun inside the executable. It is linked for musl, so it may not run on this machine by itself. */
const muslBun = join(project, `build/bun/${flags.arch}/node_modules/@oven/${architecture.package}/bin/bun`);
if (!existsSync(muslBun)) fail(`no Bun for ${flags.arch}; to install it: build/setup.sh ${flags.arch}`);

function fail(message: string): never {
  console.error(`build.ts: ${message}`);
  process.exit(1);
}

function buildCore({ zig: arch }: { zig: string }): void {
  const script = join(output, "core.ld");
  mkdirSync(output, { recursive: true });
  writeFileSync(script, linkerScript(new Elf(muslBun)));
  const zig = Bun.spawnSync(
    ["zig", "build", `-Darch=${arch}`, `-Dcore-script=${script}`, "--prefix", output, "--summary", "none"],
    { cwd: project, stdio: ["ignore", "inherit", "inherit"] },
  );
  if (zig.exitCode !== 0) process.exit(zig.exitCode || 1);
}

async function buildExecutable(): Promise<void> {
  mkdirSync(dirname(executable), { recursive: true });
  const [program, staging] = [`${executable}.program`, `${executable}.new`];
  const entry = join(project, "src/main.ts");
  const exports = coreExports(core);
  const result = await Bun.build({
    entrypoints: [entry],
    target: "bun",
    minify: true,
    bytecode: true,
    plugins: [leanCommander, await partsPlugin(project, entry)],
    define: {
      BUNC_COMMIT: JSON.stringify(commit()),
      BUNC_ABI: `${exports.abi}`,
      BUNC_CALL: `${exports.call}`,
      BUNC_REHEARSE: `${exports.rehearse}`,
    },
    compile: {
      outfile: program,
      executablePath: muslBun,
      // The working directory is a container's bundle, from which Bun must not load anything (docs/SECURITY.md).
      autoloadDotenv: false,
      autoloadBunfig: false,
      autoloadTsconfig: false,
      autoloadPackageJson: false,
      // A command lives for milliseconds: tiering up costs more than it saves.
      jitPolicy: 10,
    },
  });
  if (!result.success) {
    for (const log of result.logs) console.error(log);
    process.exit(1);
  }
  try {
    linkExecutable(program, core, staging);
  } finally {
    rmSync(program);
  }
  const built = (await withImage(staging)) ?? staging;
  leaveToStub(built, core);
  renameSync(built, executable);
}

/** → the executable that starts from an image, replacing `linked`; undefined if it cannot be made here or is not wanted. */
async function withImage(linked: string): Promise<string | undefined> {
  if (!flags.image) return undefined;
  if (!isNative || flags.arch !== "x64") {
    console.warn(
      `build.ts: ${executable} has no image and starts slowly: images are made only on x86-64, for x86-64`,
    );
    return undefined;
  }
  const target = `${executable}.image`;
  try {
    await addImage(linked, core, target, watched);
    rmSync(linked);
    return target;
  } catch (error) {
    rmSync(target, { force: true });
    console.warn(
      `build.ts: WARNING: ${executable} has no image and starts slowly: ${(error as Error).message}`,
    );
    return undefined;
  }
}

/** For `--version`; "unknown" outside a git checkout. */
function commit(): string {
  const git = Bun.spawnSync(["git", "describe", "--always", "--dirty", "--abbrev=40"], { cwd: project });
  return git.success ? git.stdout.toString().trim() : "unknown";
}

/**
 * commander imports six Node modules for features that bunc does not use (subcommands as programs, colours). They cost a
 * start from the image nothing, but make the normal start, the only one on aarch64, 1.3 to 1.45 times as long. So the
 * executable contains small stand-ins for them (src/cli/commander-host).
 */
const leanCommander: BunPlugin = {
  name: "lean-commander",
  setup(build) {
    build.onResolve({ filter: /^commander-host:/ }, ({ path }) => {
      return { path: join(project, `src/cli/commander-host/${path.slice("commander-host:".length)}.ts`) };
    });
    build.onLoad({ filter: /node_modules\/commander\/lib\/.*\.js$/ }, async ({ path }) => {
      const source = await Bun.file(path).text();
      const contents = source.replace(/from 'node:(\w+)'/g, "from 'commander-host:$1'");
      return { contents, loader: "js" };
    });
  },
};

buildCore(architecture);
await buildExecutable();
