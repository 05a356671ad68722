/**
 * The option strings of a mount (config.md, Linux mount options; mount(8)) sorted by what they act on:
 * the mount (MOUNT_ATTR_*), the file system (superblock flags and data), its propagation, or the runtime.
 *
 * The kernel's access time kinds are one choice of three, not bits: the last one asked for wins.
 */

import type { Propagation } from "../../native/boundary.gen.ts";
import { MOUNT_ATTR, MS } from "../../native/boundary.gen.ts";

/** Superblock flags, named as fsconfig(2) names them. */
export type SuperblockFlag = "ro" | "sync" | "dirsync" | "mand" | "lazytime";

/** Options of one mount. */
export interface MountOptions {
  bind: boolean;
  /** rbind. */
  recursive: boolean;
  remount: boolean;
  /** Whether an option asked for a flag to be set or cleared: a bind mount without any keeps its source's. */
  hasFlags: boolean;
  /** MOUNT_ATTR_* asked for, access time excepted. */
  set: number;
  /** MOUNT_ATTR_* cleared by name, access time excepted. */
  clear: number;
  /** MOUNT_ATTR_* of the access time kind; `undefined`: none is asked for. */
  accessTime: number | undefined;
  superblock: Set<SuperblockFlag>;
  propagation: Propagation[];
  /** Recursive attributes as for mount_setattr(2): access time included, with its mask in `clear`. */
  recursiveSet: number;
  recursiveClear: number;
  copyUp: boolean;
  /** `mapping`: the text after "idmap=", if any (id-maps.ts). */
  idMap: { recursive: boolean; mapping?: string } | undefined;
  /** Everything else: options of the file system itself. */
  data: string[];
}

const { RDONLY, NOSUID, NODEV, NOEXEC, NODIRATIME, NOSYMFOLLOW, NOATIME, STRICTATIME, ATIME_MASK } =
  MOUNT_ATTR;

/** MOUNT_ATTR_RELATIME: the kind that no bit stands for. */
const RELATIME = 0;

interface AttributeChange {
  set: number;
  clear: number;
}

/** Attributes but the access time's: the option that sets one, and the one that clears it. */
const PAIRS: readonly [on: string, off: string, flag: number][] = [
  ["ro", "rw", RDONLY],
  ["nosuid", "suid", NOSUID],
  ["nodev", "dev", NODEV],
  ["noexec", "exec", NOEXEC],
  ["nodiratime", "diratime", NODIRATIME],
  ["nosymfollow", "symfollow", NOSYMFOLLOW],
];

const ATTRIBUTES: ReadonlyMap<string, AttributeChange> = new Map<string, AttributeChange>([
  ...PAIRS.map(([on, , flag]) => [on, { set: flag, clear: 0 }] as const),
  ...PAIRS.map(([, off, flag]) => [off, { set: 0, clear: flag }] as const),
]);

const ACCESS_TIME: ReadonlyMap<string, number> = new Map([
  ["noatime", NOATIME],
  ["relatime", RELATIME],
  ["strictatime", STRICTATIME],
]);

/** They cancel an earlier option; a mount that already has the attribute keeps it, as with mount(8). */
const NOT_ACCESS_TIME: ReadonlyMap<string, number> = new Map([
  ["atime", NOATIME],
  ["norelatime", RELATIME],
  ["nostrictatime", STRICTATIME],
]);

/** Behind an "r": "rro", "rnoatime". A mask cannot say "not": the kernel's default takes its place. */
const RECURSIVE: ReadonlyMap<string, AttributeChange> = new Map([
  ...ATTRIBUTES,
  ...[...ACCESS_TIME].map(([name, kind]) => [name, { set: kind, clear: ATIME_MASK }] as const),
  ...[...NOT_ACCESS_TIME.keys()].map((name) => [name, { set: RELATIME, clear: ATIME_MASK }] as const),
]);

const SUPERBLOCK: ReadonlyMap<string, { flag: SuperblockFlag; on: boolean }> = new Map([
  ["ro", { flag: "ro", on: true }],
  ["rw", { flag: "ro", on: false }],
  ["sync", { flag: "sync", on: true }],
  ["async", { flag: "sync", on: false }],
  ["dirsync", { flag: "dirsync", on: true }],
  ["mand", { flag: "mand", on: true }],
  ["nomand", { flag: "mand", on: false }],
  ["lazytime", { flag: "lazytime", on: true }],
  ["nolazytime", { flag: "lazytime", on: false }],
]);

/**
 * Known, but without effect: `silent` only keeps the kernel's log quiet and has no fsconfig(2) name; change
 * counters are always on in every file system that has them, and so are ACLs.
 */
const WITHOUT_EFFECT = ["iversion", "noiversion", "silent", "loud", "acl", "noacl"];

