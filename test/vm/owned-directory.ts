// Directories that belong to a running process: named after it, so that a later one can tell which are abandoned.
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";

/** Makes `<parent>/<name>-<pid>-XXXXXX`, and removes those whose process was killed before it could. */
export function ownedDirectory(parent: string, name: string): string {
  mkdirSync(parent, { recursive: true });
  for (const entry of readdirSync(parent)) {
    const owner = entry.startsWith(`${name}-`)
      ? /^(\d+)-\w{6}$/.exec(entry.slice(name.length + 1))?.[1]
      : undefined;
    if (owner === undefined || existsSync(`/proc/${owner}`)) continue;
    rmSync(join(parent, entry), { recursive: true, force: true });
  }
  return mkdtempSync(join(parent, `${name}-${process.pid}-`));
}
