/** Files of a container's cgroups, as the host sees them. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { cgroupsOfProcess } from "./cgroup-hierarchies.ts";
import type { Requirement } from "./requirements.ts";

/**
 * The cgroups of a container with processes, in each hierarchy. They are found by the processes, because a host may have too
 * many cgroups to search.
 */
function cgroupsWithProcesses(id: string): Set<string> {
  const found = new Set<string>();
  // The id must not match a longer one that begins with it.
  const own = new RegExp(`^.*?${id}(?!\\d)[^/]*`, "m");
  for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    try {
      if (!own.test(readFileSync(`/proc/${pid}/cgroup`, "utf8"))) continue;
      for (const path of cgroupsOfProcess(pid)) {
        const [cgroup] = own.exec(path) ?? [];
        if (cgroup !== undefined) found.add(cgroup);
      }
    } catch (error) {
      // The process has exited in the meantime.
      if (!["ENOENT", "ESRCH"].includes((error as NodeJS.ErrnoException).code ?? "")) throw error;
    }
  }
  return found;
}

/** A file of the cgroup of a container with processes: its contents without the final newline, from the hierarchy that has it. */
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

/** "major:minor" of a block device that can be throttled; undefined if there is none. */
export function blockDevice(): string | undefined {
  for (const name of readdirSync("/sys/block")) {
    // The kernel accepts no limit for a partition, or for a loop device without a backing file.
    if (/^(loop|ram|zram|nbd)/.test(name)) continue;
    return readFileSync(`/sys/block/${name}/dev`, "utf8").trim();
  }
  return undefined;
}
