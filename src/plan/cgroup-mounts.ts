/**
 * Mounts of type "cgroup". On v2 it is the cgroup2 file system. On v1 and hybrid hosts it is a tmpfs with
 * one directory for each hierarchy: mounted anew in a cgroup namespace, which hides everything above the
 * container's cgroup; otherwise the container's own cgroups bound there.
 */

import type { CgroupHierarchy } from "../host/cgroup.ts";
import { baseName, cleanPath } from "../kernel/paths.ts";
import type { Mount, MountAttributes, MountSource } from "../native/boundary.gen.ts";
import { MOUNT_ATTR, MS } from "../native/boundary.gen.ts";
import type { MountOptions } from "../oci/mount-options.ts";
import type { MountingOptions, PlanContext } from "./context.ts";
import {
  dataOption,
  exactAttributes,
  NO_ATTRIBUTES,
  newMountAttributes,
  superblockOptions,
} from "./mount-attributes.ts";

const RESTRICTED = MOUNT_ATTR.NOSUID | MOUNT_ATTR.NODEV | MOUNT_ATTR.NOEXEC;

const PRIVATE = { flag: MS.PRIVATE, recursive: false };

interface CgroupMount {
  /** Absolute path in the container. */
  target: string;
  source: string;
}

export function cgroupMount(
  context: PlanContext,
  options: MountingOptions,
  subject: string,
  config: CgroupMount,
  parsed: MountOptions,
): void {
  if (context.host.cgroup.mode === "v2")
    context.add(subject, { mount: v2Mount(context, options, config, parsed) });
  else splitMounts(context, options, subject, config, parsed);
}

/**
 * With a cgroup namespace: cgroup2 mounted anew, which shows the container's part of the tree only; where the
 * kernel refuses that, its own directory is bound with the same attributes, so that "ro" holds there too
 * (CVE-2023-25809). Without one a new mount would show what the host's shows, and be refused in a user
 * namespace: the host's is bound. (A mount in the host's cgroup namespace also sets the hierarchy's options
 * again: it takes away the host's nsdelegate, and can wait ten milliseconds for an RCU grace period.)
 */
function v2Mount(
  context: PlanContext,
  options: MountingOptions,
  config: CgroupMount,
  parsed: MountOptions,
): Mount {
  const own = options.cgroupDirectories.get("") ?? "";
  const { v2MountPoint } = context.host.cgroup;
  if (!context.has("cgroup")) {
    const bound = mountOf(config.target, parsed, exactAttributes(parsed), {
      bind: { path: v2MountPoint, recursive: false },
    });
    // As a new mount would be.
    return parsed.propagation.length > 0 ? bound : { ...bound, propagation: [PRIVATE] };
  }
  return mountOf(config.target, parsed, newMountAttributes(parsed), {
    filesystem: {
      type: "cgroup2",
      source: config.source,
      options: [...superblockOptions(parsed.superblock), ...parsed.data.map(dataOption)],
      mode_of_target: false,
      fallback_bind: own === "" ? v2MountPoint : own,
    },
  });
}

function splitMounts(
  context: PlanContext,
  options: MountingOptions,
  subject: string,
  config: CgroupMount,
  parsed: MountOptions,
): void {
  const { target } = config;
  context.add(subject, {
    mount: mountOf(
      target,
      parsed,
      { ...NO_ATTRIBUTES, set: RESTRICTED },
      {
        filesystem: {
          type: "tmpfs",
          source: "tmpfs",
          options: [{ key: "mode", value: "755" }],
          mode_of_target: false,
          fallback_bind: "",
        },
      },
    ),
  });
  const { hierarchies } = context.host.cgroup;
  for (const hierarchy of hierarchies) {
    const path = `${target}/${baseName(hierarchy.mountPoint)}`;
    const mount = context.has("cgroup")
      ? hierarchyMount(path, hierarchy, parsed)
      : hierarchyBind(path, hierarchy, options, parsed);
    context.add(subject, { mount });
  }
  for (const { mountPoint } of hierarchies) {
    const name = baseName(mountPoint);
    if (!name.includes(",")) continue;
    for (const controller of name.split(",")) {
      context.add(subject, { symlink: { target: name, path: `${target}/${controller}`, replace: false } });
    }
  }
  if ((parsed.set & MOUNT_ATTR.RDONLY) !== 0) {
    context.add(subject, {
      remount: { path: target, attributes: { ...NO_ATTRIBUTES, set: MOUNT_ATTR.RDONLY } },
    });
  }
}

function hierarchyMount(path: string, hierarchy: CgroupHierarchy, parsed: MountOptions): Mount {
  const named = hierarchy.controllers.find((controller) => controller.startsWith("name="));
  return mountOf(
    path,
    { ...parsed, propagation: [] },
    { ...NO_ATTRIBUTES, set: RESTRICTED | (parsed.set & MOUNT_ATTR.RDONLY) },
    {
      filesystem: {
        type: "cgroup",
        source: named === undefined ? "cgroup" : named.slice("name=".length),
        options: hierarchy.controllers.map(dataOption),
        mode_of_target: false,
        fallback_bind: "",
      },
    },
  );
}

function hierarchyBind(
  path: string,
  hierarchy: CgroupHierarchy,
  options: MountingOptions,
  parsed: MountOptions,
): Mount {
  return mountOf(path, parsed, exactAttributes(parsed), {
    bind: { path: ownDirectory(hierarchy, options), recursive: true },
  });
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

function mountOf(
  target: string,
  parsed: MountOptions,
  attributes: MountAttributes,
  source: MountSource,
): Mount {
  return {
    target,
    source,
    ordinary_directory: false,
    attributes,
    recursive_attributes: NO_ATTRIBUTES,
    propagation: parsed.propagation,
    copy_up: false,
    id_map: null,
  };
}
