/** The mounted cgroup hierarchies, and the cgroups of processes in them. cgroups(7). */
import { readFileSync } from "node:fs";
import { parseMountinfo } from "./mountinfo.ts";

export interface Hierarchy {
  readonly mountPoint: string;
  readonly type: "cgroup" | "cgroup2";
  /** The cgroup at the mount point; "/" for the whole hierarchy. */
  readonly root: string;
  /** The mount options of v1 that name controllers: "cpu", "name=systemd"; none for v2. */
  readonly controllers: readonly string[];
}

/** Options of the file system that are not controllers. */
const others = /^(rw|ro|xattr|noprefix|clone_children|cpuset_v2_mode|favordynmods|release_agent=.*)$/;

export function hierarchies(): Hierarchy[] {
  return parseMountinfo(readFileSync("/proc/self/mountinfo", "utf8")).flatMap((mount) => {
    const { target: mountPoint, type, root } = mount;
    if (!mountPoint.startsWith("/sys/fs/cgroup") || (type !== "cgroup" && type !== "cgroup2")) return [];
    const controllers = type === "cgroup2" ? [] : mount.superOptions.filter((option) => !others.test(option));
    return [{ mountPoint, type, root, controllers }];
  });
}

/** The cgroup of a process in each hierarchy, as a directory. */
export function cgroupsOfProcess(pid: number | string): string[] {
  const mounted = hierarchies();
  return readFileSync(`/proc/${pid}/cgroup`, "utf8")
    .split("\n")
    .filter(Boolean)
    .flatMap((line) => {
      const [, names = "", path = ""] = /^\d+:([^:]*):(.*)$/.exec(line) ?? [];
      const wanted = names.split(",").filter(Boolean);
      const found = mounted.find(
        ({ controllers }) =>
          controllers.length === wanted.length && wanted.every((name) => controllers.includes(name)),
      );
      if (found === undefined) return [];
      const below =
        found.root === "/" ? path : path.startsWith(found.root) ? path.slice(found.root.length) : "";
      return [`${found.mountPoint}${below}`.replace(/\/$/, "")];
    });
}

/** Works for any number and depth of cgroups below: find(1) walks by descriptor. Cgroups with processes stay. */
export function removeCgroupTrees(paths: readonly string[]): void {
  if (paths.length === 0) return;
  Bun.spawnSync(["find", ...paths, "-depth", "-type", "d", "-delete"], { stderr: "ignore" });
}
