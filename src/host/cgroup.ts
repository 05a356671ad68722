/** Which cgroup hierarchies this machine has, and where the caller is in them. cgroups(7). */

import type { MountinfoEntry } from "./mountinfo.ts";

/** v2: /sys/fs/cgroup is cgroup2. hybrid: v1 with a cgroup2 beside it. v1: no cgroup2. */
type CgroupMode = "v2" | "hybrid" | "v1";

/** One v1 hierarchy. */
export interface CgroupHierarchy {
  /** Controllers as in /proc/self/cgroup: ["cpu", "cpuacct"], ["name=systemd"]. */
  controllers: string[];
  mountPoint: string;
  /** The cgroup that is mounted there: "/" except in containers. */
  root: string;
  /** The caller's cgroup in it, from the hierarchy's root. */
  own: string;
}

/** The hierarchies, and the caller's place in each. */
export interface CgroupFacts {
  mode: CgroupMode;
  /** v1 hierarchies that are mounted, in the order of mountinfo. */
  hierarchies: CgroupHierarchy[];
  /** Where cgroup2 is mounted; "" for nowhere. */
  v2MountPoint: string;
  /** The caller's cgroup of v2, from its root: "/user.slice". */
  v2Own: string;
}

/** From /proc/self/cgroup, the mounts, and the type of the file system at /sys/fs/cgroup. */
export function cgroupFacts(
  fileSystem: string,
  selfCgroup: string,
  mounts: readonly MountinfoEntry[],
): CgroupFacts {
  const own = parseSelfCgroup(selfCgroup);
  const unified = mounts.find((mount) => mount.fileSystem === "cgroup2");
  const isV2 = fileSystem === "cgroup2";
  return {
    mode: isV2 ? "v2" : unified === undefined ? "v1" : "hybrid",
    hierarchies: isV2 ? [] : hierarchies(own, mounts),
    v2MountPoint: isV2 ? "/sys/fs/cgroup" : (unified?.mountPoint ?? ""),
    v2Own: own.get("") ?? "/",
  };
}

/** /proc/pid/cgroup: controller ("name=systemd" for named ones, "" for v2) → path. */
export function parseSelfCgroup(text: string): Map<string, string> {
  const paths = new Map<string, string>();
  for (const line of text.split("\n")) {
    const match = /^\d+:([^:]*):(\/.*)$/.exec(line);
    if (match === null) continue;
    for (const controller of (match[1] as string).split(",")) paths.set(controller, match[2] as string);
  }
  return paths;
}

function hierarchies(own: ReadonlyMap<string, string>, mounts: readonly MountinfoEntry[]): CgroupHierarchy[] {
  const found: CgroupHierarchy[] = [];
  const seen = new Set<string>();
  for (const mount of mounts) {
    if (mount.fileSystem !== "cgroup") continue;
    const controllers = mount.superOptions.filter((option) => own.has(option) && !seen.has(option));
    const [first] = controllers;
    if (first === undefined) continue;
    for (const controller of controllers) seen.add(controller);
    found.push({ controllers, mountPoint: mount.mountPoint, root: mount.root, own: own.get(first) ?? "/" });
  }
  return found;
}
