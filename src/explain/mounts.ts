/** The steps of a plan that mount something, as system calls: zig/init/mount.zig and filesystem.zig. */

import type {
  Bind,
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

/** `parentOpens`: what bunc-init may not reach or map (Plan.parent_opens_sources). */
export function explainMount(mount: Mount, parentOpens: boolean): Step[] {
  const { source } = mount;
  if ("filesystem" in source) return newFileSystem(mount, source.filesystem);
  if ("bind" in source) {
    return [
      ...openBind(source.bind, mount.id_map, parentOpens),
      ...openTarget(mount, "made as the source is (directory 0755, file 0644) where it is missing"),
      ...setAttributes(mount.target, mount.attributes, false),
      ...setAttributes(mount.target, mount.recursive_attributes, true),
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

/** Where the parent maps ids, it opens the source for it; stage 1 has made the user namespace of the mapping. */
function openBind({ path, recursive }: Bind, map: MountIdMap | null, parentOpens: boolean): Step[] {
  if (map === null) return openSource(path, recursive, parentOpens);
  if (!parentOpens) return [...openSource(path, recursive, false), ...mapIds(path, map)];
  return [
    step("sendmsg", "bunc", "asks it to open the source, with its rights and in this mount namespace"),
    ...openSource(path, recursive, false),
    ...setIdMap(path, map),
  ];
}

/** A detached copy of what is mounted, by path on the host. */
export function openSource(path: string, recursive: boolean, parentOpens: boolean): Step[] {
  const open = step("open_tree", path, `OPEN_TREE_CLONE${recursive ? "|AT_RECURSIVE" : ""}`);
  if (!parentOpens) return [open];
  return [open, step("sendmsg", "bunc", "asks it to open the source", "it may not be reached (EACCES)")];
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
    ...(file.fallback_bind === null
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
    ...setAttributes(target, mount.recursive_attributes, true),
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
  return [step("move_mount", target), ...setPropagation(mount, target)];
}

function setPropagation({ propagation }: Mount, target: string): Step[] {
  return propagation.map(({ flag, recursive }) =>
    step("mount_setattr", target, `${propagationName(flag)}${recursive ? "|AT_RECURSIVE" : ""}`),
  );
}

function setAttributes(target: string, attributes: MountAttributes, recursive: boolean): Step[] {
  const names = attributeNames(attributes);
  return names === "" ? [] : [step("mount_setattr", target, recursive ? `${names}; AT_RECURSIVE` : names)];
}

function mapIds(target: string, map: MountIdMap): Step[] {
  return [...(map.container_userns ? [] : makeIdMap(map)), ...setIdMap(target, map)];
}

/** The mapping comes from a user namespace that a child process holds for as long as it takes. */
export function makeIdMap(map: MountIdMap): Step[] {
  const maps: [file: string, map: readonly IdMap[]][] = [
    ["uid_map", map.uid_map],
    ["gid_map", map.gid_map],
  ];
  return [
    step("clone3", "a helper process", "CLONE_NEWUSER"),
    ...maps.map(([file, lines]) => step("write", `/proc/HELPER/${file}`, idMapText(lines))),
  ];
}

function setIdMap(target: string, map: MountIdMap): Step[] {
  const recursive = map.recursive ? "|AT_RECURSIVE" : "";
  const whose = map.container_userns ? " of the container's user namespace" : "";
  return [step("mount_setattr", target, `MOUNT_ATTR_IDMAP${recursive}${whose}`)];
}

export function explainRemount({ path, attributes }: Remount): Step[] {
  return [step("openat2", path, "RESOLVE_IN_ROOT"), ...setAttributes(path, attributes, false)];
}
