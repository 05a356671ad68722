/**
 * Where a container's cgroups are: `linux.cgroupsPath` and the container's id made into directories, by
 * runc's rules for the cgroupfs driver. Pure.
 */

import { RuntimeError } from "../failure/errors.ts";
import type { CgroupFacts, CgroupHierarchy } from "../host/cgroup.ts";
import { cleanPath } from "../kernel/paths.ts";
import type { Cgroup } from "../native/boundary.gen.ts";

/** One cgroup of a container. On v2 there is one; on v1 one a controller. */
export interface CgroupLocation {
  /**
   * The key in state.json's `cgroup_paths`, as runc names it: "memory", "name=systemd"; "" for cgroup2,
   * which on a hybrid host stands beside the v1 controllers.
   */
  controller: string;
  /** Absolute path of the mount point. */
  mount: string;
  /** Below the mount point, clean and without leading slash; "" for the mount point itself. */
  path: string;
}

/** All cgroups of one container. */
export type CgroupLocations = readonly CgroupLocation[];

/** The v1 controllers and named hierarchies that a container is put into, in runc's order. */
const V1_CONTROLLERS = [
  "cpuset",
  "devices",
  "memory",
  "cpu",
  "cpuacct",
  "pids",
  "blkio",
  "hugetlb",
  "net_cls",
  "net_prio",
  "perf_event",
  "freezer",
  "rdma",
  "name=systemd",
  "misc",
] as const;

/**
 * The cgroups of a new container. An absolute cgroupsPath counts from the hierarchy's mount point; a
 * relative one, or the id where there is none, from the caller's own cgroup (v1) or from the one above
 * it (v2: a cgroup with processes cannot have controllers for those below it).
 * Throws RuntimeError where the caller's own cgroup is not in view or v1 has no devices controller.
 */
export function cgroupLocations(
  facts: CgroupFacts,
  cgroupsPath: string | undefined,
  id: string,
): CgroupLocation[] {
  const inner = cleanCgroupsPath(cgroupsPath ?? "") || id;
  if (facts.mode === "v2") return locationsIn(facts, v2Path(facts, inner), () => "");
  // Without it every device would be open to the container.
  if (!facts.hierarchies.some(({ controllers }) => controllers.includes("devices"))) {
    throw new RuntimeError("mountpoint for devices not found", {
      hint: "mount the v1 devices controller below /sys/fs/cgroup, or boot with cgroup v2 only",
    });
  }
  return locationsIn(facts, cleanPath(`/${inner}`), (controller, hierarchy) => {
    const base = inner.startsWith("/") ? "" : ownDirectory(controller, hierarchy);
    return cleanPath(`${base}/${inner}`);
  });
}

function v2Path(facts: CgroupFacts, inner: string): string {
  if (inner.startsWith("/")) return inner;
  const parent = facts.v2Own.slice(0, facts.v2Own.lastIndexOf("/"));
  if (parent.split("/").includes("..")) throw ownCgroupOutOfView("", facts.v2Own);
  return cleanPath(`${parent}/${inner}`);
}

/** In every hierarchy. `unified`, and `pathOf` for one of v1: the cgroup from the mount point, with a leading slash. */
export function locationsIn(
  facts: CgroupFacts,
  unified: string,
  pathOf: (controller: string, hierarchy: CgroupHierarchy) => string,
): CgroupLocation[] {
  const v1 = V1_CONTROLLERS.flatMap((controller) => {
    const hierarchy = facts.hierarchies.find(({ controllers }) => controllers.includes(controller));
    if (hierarchy === undefined) return [];
    return [{ controller, mount: hierarchy.mountPoint, path: pathOf(controller, hierarchy).slice(1) }];
  });
  if (facts.mode === "v1") return v1;
  return [...v1, { controller: "", mount: facts.v2MountPoint, path: unified.slice(1) }];
}

/** The caller's cgroup as seen below the mount point: in a container the mount shows a part of the tree. */
function ownDirectory(controller: string, { root, own }: CgroupHierarchy): string {
  if (root === "/") return own;
  if (own === root) return "";
  if (own.startsWith(`${root}/`)) return own.slice(root.length);
  throw ownCgroupOutOfView(controller, own);
}

function ownCgroupOutOfView(controller: string, own: string): RuntimeError {
  const which = controller === "" ? "cgroup" : `${controller} cgroup`;
  return new RuntimeError(`own ${which} ${own} is outside the mounted part of the hierarchy`, {
    path: own,
    hint: "use an absolute linux.cgroupsPath: it starts at the mount point",
  });
}

/**
 * Clean in the lexical sense (path.Clean of Go): a relative path cannot lead upwards out of its base.
 * "" stays "".
 */
export function cleanCgroupsPath(path: string): string {
  if (path === "") return "";
  const clean = cleanPath(path.startsWith("/") ? path : `/${path}`);
  if (path.startsWith("/")) return clean;
  return clean === "/" ? "." : clean.slice(1);
}

/** Of a cgroup, from its mount point and its path below it. */
export function absolutePath({ mount, path }: { mount: string; path: string }): string {
  return path === "" ? mount : `${mount}/${path}`;
}

/** The map that state.json keeps (`cgroup_paths`). */
export function cgroupPaths(locations: CgroupLocations): Record<string, string> {
  return Object.fromEntries(locations.map((location) => [location.controller, absolutePath(location)]));
}

/**
 * Back from state.json, against the mounts of today. Throws RuntimeError for a path that is not below a
 * mounted hierarchy: nothing outside of them is touched, whatever a state file says.
 */
export function locationsOfPaths(
  facts: CgroupFacts,
  paths: Readonly<Record<string, string>>,
): CgroupLocation[] {
  const mounts = facts.hierarchies.map(({ mountPoint }) => mountPoint);
  if (facts.v2MountPoint !== "") mounts.push(facts.v2MountPoint);
  return Object.entries(paths).map(([controller, path]) => {
    const mount = mounts.find((candidate) => path === candidate || path.startsWith(`${candidate}/`));
    if (mount === undefined || cleanPath(path) !== path) {
      throw new RuntimeError(`cgroup path ${path} of the state file is not below a cgroup mount`, {
        path,
        subject: `cgroup_paths["${controller}"]`,
      });
    }
    return { controller, mount, path: path.slice(mount.length + 1) };
  });
}

/** As calls of the core name it. */
export function groupOf({ mount, path }: CgroupLocation): Cgroup {
  return { mount, path };
}

/** Controllers that are mounted together share one directory: each directory once. */
export function distinctGroups(locations: CgroupLocations): Cgroup[] {
  return [...new Map(locations.map((location) => [absolutePath(location), groupOf(location)])).values()];
}

/** On v2 there is one cgroup for every controller. */
export function locationOf(locations: CgroupLocations, controller: string): CgroupLocation | undefined {
  const exact = locations.find((location) => location.controller === controller);
  if (exact !== undefined) return exact;
  const [only] = locations;
  return locations.length === 1 && only?.controller === "" ? only : undefined;
}
