/** `mounts` of config.json to steps. config.md, Mounts. */

import type { Mount, MountOption, MountSource } from "../native/boundary.gen.ts";
import { MOUNT_ATTR } from "../native/boundary.gen.ts";
import { NO_ATTRIBUTES } from "../oci/resolved/mount-attributes.ts";
import { isReadonly, type ResolvedMount } from "../oci/resolved/mounts.ts";
import { cgroupMount } from "./cgroup-mounts.ts";
import type { MountingOptions, PlanContext } from "./context.ts";
import { dataOptions } from "./overlay.ts";

interface PlannedMounts {
  /** Mounts that become read-only after everything in them has been made. */
  late: ResolvedMount[];
  /** A bind of /dev brings its own devices and links; nothing is made in it. */
  bindsDev: boolean;
}

/** Adds one step for each mount, in order. */
export function planMounts(context: PlanContext, options: MountingOptions): PlannedMounts {
  const planned: PlannedMounts = { late: [], bindsDev: false };
  for (const mount of context.config.mounts) {
    const { kind, target, type } = mount;
    if (kind === "cgroup") {
      cgroupMount(context, options, mount);
      continue;
    }
    if (isBind(mount) && target === "/dev") planned.bindsDev = true;
    const late = kind === "filesystem" && (type === "tmpfs" || target === "/dev");
    if (late && isReadonly(mount)) planned.late.push(mount);
    context.add(mount.subject, { mount: planMount(context, mount, late) });
  }
  return planned;
}

function isBind({ kind }: ResolvedMount): boolean {
  return kind === "bind" || kind === "bind_remount";
}

function planMount(context: PlanContext, mount: ResolvedMount, late: boolean): Mount {
  const { target, kind, type, attributes, recursiveAttributes, propagation, copyUp, idMap } = mount;
  const isNew = kind === "filesystem";
  return {
    target,
    source: sourceOf(context, mount, late),
    ordinary_directory: isNew && (type === "proc" || type === "sysfs"),
    attributes: late ? { ...attributes, set: attributes.set & ~MOUNT_ATTR.RDONLY } : attributes,
    recursive_attributes: isNew ? NO_ATTRIBUTES : recursiveAttributes,
    propagation,
    copy_up: copyUp,
    id_map: idMap,
  };
}

function sourceOf(context: PlanContext, mount: ResolvedMount, late: boolean): MountSource {
  const { kind, type, source, recursive, superblock } = mount;
  if (kind === "bind") return { bind: { path: source, recursive } };
  // A bind has no file system of its own to reconfigure.
  if (kind === "bind_remount") return { remount: { options: [] } };
  const data = dataOptions(mount.data, context.host.kernel);
  if (kind === "remount") return { remount: { options: [...superblock, ...data] } };
  return {
    filesystem: {
      type,
      source,
      options: [
        ...(late ? superblock.filter(({ key }) => key !== "ro") : superblock),
        ...data,
        ...labelOption(context, type),
      ],
      mode_of_target: type === "tmpfs" && !data.some((option) => option.key === "mode"),
      fallback_bind: null,
    },
  };
}

/** The SELinux label of the files: not for file systems that label them by policy. */
function labelOption(context: PlanContext, type: string): MountOption[] {
  const { mountLabel } = context.config.linux;
  if (mountLabel === "" || type === "proc" || type === "sysfs" || type === "mqueue") return [];
  return [{ key: "context", value: mountLabel }];
}
