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
  superblock: ReadonlySet<SuperblockFlag>;
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

const SET: ReadonlyMap<string, number> = new Map([
  ["ro", RDONLY],
  ["nosuid", NOSUID],
  ["nodev", NODEV],
  ["noexec", NOEXEC],
  ["nodiratime", NODIRATIME],
  ["nosymfollow", NOSYMFOLLOW],
]);

const CLEAR: ReadonlyMap<string, number> = new Map([
  ["rw", RDONLY],
  ["suid", NOSUID],
  ["dev", NODEV],
  ["exec", NOEXEC],
  ["diratime", NODIRATIME],
  ["symfollow", NOSYMFOLLOW],
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
const WITHOUT_EFFECT: ReadonlySet<string> = new Set([
  "iversion",
  "noiversion",
  "silent",
  "loud",
  "acl",
  "noacl",
]);

const PROPAGATION: ReadonlyMap<string, Propagation> = new Map([
  ["private", { flag: MS.PRIVATE, recursive: false }],
  ["rprivate", { flag: MS.PRIVATE, recursive: true }],
  ["slave", { flag: MS.SLAVE, recursive: false }],
  ["rslave", { flag: MS.SLAVE, recursive: true }],
  ["shared", { flag: MS.SHARED, recursive: false }],
  ["rshared", { flag: MS.SHARED, recursive: true }],
  ["unbindable", { flag: MS.UNBINDABLE, recursive: false }],
  ["runbindable", { flag: MS.UNBINDABLE, recursive: true }],
]);

/** The propagation that a word names ("rshared"), for mounts and for linux.rootfsPropagation. */
export function propagationOf(word: string): Propagation | undefined {
  return PROPAGATION.get(word);
}

/** Names of all options that are understood, sorted: `mountOptions` of `features`. */
export function knownMountOptions(): string[] {
  const recursive = [SET, CLEAR, ACCESS_TIME, NOT_ACCESS_TIME].flatMap((table) =>
    [...table.keys()].map((name) => `r${name}`),
  );
  const names = ["bind", "rbind", "remount", "defaults", "tmpcopyup", "idmap", "ridmap"];
  const tables = [SET, CLEAR, ACCESS_TIME, NOT_ACCESS_TIME, SUPERBLOCK, PROPAGATION].flatMap((table) => [
    ...table.keys(),
  ]);
  return [...new Set([...names, ...tables, ...WITHOUT_EFFECT, ...recursive])].sort();
}

/** `type` "bind" means a bind mount too, as mount(8) and crun take it. */
export function parseMountOptions(type: string, options: readonly string[]): MountOptions {
  const superblock = new Set<SuperblockFlag>();
  const parsed: MountOptions = {
    bind: type === "bind",
    recursive: false,
    remount: false,
    hasFlags: false,
    set: 0,
    clear: 0,
    accessTime: undefined,
    superblock,
    propagation: [],
    recursiveSet: 0,
    recursiveClear: 0,
    copyUp: false,
    idMap: undefined,
    data: [],
  };
  for (const option of options) {
    for (const word of splitData(option)) {
      if (!applyFlag(parsed, superblock, word) && !applyKeyword(parsed, word)) parsed.data.push(word);
    }
  }
  return parsed;
}

function applyFlag(parsed: MountOptions, superblock: Set<SuperblockFlag>, word: string): boolean {
  const set = SET.get(word);
  const clear = CLEAR.get(word);
  const accessTime = ACCESS_TIME.get(word);
  const notAccessTime = NOT_ACCESS_TIME.get(word);
  const change = SUPERBLOCK.get(word);
  if (set !== undefined) {
    parsed.set |= set;
    parsed.clear &= ~set;
  }
  if (clear !== undefined) {
    parsed.clear |= clear;
    parsed.set &= ~clear;
  }
  if (accessTime !== undefined) parsed.accessTime = accessTime;
  if (notAccessTime !== undefined && parsed.accessTime === notAccessTime) parsed.accessTime = undefined;
  if (change !== undefined) {
    if (change.on) superblock.add(change.flag);
    else superblock.delete(change.flag);
  }
  const known =
    set !== undefined ||
    clear !== undefined ||
    accessTime !== undefined ||
    notAccessTime !== undefined ||
    change !== undefined ||
    WITHOUT_EFFECT.has(word);
  if (known) parsed.hasFlags = true;
  return known;
}

function applyKeyword(parsed: MountOptions, word: string): boolean {
  const propagation = PROPAGATION.get(word);
  if (propagation !== undefined) {
    parsed.propagation.push(propagation);
    return true;
  }
  switch (word) {
    case "":
    case "defaults":
      return true;
    case "bind":
      parsed.bind = true;
      return true;
    case "rbind":
      parsed.bind = true;
      parsed.recursive = true;
      return true;
    case "remount":
      parsed.remount = true;
      return true;
    case "tmpcopyup":
      parsed.copyUp = true;
      return true;
    case "idmap":
      parsed.idMap = { recursive: false };
      return true;
    case "ridmap":
      parsed.idMap = { recursive: true };
      return true;
    default:
      return applyIdMap(parsed, word) || applyRecursive(parsed, word);
  }
}

function applyIdMap(parsed: MountOptions, word: string): boolean {
  const match = /^(r?)idmap=(.*)$/s.exec(word);
  if (match === null) return false;
  parsed.idMap = { recursive: match[1] === "r", mapping: match[2] as string };
  return true;
}

/** "rro", "rnoatime": the plain option's name behind an "r". */
function applyRecursive(parsed: MountOptions, word: string): boolean {
  if (!word.startsWith("r")) return false;
  const name = word.slice(1);
  const set = SET.get(name);
  const clear = CLEAR.get(name);
  // A mask cannot say "not": the kernel's default takes its place.
  const accessTime = NOT_ACCESS_TIME.has(name) ? RELATIME : ACCESS_TIME.get(name);
  if (set !== undefined) {
    parsed.recursiveSet |= set;
    parsed.recursiveClear &= ~set;
  } else if (clear !== undefined) {
    parsed.recursiveClear |= clear;
    parsed.recursiveSet &= ~clear;
  } else if (accessTime !== undefined) {
    parsed.recursiveSet = (parsed.recursiveSet & ~ATIME_MASK) | accessTime;
    parsed.recursiveClear |= ATIME_MASK;
  } else {
    return false;
  }
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
