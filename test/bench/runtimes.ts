/** The runtimes that the benchmark compares: bunc, and the newest available runc, crun and youki. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { bareEnvironment, findRuntime, type Runtime } from "../harness/runtime.ts";
import { cached, cacheKey } from "../vm/cache.ts";
import { debianSources, installRoot } from "../vm/debian.ts";
import { runTool } from "../vm/process.ts";

const fromDebian = ["runc", "crun"] as const;

/** In the order of the table's columns. Prints which ones are missing, and why. */
export async function contenders(sid: boolean): Promise<Runtime[]> {
  const tree = sid ? await sidTree() : undefined;
  const found: Runtime[] = [];
  for (const name of ["bunc", ...fromDebian, "youki"]) {
    const installed = findRuntime(name);
    const unpacked = tree === undefined ? undefined : inTree(tree, name);
    const newest = newer(unpacked, installed);
    if (newest === undefined) console.log(`${name} is not installed, so it is not compared.`);
    else found.push(newest);
  }
  return found;
}

/** From `--version`: "crun version 1.28". */
export function versionOf({ path }: Runtime): string {
  const { stdout } = Bun.spawnSync([path, "--version"], { env: bareEnvironment });
  return stdout.toString().split("\n")[0] ?? "";
}

function newer(one: Runtime | undefined, other: Runtime | undefined): Runtime | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  const [a, b] = [one, other].map((runtime) => /\d+(\.\d+)*/.exec(versionOf(runtime))?.[0] ?? "0");
  return Bun.semver.order(padded(a), padded(b)) >= 0 ? one : other;
}

/** crun's versions have two numbers. */
const padded = (version = "0") => [...version.split("."), "0", "0"].slice(0, 3).join(".");

function inTree(tree: string, name: string): Runtime | undefined {
  const path = join(tree, "runtimes", name);
  return existsSync(path) ? { name, path, globalFlags: [] } : undefined;
}

const loader = "usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2";

/**
 * A Debian sid tree with runc and crun, which run on this host with the tree's loader and libraries. Undefined, with a
 * message, if it cannot be made.
 */
async function sidTree(): Promise<string | undefined> {
  if (process.arch !== "x64") return undefined;
  try {
    const sources = await debianSources("sid");
    const own = readFileSync(import.meta.path, "utf8");
    const directory = await cached("runtimes", cacheKey(sources, own), async (scratch) => {
      await installRoot(join(scratch, "tree"), sources, [...fromDebian, "patchelf"], []);
    });
    const tree = join(directory, "tree");
    for (const name of fromDebian) {
      if (!existsSync(join(tree, "runtimes", name))) await patch(tree, name);
    }
    return tree;
  } catch (error) {
    console.log(`No runtimes from Debian sid: ${error instanceof Error ? error.message : error}`);
    return undefined;
  }
}

/** The paths are written into a copy, because a runtime re-executes itself and would lose an explicitly called loader. */
async function patch(tree: string, name: string): Promise<void> {
  const libraries = join(tree, "usr/lib/x86_64-linux-gnu");
  const script = `
    set -e
    mkdir -p /runtimes
    patchelf --set-interpreter "$1" --force-rpath --set-rpath "$2" --output "/runtimes/$3.new" "$(command -v "$3")"
    mv "/runtimes/$3.new" "/runtimes/$3"`;
  await runTool(["chroot", tree, "sh", "-c", script, "sh", join(tree, loader), libraries, name]);
}
