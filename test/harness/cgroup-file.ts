/** Files of a container's cgroups, as the host sees them. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { cgroupsOfProcess } from "./cgroup-hierarchies.ts";
import type { Requirement } from "./requirements.ts";

/**
 * The cgroups of the container, which has processes, in each hierarchy: found by these, for a host may have more cgroups than
 * anybody can look through.
 */
function cgroupsWithProcesses(id: string): Set<string> {
  const found = new Set<string>();
  // An id is not to be taken for one that begins like it.
  const own = new RegExp(`^.*?${id}(?!\\d)[^/]*`, "m");
  for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    try {
      if (!own.test(readFileSync(`/proc/${pid}/cgroup`, "utf8"))) continue;
      for (const path of cgroupsOfProcess(pid)) {
        const [cgroup] = own.exec(path) ?? [];
        if (cgroup !== undefined) found.add(cgroup);
      }
    } catch (error) {
      // It has ended meanwhile.
      if (!["ENOENT", "ESRCH"].includes((error as NodeJS.ErrnoException).code ?? "")) throw error;
    }
  }
  return found;
}

/** Of a container that has processes. Contents without the newline at the end, from whichever hierarchy has the file. */
export function cgroupFile(id: string, file: string): string {
  for (const directory of cgroupsWithProcesses(id)) {
    try {
      return readFileSync(`${directory}/${file}`, "utf8").trimEnd();
    } catch {
      // In another hierarchy.
    }
  }
  throw new Error(`no cgroup of ${id} has ${file}`);
}

/** A v2 controller at the root, or a v1 hierarchy at its usual place. */
export const controller =
  (name: string): Requirement =>
  () => {
    const unified = "/sys/fs/cgroup/cgroup.controllers";
    const found = existsSync(unified)
      ? readFileSync(unified, "utf8").trim().split(" ").includes(name)
      : existsSync(`/sys/fs/cgroup/${name === "io" ? "blkio" : name}`);
    return found ? null : `needs the ${name} controller`;
  };

/** "major:minor" of a block device that can be throttled; undefined: there is none. */
export function blockDevice(): string | undefined {
  for (const name of readdirSync("/sys/block")) {
    // Of a partition or a loop device without backing file the kernel takes no limit.
    if (/^(loop|ram|zram|nbd)/.test(name)) continue;
    return readFileSync(`/sys/block/${name}/dev`, "utf8").trim();
  }
  return undefined;
}
