/** `mounts` of config.json to steps. config.md, Mounts. */

import { resolvePath } from "../kernel/paths.ts";
import type { Mount, MountOption, MountSource } from "../native/boundary.gen.ts";
import { MOUNT_ATTR } from "../native/boundary.gen.ts";
import { type IdMapOption, parseIdMapOption } from "../oci/id-map-option.ts";
import { type MountOptions, parseMountOptions } from "../oci/mount-options.ts";
import { rootPath, targetOf } from "../oci/mount-targets.ts";
import type { MountConfig } from "../oci/mounts.ts";
import { cgroupMount } from "./cgroup-mounts.ts";
import type { MountingOptions, PlanContext } from "./context.ts";
import {
  dataOption,
  exactAttributes,
  NO_ATTRIBUTES,
  newMountAttributes,
  recursiveAttributes,
  remountSuperblockOptions,
  superblockOptions,
} from "./mount-attributes.ts";
import { idMap } from "./namespaces.ts";
import { overlayOptions } from "./overlay.ts";

/** A mount that becomes read-only after everything in it has been made. */
interface LateReadonly {
  subject: string;
  path: string;
}

interface PlannedMounts {
  late: LateReadonly[];
  /** A bind of /dev brings its own devices and links; nothing is made in it. */
  bindsDev: boolean;
}

/** Adds one step for each mount, in order. */
export function planMounts(context: PlanContext, options: MountingOptions): PlannedMounts {
  const planned: PlannedMounts = { late: [], bindsDev: false };
  const root = rootPath(context.config.root, options.bundle);
  for (const [index, config] of context.config.mounts.entries()) {
    const subject = `mounts[${index}]`;
    const parsed = parseMountOptions(config.type, config.options);
    const target = targetOf(config, root);
    if (parsed.bind && target === "/dev") planned.bindsDev = true;
    if (config.type === "cgroup" && !parsed.bind) {
      cgroupMount(context, options, subject, { target, source: config.source }, parsed);
      continue;
    }
    const isLate = !parsed.bind && !parsed.remount && (config.type === "tmpfs" || target === "/dev");
    const mount = planMount(context, options, config, target, parsed, isLate);
    if (isLate && (newMountAttributes(parsed).set & MOUNT_ATTR.RDONLY) !== 0) {
      planned.late.push({ subject, path: target });
    }
    context.add(subject, { mount });
  }
  return planned;
}

function planMount(
  context: PlanContext,
  options: MountingOptions,
  config: MountConfig,
  target: string,
  parsed: MountOptions,
  late: boolean,
): Mount {
  const inherits = parsed.bind || parsed.remount;
  const attributes = inherits ? exactAttributes(parsed) : newMountAttributes(parsed);
  return {
    target,
    source: sourceOf(context, options, config, parsed, late),
    ordinary_directory: !inherits && (config.type === "proc" || config.type === "sysfs"),
    attributes: late ? { ...attributes, set: attributes.set & ~MOUNT_ATTR.RDONLY } : attributes,
    recursive_attributes: inherits ? recursiveAttributes(parsed) : NO_ATTRIBUTES,
    propagation: parsed.propagation,
    copy_up: parsed.copyUp,
    id_map: idMapOf(context, config, parsed),
  };
}

function sourceOf(
  context: PlanContext,
  options: MountingOptions,
  config: MountConfig,
  parsed: MountOptions,
  late: boolean,
): MountSource {
  if (parsed.remount) {
    // A bind has no file system of its own to reconfigure.
    if (parsed.bind) return { remount: { options: [] } };
    return {
      remount: { options: [...remountSuperblockOptions(parsed.superblock), ...parsed.data.map(dataOption)] },
    };
  }
  if (parsed.bind) {
    return { bind: { path: resolvePath(options.bundle, config.source), recursive: parsed.recursive } };
  }
  const superblock = new Set(parsed.superblock);
  if (late) superblock.delete("ro");
  const data =
    config.type === "overlay"
      ? overlayOptions(parsed.data, options.bundle, context.host.kernel)
      : parsed.data.map(dataOption);
  return {
    filesystem: {
      type: config.type,
      source: config.source,
      options: [...superblockOptions(superblock), ...data, ...labelOption(context, config.type)],
      mode_of_target: config.type === "tmpfs" && !data.some((option) => option.key === "mode"),
      fallback_bind: "",
    },
  };
}

/** The SELinux label of the files: not for file systems that label them by policy. */
function labelOption(context: PlanContext, type: string): MountOption[] {
  const { mountLabel } = context.config.linux;
  if (mountLabel === "" || type === "proc" || type === "sysfs" || type === "mqueue") return [];
  return [{ key: "context", value: mountLabel }];
}

function idMapOf(context: PlanContext, config: MountConfig, parsed: MountOptions): Mount["id_map"] {
  const recursive = parsed.idMap?.recursive ?? false;
  const { uidMappings = [], gidMappings = [] } = givenMappings(context, config, parsed);
  if (uidMappings.length + gidMappings.length > 0) {
    return { uid_map: idMap(uidMappings), gid_map: idMap(gidMappings), recursive, container_userns: false };
  }
  if (parsed.idMap === undefined) return null;
  return { uid_map: [], gid_map: [], recursive, container_userns: true };
}

function givenMappings(
  context: PlanContext,
  config: MountConfig,
  parsed: MountOptions,
): Partial<IdMapOption> {
  const mapping = parsed.idMap?.mapping;
  if (mapping === undefined) return config;
  const { uidMappings = [], gidMappings = [] } = context.config.linux;
  return parseIdMapOption(mapping, { uidMappings, gidMappings }) ?? {};
}
