// Build products that outlive a run: one directory each, named by what went into it, complete or absent.
import { existsSync, readdirSync, renameSync, rmSync, statSync, utimesSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { onInterruption } from "./interruption.ts";
import { ownedDirectory } from "./owned-directory.ts";

const unusedDaysMax = 7;

/** `$BUNC_VM_CACHE`, or `bunc-vm` in the user's cache directory (XDG Base Directory Specification). */
function cacheDirectory(): string {
  const own = process.env["BUNC_VM_CACHE"];
  if (own) return own;
  return join(process.env["XDG_CACHE_HOME"] || join(homedir(), ".cache"), "bunc-vm");
}

/** Hash of everything that decides a product's content: 16 hexadecimal digits. */
export function cacheKey(...parts: readonly unknown[]): string {
  return new Bun.CryptoHasher("sha256").update(JSON.stringify(parts)).digest("hex").slice(0, 16);
}

/**
 * The directory of the product `name` with `key`, built by `build` when it is not there yet. `build` fills a
 * scratch directory, which is renamed into place: an interrupted build leaves no half product.
 */
export async function cached(
  name: string,
  key: string,
  build: (directory: string) => Promise<void>,
): Promise<string> {
  const root = cacheDirectory();
  const target = join(root, `${name}-${key}`);
  if (!existsSync(target)) {
    const scratch = ownedDirectory(root, "building");
    const started = performance.now();
    const remove = () => rmSync(scratch, { recursive: true, force: true });
    const release = onInterruption(remove);
    try {
      await build(scratch);
      placeProduct(scratch, target);
    } finally {
      remove();
      release();
    }
    console.error(`vm: built ${name} in ${((performance.now() - started) / 1000).toFixed(1)} s`);
    removeUnused(root);
  }
  const now = new Date();
  utimesSync(target, now, now);
  return target;
}

function placeProduct(scratch: string, target: string): void {
  try {
    renameSync(scratch, target);
  } catch (error) {
    // Another process built the same product in the meantime; its copy is as good.
    if (!existsSync(target)) throw error;
  }
}

function removeUnused(root: string): void {
  const oldest = Date.now() - unusedDaysMax * 24 * 3600 * 1000;
  for (const entry of readdirSync(root)) {
    const path = join(root, entry);
    if (statSync(path).mtimeMs < oldest) rmSync(path, { recursive: true, force: true });
  }
}
