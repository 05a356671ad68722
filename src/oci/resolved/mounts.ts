/**
 * The one reading of `mounts`: what lies behind it sees kernel flags, absolute paths and id maps, and no option string.
 * config.md, Mounts; mount(8).
 */

import { resolvePath } from "../../kernel/paths.ts";
import {
  MOUNT_ATTR,
  type MountAttributes,
  type MountIdMap,
  type MountOption,
  type Propagation,
} from "../../native/boundary.gen.ts";
import type { MountConfig } from "../mounts.ts";
import { type ContainerMappings, idMap, parseIdMapOption } from "./id-maps.ts";
import {
  exactAttributes,
  newMountAttributes,
  recursiveAttributes,
  remountSuperblockOptions,
  superblockOptions,
} from "./mount-attributes.ts";
import { type MountOptions, parseMountOptions } from "./mount-options.ts";
import { targetOf } from "./mount-targets.ts";
import { type MountData, overlayOption } from "./overlay.ts";

/**
 * `bind_remount` changes the attributes of a mount, `remount` those of its file system as well; `cgroup` is the
 * hierarchies of this host, whichever they are.
 */
type MountKind = "bind" | "bind_remount" | "remount" | "cgroup" | "filesystem";

export interface ResolvedMount {
  /** Config path: `mounts[3]`. */
  subject: string;
  kind: MountKind;
  /** As the configuration has it, for messages. */
  destination: string;
  /** Clean absolute path in the container. */
  target: string;
  /** Name of the file system. */
  type: string;
  /** Of a bind: clean absolute path on the host. */
  source: string;
  /** Whether a bind brings the mounts below its source. */
  recursive: boolean;
  /** Of the new mount; what changes, where there is one already (bind, remount). */
  attributes: MountAttributes;
  /** The same options for a bind of what is mounted elsewhere. */
  boundAttributes: MountAttributes;
  /** For the mounts below as well. */
  recursiveAttributes: MountAttributes;
  propagation: readonly Propagation[];
  /** Flags of the superblock, as fsconfig(2) names them. */
  superblock: readonly MountOption[];
  /** Options of the file system itself. */
  data: readonly MountData[];
  /** tmpcopyup */
  copyUp: boolean;
  idMap: MountIdMap | null;
}

/** What the reading of one mount depends on. */
interface MountPlace {
  /** Absolute path of the bundle. */
  bundle: string;
  /** rootPath() */
  root: string;
  container: ContainerMappings;
}

/** `index`: in `mounts`. An id map that cannot be read is taken for none: a rule refuses it. */
export function resolveMount(config: MountConfig, index: number, place: MountPlace): ResolvedMount {
  const { destination, type, source } = config;
  const options = parseMountOptions(type, config.options);
  const kind = kindOf(type, options);
  const isNew = kind === "filesystem" || kind === "cgroup";
  const data = options.data.map(dataOption);
  return {
    subject: `mounts[${index}]`,
    kind,
    destination,
    target: targetOf(destination, place.root),
    type,
    source: kind === "bind" ? resolvePath(place.bundle, source) : source,
    recursive: options.recursive,
    attributes: isNew ? newMountAttributes(options) : exactAttributes(options),
    boundAttributes: exactAttributes(options),
    recursiveAttributes: recursiveAttributes(options),
    propagation: options.propagation,
    superblock:
      kind === "remount"
        ? remountSuperblockOptions(options.superblock)
        : superblockOptions(options.superblock),
    data: type === "overlay" ? data.map((option) => overlayOption(option, place.bundle)) : data,
    copyUp: options.copyUp,
    idMap: resolveIdMap(config, options, place.container),
  };
}

/** Whether it is to be read-only, as a whole. */
export function isReadonly({ attributes }: ResolvedMount): boolean {
  return (attributes.set & MOUNT_ATTR.RDONLY) !== 0;
}

function kindOf(type: string, { bind, remount }: MountOptions): MountKind {
  if (remount) return bind ? "bind_remount" : "remount";
  if (bind) return "bind";
  return type === "cgroup" ? "cgroup" : "filesystem";
}

/** "size=65536k" → {key, value}; a word without "=" is a flag. */
function dataOption(word: string): MountOption {
  const equals = word.indexOf("=");
  if (equals === -1) return { key: word, value: null };
  return { key: word.slice(0, equals), value: word.slice(equals + 1) };
}

function resolveIdMap(
  config: MountConfig,
  { idMap: option }: MountOptions,
  container: ContainerMappings,
): MountIdMap | null {
  const given: ContainerMappings =
    option?.mapping === undefined ? config : (parseIdMapOption(option.mapping, container) ?? {});
  const { uidMappings = [], gidMappings = [] } = given;
  const recursive = option?.recursive ?? false;
  if (uidMappings.length + gidMappings.length > 0) {
    return { uid_map: idMap(uidMappings), gid_map: idMap(gidMappings), recursive, container_userns: false };
  }
  if (option === undefined) return null;
  return { uid_map: [], gid_map: [], recursive, container_userns: true };
}
