/** From parsed options to what mount_setattr(2), fsmount(2) and fsconfig(2) are given. */

import type { MountAttributes, MountOption } from "../../native/boundary.gen.ts";
import { MOUNT_ATTR } from "../../native/boundary.gen.ts";
import type { MountOptions, SuperblockFlag } from "./mount-options.ts";

export const NO_ATTRIBUTES: MountAttributes = { set: 0, clear: 0, clear_unlocked: 0 };

/** What a bind mount with flags has only if asked for. Access times are kept unless one is named. */
const EXACT =
  MOUNT_ATTR.RDONLY | MOUNT_ATTR.NOSUID | MOUNT_ATTR.NODEV | MOUNT_ATTR.NOEXEC | MOUNT_ATTR.NOSYMFOLLOW;

const ACCESS_TIMES = MOUNT_ATTR.ATIME_MASK | MOUNT_ATTR.NODIRATIME;

/** The attributes of a new mount of a file system: nothing is inherited, so there is nothing to clear. */
export function newMountAttributes(options: MountOptions): MountAttributes {
  let set = options.set | (options.accessTime ?? 0);
  // A new file system has nothing mounted in it: what is asked for recursively holds for it alone.
  set = (set & ~options.recursiveClear) | options.recursiveSet;
  return { set, clear: 0, clear_unlocked: 0 };
}

/**
 * The attributes of a mount that has some already: a bind or a remount. With any flag given they become
 * exactly what is asked for, as with mount(2) and MS_REMOUNT, except those that the kernel has locked and no
 * option names. Access times are changed together, by an option that sets one of them.
 */
export function exactAttributes(options: MountOptions): MountAttributes {
  if (!options.hasFlags) return NO_ATTRIBUTES;
  const { accessTime } = options;
  const set = options.set | (accessTime ?? 0);
  const namesAccessTime = accessTime !== undefined || (options.set & MOUNT_ATTR.NODIRATIME) !== 0;
  const clear = (options.clear & ~ACCESS_TIMES) | (namesAccessTime ? ACCESS_TIMES & ~set : 0);
  // ATIME_MASK is one value: all of it is cleared, whatever is set.
  const accessTimeMask = namesAccessTime ? MOUNT_ATTR.ATIME_MASK : 0;
  return { set, clear: clear | accessTimeMask, clear_unlocked: EXACT & ~set & ~clear };
}

export function recursiveAttributes(options: MountOptions): MountAttributes {
  return { set: options.recursiveSet, clear: options.recursiveClear, clear_unlocked: 0 };
}

const SUPERBLOCK_FLAGS: readonly SuperblockFlag[] = ["ro", "sync", "dirsync", "mand", "lazytime"];

/** Superblock flags of a new file system: those that are asked for. */
export function superblockOptions(flags: ReadonlySet<SuperblockFlag>): MountOption[] {
  return SUPERBLOCK_FLAGS.filter((flag) => flags.has(flag)).map((key) => ({ key, value: null }));
}

/** Superblock flags of a remount: mount(2) sets exactly those asked for, so the others are switched off. */
export function remountSuperblockOptions(flags: ReadonlySet<SuperblockFlag>): MountOption[] {
  const off = { ro: "rw", sync: "async", lazytime: "nolazytime" } as const;
  const cleared = (["ro", "sync", "lazytime"] as const).filter((flag) => !flags.has(flag));
  return [...superblockOptions(flags), ...cleared.map((flag) => ({ key: off[flag], value: null }))];
}
