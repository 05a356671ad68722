/** The steps of a plan that mount something, as system calls: zig/init/mount.zig and filesystem.zig. */

import type {
  Filesystem,
  IdMap,
  Mount,
  MountAttributes,
  MountIdMap,
  MountOption,
  Remount,
} from "../native/boundary.gen.ts";
import { attributeNames, idMapText, mountAttributes, propagationName } from "./names.ts";
import { type Step, step } from "./operation.ts";

/** bunc-init takes longer values by descriptor or by mount(2). */
const FSCONFIG_VALUE_MAX = 255;

/** `ahead`: stage 1 has opened the source, and has applied its id map. */
export function explainMount(mount: Mount, ahead: boolean): Step[] {
  const { source } = mount;
  if ("filesystem" in source) return newFileSystem(mount, source.filesystem);
  if ("bind" in source) {
    const opened = ahead ? [] : openSource(source.bind.path, source.bind.recursive);
    return [
      ...opened,
      ...openTarget(mount, "made as the source is (directory 0755, file 0644) where it is missing"),
      ...setAttributes(mount.target, mount.attributes, false),
      ...(mount.id_map === null || ahead ? [] : mapIds(mount.target, mount.id_map)),
      ...attach(mount, mount.target),
    ];
  }
  const { options } = source.remount;
  return [
    step("openat2", mount.target, "RESOLVE_IN_ROOT"),
    ...(options.length === 0
      ? []
      : [
          step("fspick", mount.target),
          ...options.map(setOption),
          step("fsconfig", "FSCONFIG_CMD_RECONFIGURE"),
        ]),
    ...setAttributes(mount.target, mount.attributes, false),
    ...setAttributes(mount.target, mount.recursive_attributes, true),
    ...setPropagation(mount, mount.target),
  ];
}

/** A detached copy of what is mounted, by path on the host. */
export function openSource(path: string, recursive: boolean): Step[] {
  return [step("open_tree", path, `OPEN_TREE_CLONE${recursive ? "|AT_RECURSIVE" : ""}`)];
}

function newFileSystem(mount: Mount, file: Filesystem): Step[] {
  const { target } = mount;
  const set = mount.copy_up ? 0 : mount.attributes.set;
  return [
    ...openTarget(mount, "made (mkdirat 0755) where it is missing"),
    step("fsopen", file.type),
    ...(file.source === "" ? [] : [setOption({ key: "source", value: file.source })]),
    ...(file.mode_of_target
      ? [step("fsconfig", "mode", "that of the directory it covers", `${target} was there before`)]
      : []),
    ...file.options.map(setOption),
    step("fsconfig", "FSCONFIG_CMD_CREATE"),
    step("fsmount", "", mountAttributes(set)),
    ...(file.fallback_bind === ""
      ? []
      : [
          step(
            "open_tree",
            file.fallback_bind,
            "OPEN_TREE_CLONE|AT_RECURSIVE",
            "the kernel refused that (EPERM, EBUSY)",
          ),
        ]),
    ...(mount.copy_up
      ? [
          step("copy", target, "its contents, with modes and owners (tmpcopyup)"),
          ...setAttributes(target, mount.attributes, false),
        ]
      : []),
    ...(mount.id_map === null ? [] : mapIds(target, mount.id_map)),
    ...attach(mount, target),
  ];
}

function openTarget({ target, ordinary_directory }: Mount, missing: string): Step[] {
  const resolve = ordinary_directory ? "RESOLVE_IN_ROOT|RESOLVE_NO_SYMLINKS" : "RESOLVE_IN_ROOT";
  return [step("openat2", target, `${resolve}; ${missing}`)];
}

function setOption({ key, value }: MountOption): Step {
  if (value === null) return step("fsconfig", key, "FSCONFIG_SET_FLAG");
  const isLong = value.length > FSCONFIG_VALUE_MAX;
  return step("fsconfig", key, isLong ? `${value} (by descriptor, or all options by mount(2))` : value);
}

function attach(mount: Mount, target: string): Step[] {
  return [
    ...setAttributes(target, mount.recursive_attributes, true),
    step("move_mount", target),
    ...setPropagation(mount, target),
  ];
}

function setPropagation({ propagation }: Mount, target: string): Step[] {
  return propagation.map(({ flag, recursive }) =>
    step("mount_setattr", target, `${propagationName(flag)}${recursive ? "|AT_RECURSIVE" : ""}`),
  );
}

export function setAttributes(target: string, attributes: MountAttributes, recursive: boolean): Step[] {
  const names = attributeNames(attributes);
  return names === "" ? [] : [step("mount_setattr", target, recursive ? `${names}; AT_RECURSIVE` : names)];
}

/** The mapping comes from a user namespace that a child process holds for as long as it takes. */
export function mapIds(target: string, map: MountIdMap): Step[] {
  const recursive = map.recursive ? "|AT_RECURSIVE" : "";
  const maps: [file: string, map: readonly IdMap[]][] = [
    ["uid_map", map.uid_map],
    ["gid_map", map.gid_map],
  ];
  return [
    ...(map.container_userns
      ? []
      : [
          step("clone3", "a helper process", "CLONE_NEWUSER"),
          ...maps.map(([file, lines]) => step("write", `/proc/HELPER/${file}`, idMapText(lines))),
        ]),
    step(
      "mount_setattr",
      target,
      `MOUNT_ATTR_IDMAP${recursive}${map.container_userns ? " of the container's user namespace" : ""}`,
    ),
  ];
}

export function explainRemount({ path, attributes }: Remount): Step[] {
  return [step("openat2", path, "RESOLVE_IN_ROOT"), ...setAttributes(path, attributes, false)];
}