/** "private", "rprivate" and so on. */
export const PROPAGATIONS: ReadonlyMap<string, Propagation> = new Map([
  ["private", { flag: MS.PRIVATE, recursive: false }],
  ["rprivate", { flag: MS.PRIVATE, recursive: true }],
  ["slave", { flag: MS.SLAVE, recursive: false }],
  ["rslave", { flag: MS.SLAVE, recursive: true }],
  ["shared", { flag: MS.SHARED, recursive: false }],
  ["rshared", { flag: MS.SHARED, recursive: true }],
  ["unbindable", { flag: MS.UNBINDABLE, recursive: false }],
  ["runbindable", { flag: MS.UNBINDABLE, recursive: true }],
]);

const KEYWORDS: ReadonlyMap<string, Partial<MountOptions>> = new Map<string, Partial<MountOptions>>([
  ["", {}],
  ["defaults", {}],
  ["bind", { bind: true }],
  ["rbind", { bind: true, recursive: true }],
  ["remount", { remount: true }],
  ["tmpcopyup", { copyUp: true }],
  ["idmap", { idMap: { recursive: false } }],
  ["ridmap", { idMap: { recursive: true } }],
]);

/** Names of all options that are understood, sorted: `mountOptions` of `features`. */
export function knownMountOptions(): string[] {
  const tables = [ATTRIBUTES, ACCESS_TIME, NOT_ACCESS_TIME, SUPERBLOCK, PROPAGATIONS, KEYWORDS];
  const names = new Set([...tables.flatMap((table) => [...table.keys()]), ...WITHOUT_EFFECT]);
  for (const name of RECURSIVE.keys()) names.add(`r${name}`);
  names.delete("");
  return [...names].sort();
}

/** `type` "bind" means a bind mount too, as mount(8) and crun take it. */
export function parseMountOptions(type: string, options: readonly string[]): MountOptions {
  const parsed: MountOptions = {
    bind: type === "bind",
    recursive: false,
    remount: false,
    hasFlags: false,
    set: 0,
    clear: 0,
    accessTime: undefined,
    superblock: new Set(),
    propagation: [],
    recursiveSet: 0,
    recursiveClear: 0,
    copyUp: false,
    idMap: undefined,
    data: [],
  };
  for (const word of options.flatMap(splitData)) {
    if (applyFlag(parsed, word)) parsed.hasFlags = true;
    else if (!applyKeyword(parsed, word)) parsed.data.push(word);
  }
  return parsed;
}

function applyFlag(parsed: MountOptions, word: string): boolean {
  const attribute = ATTRIBUTES.get(word);
  if (attribute !== undefined) {
    parsed.set = (parsed.set & ~attribute.clear) | attribute.set;
    parsed.clear = (parsed.clear & ~attribute.set) | attribute.clear;
  }
  const superblock = SUPERBLOCK.get(word);
  if (superblock?.on) parsed.superblock.add(superblock.flag);
  else if (superblock !== undefined) parsed.superblock.delete(superblock.flag);
  const accessTime = ACCESS_TIME.get(word);
  if (accessTime !== undefined) parsed.accessTime = accessTime;
  const notAccessTime = NOT_ACCESS_TIME.get(word);
  if (notAccessTime !== undefined && parsed.accessTime === notAccessTime) parsed.accessTime = undefined;
  const found = attribute ?? superblock ?? accessTime ?? notAccessTime;
  return found !== undefined || WITHOUT_EFFECT.includes(word);
}

function applyKeyword(parsed: MountOptions, word: string): boolean {
  const propagation = PROPAGATIONS.get(word);
  const keyword = KEYWORDS.get(word);
  const change = word.startsWith("r") ? RECURSIVE.get(word.slice(1)) : undefined;
  if (propagation !== undefined) parsed.propagation.push(propagation);
  else if (keyword !== undefined) Object.assign(parsed, keyword);
  else if (/^r?idmap=/.test(word)) {
    parsed.idMap = { recursive: word.startsWith("r"), mapping: word.slice(word.indexOf("=") + 1) };
  } else if (change !== undefined) {
    parsed.recursiveSet = (parsed.recursiveSet & ~change.clear) | change.set;
    parsed.recursiveClear = (parsed.recursiveClear & ~change.set) | change.clear;
  } else return false;
  return true;
}

/**
 * One string may hold several options, as mount(2) would take it. A comma is data behind a backslash
 * (overlay's paths) and within double quotes (SELinux contexts); the quotes themselves are dropped.
 */
function splitData(option: string): string[] {
  if (!option.includes(",") && !option.includes('"')) return [option];
  const words: string[] = [];
  let word = "";
  let quoted = false;
  for (let index = 0; index < option.length; index++) {
    const character = option[index] as string;
    if (character === "\\" && index + 1 < option.length) {
      word += character + option[++index];
    } else if (character === '"') {
      quoted = !quoted;
    } else if (character === "," && !quoted) {
      words.push(word);
      word = "";
    } else {
      word += character;
    }
  }
  words.push(word);
  return words;
}
