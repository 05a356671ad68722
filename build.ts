/**
 * Builds dist/bunc: the Zig core first, then the one executable around it. Run by `npm run build`. Nothing is
 * downloaded: Bun's own binary comes from npm.
 */
import { mkdirSync, renameSync } from "node:fs";
import { dirname, join } from "node:path";
import type { BunPlugin } from "bun";
import { addCore, coreExports } from "./build/link-core.ts";

const project = import.meta.dir;
const core = join(project, "zig-out/bin/bunc-core");
const executable = join(project, "dist/bunc");

function buildCore(): void {
  const zig = Bun.spawnSync(["zig", "build", "--summary", "none"], {
    cwd: project,
    stdio: ["ignore", "inherit", "inherit"],
  });
  if (zig.exitCode !== 0) process.exit(zig.exitCode || 1);
}

async function buildExecutable(): Promise<void> {
  mkdirSync(dirname(executable), { recursive: true });
  const staging = `${executable}.new`;
  const result = await Bun.build({
    entrypoints: [join(project, "src/main.ts")],
    target: "bun",
    minify: true,
    bytecode: true,
    plugins: [leanCommander],
    define: { BUNC_COMMIT: JSON.stringify(commit()), BUNC_CORE: JSON.stringify(coreExports(core)) },
    compile: {
      outfile: staging,
      // A container's bundle is the working directory: nothing in it may be loaded by Bun (docs/SECURITY.md).
      autoloadDotenv: false,
      autoloadBunfig: false,
      autoloadTsconfig: false,
      autoloadPackageJson: false,
      // A command lives for milliseconds: tiering up costs more than it brings.
      jitPolicy: 10,
    },
  });
  if (!result.success) {
    for (const log of result.logs) console.error(log);
    process.exit(1);
  }
  addCore(staging, core);
  renameSync(staging, executable);
}

/** For `--version`; "unknown" outside of a git checkout. */
function commit(): string {
  const git = Bun.spawnSync(["git", "describe", "--always", "--dirty", "--abbrev=40"], { cwd: project });
  return git.success ? git.stdout.toString().trim() : "unknown";
}

/**
 * commander imports six Node modules for what bunc never does (subcommands as programs, colours): 2 ms at
 * every start. In the executable it gets small stand-ins instead (src/cli/commander-host).
 */
const leanCommander: BunPlugin = {
  name: "lean-commander",
  setup(build) {
    build.onLoad({ filter: /node_modules\/commander\/lib\/.*\.js$/ }, async ({ path }) => {
      const source = await Bun.file(path).text();
      const contents = source.replace(/from 'node:(\w+)'/g, (_, name: string) => {
        return `from '${join(project, `src/cli/commander-host/${name}.ts`)}'`;
      });
      return { contents, loader: "js" };
    });
  },
};

buildCore();
await buildExecutable();
