/**
 * Mounts of type "cgroup". On v2 it is the cgroup2 file system. On v1 and hybrid hosts it is a tmpfs with
 * one directory for each hierarchy: mounted anew in a cgroup namespace, which hides everything above the
 * container's cgroup; otherwise the container's own cgroups bound there.
 */

import type { CgroupHierarchy } from "../host/cgroup.ts";
import { baseName, cleanPath } from "../kernel/paths.ts";
import type { Mount, MountAttributes, MountOption, MountSource } from "../native/boundary.gen.ts";
import { MOUNT_ATTR, MS } from "../native/boundary.gen.ts";
import { NO_ATTRIBUTES } from "../oci/resolved/mount-attributes.ts";
import { isReadonly, type ResolvedMount } from "../oci/resolved/mounts.ts";
import type { MountingOptions, PlanContext } from "./context.ts";
import { dataOptions } from "./overlay.ts";

const RESTRICTED = MOUNT_ATTR.NOSUID | MOUNT_ATTR.NODEV | MOUNT_ATTR.NOEXEC;

const PRIVATE = { flag: MS.PRIVATE, recursive: false };

/** Adds the steps of a mount of kind "cgroup". */
export function cgroupMount(context: PlanContext, options: MountingOptions, mount: ResolvedMount): void {
  if (context.host.cgroup.mode === "v2")
    context.add(mount.subject, { mount: v2Mount(context, options, mount) });
  else splitMounts(context, options, mount);
}

/**
 * With a cgroup namespace: cgroup2 mounted anew, which shows the container's part of the tree only; where the
 * kernel refuses that, its own directory is bound with the same attributes, so that "ro" holds there too
 * (CVE-2023-25809). Without one a new mount would show what the host's shows, and be refused in a user
 * namespace: the host's is bound. (A mount in the host's cgroup namespace also sets the hierarchy's options
 * again: it takes away the host's nsdelegate, and can wait ten milliseconds for an RCU grace period.)
 */
function v2Mount(context: PlanContext, options: MountingOptions, mount: ResolvedMount): Mount {
  const own = options.cgroupDirectories.get("") ?? "";
  const { v2MountPoint } = context.host.cgroup;
  if (!context.has("cgroup")) {
    const bound = mountOf(mount.target, mount, mount.boundAttributes, {
      bind: { path: v2MountPoint, recursive: false },
    });
    // As a new mount would be.
    return mount.propagation.length > 0 ? bound : { ...bound, propagation: [PRIVATE] };
  }
  return mountOf(mount.target, mount, mount.attributes, {
    filesystem: {
      ...filesystem("cgroup2", mount.source, [
        ...mount.superblock,
        ...dataOptions(mount.data, context.host.kernel),
      ]),
      fallback_bind: own === "" ? v2MountPoint : own,
    },
  });
}

function splitMounts(context: PlanContext, options: MountingOptions, mount: ResolvedMount): void {
  const { subject, target } = mount;
  context.add(subject, {
    mount: mountOf(target, mount, attributes(RESTRICTED), {
      filesystem: filesystem("tmpfs", "tmpfs", [{ key: "mode", value: "755" }]),
    }),
  });
  const { hierarchies } = context.host.cgroup;
  for (const hierarchy of hierarchies) {
    const path = `${target}/${baseName(hierarchy.mountPoint)}`;
    context.add(subject, {
      mount: context.has("cgroup")
        ? hierarchyMount(path, hierarchy, mount)
        : hierarchyBind(path, hierarchy, options, mount),
    });
  }
  for (const { mountPoint } of hierarchies) {
    const name = baseName(mountPoint);
    if (!name.includes(",")) continue;
    for (const controller of name.split(",")) {
      context.add(subject, { symlink: { target: name, path: `${target}/${controller}`, replace: false } });
    }
  }
  if (isReadonly(mount)) {
    context.add(subject, { remount: { path: target, attributes: attributes(MOUNT_ATTR.RDONLY) } });
  }
}

function hierarchyMount(path: string, hierarchy: CgroupHierarchy, mount: ResolvedMount): Mount {
  const named = hierarchy.controllers.find((controller) => controller.startsWith("name="));
  const source = named === undefined ? "cgroup" : named.slice("name=".length);
  const set = RESTRICTED | (isReadonly(mount) ? MOUNT_ATTR.RDONLY : 0);
  return mountOf(path, { propagation: [] }, attributes(set), {
    filesystem: filesystem("cgroup", source, hierarchy.controllers.map(controllerOption)),
  });
}

function hierarchyBind(
  path: string,
  hierarchy: CgroupHierarchy,
  options: MountingOptions,
  mount: ResolvedMount,
): Mount {
  return mountOf(path, mount, mount.boundAttributes, {
    bind: { path: ownDirectory(hierarchy, options), recursive: true },
  });
}

/** "cpu", and "name=systemd" of a hierarchy without a controller. */
function controllerOption(controller: string): MountOption {
  const [key = "", name] = controller.split("=");
  return { key, value: name ?? null };
}

/** The container's directory in a hierarchy, or the caller's where the container is not placed in it. */
function ownDirectory(hierarchy: CgroupHierarchy, options: MountingOptions): string {
  for (const controller of hierarchy.controllers) {
    const directory = options.cgroupDirectories.get(controller);
    if (directory !== undefined) return directory;
  }
  // In a container's mount namespace the hierarchy may be mounted from below its root.
  const { own, root, mountPoint } = hierarchy;
  const below = root !== "/" && own.startsWith(root) ? own.slice(root.length) : own;
  return cleanPath(`${mountPoint}/${below}`);
}

function attributes(set: number): MountAttributes {
  return { ...NO_ATTRIBUTES, set };
}

function filesystem(type: string, source: string, options: MountOption[]) {
  return { type, source, options, mode_of_target: false, fallback_bind: null };
}

function mountOf(
  target: string,
  { propagation }: Pick<ResolvedMount, "propagation">,
  attributes: MountAttributes,
  source: MountSource,
): Mount {
  return {
    target,
    source,
    ordinary_directory: false,
    attributes,
    recursive_attributes: NO_ATTRIBUTES,
    propagation,
    copy_up: false,
    id_map: null,
  };
}
