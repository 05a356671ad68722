/** Kernel numbers of a plan, back in the names of the man pages. */

import { capabilityNames } from "../kernel/capability.ts";
import type { IdMap, MountAttributes } from "../native/boundary.gen.ts";
import { CLONE, MOUNT_ATTR, MS, RLIMIT } from "../native/boundary.gen.ts";

function flagNames(value: number, table: Readonly<Record<string, number>>, prefix: string): string {
  return Object.entries(table)
    .filter(([, flag]) => (value & flag) !== 0)
    .map(([name]) => `${prefix}${name}`)
    .join("|");
}

export const cloneFlags = (value: number) => flagNames(value, CLONE, "CLONE_");

const { SHARED, PRIVATE, SLAVE, UNBINDABLE } = MS;
export const propagationName = (flag: number) =>
  flagNames(flag, { SHARED, PRIVATE, SLAVE, UNBINDABLE }, "MS_");

const { ATIME_MASK: _mask, ...ATTRIBUTES } = MOUNT_ATTR;

/** What mount_setattr(2) is asked for: "set RDONLY, clear NODEV". "": nothing. */
export function attributeNames({ set, clear, clear_unlocked }: MountAttributes): string {
  const parts = [
    ["set", set],
    ["clear", clear],
    ["clear if not locked", clear_unlocked],
  ] as const;
  return parts
    .filter(([, value]) => value !== 0)
    .map(([verb, value]) => `${verb} ${mountAttributes(value)}`)
    .join(", ");
}

/** The access time is one value of three bits: all of them mean the value itself. */
export function mountAttributes(value: number): string {
  const { ATIME_MASK } = MOUNT_ATTR;
  const isMask = (value & ATIME_MASK) === ATIME_MASK;
  const names = flagNames(isMask ? value & ~ATIME_MASK : value, ATTRIBUTES, "MOUNT_ATTR_");
  return isMask ? [names, "MOUNT_ATTR__ATIME"].filter((name) => name !== "").join("|") : names;
}

export function resourceName(number: number): string {
  const found = Object.entries(RLIMIT).find(([, value]) => value === number);
  return found === undefined ? String(number) : `RLIMIT_${found[0]}`;
}

/** A set of 64 bits, as capabilities(7) names them; "none". */
export function capabilityList(set: string): string {
  return capabilityNames(BigInt(set)).join("|") || "none";
}

/** "0→100000 (65536)". */
export function idMapText(map: readonly IdMap[]): string {
  return map.map(({ container_id, host_id, size }) => `${container_id}→${host_id} (${size})`).join(", ");
}

/** Permission bits as chmod(1) takes them. */
export function octal(mode: number): string {
  return mode.toString(8).padStart(4, "0");
}

/** 32-bit words, least significant first, as a list: "0-3,8". */
export function bitList(words: readonly number[]): string {
  const ranges: string[] = [];
  let first = -1;
  for (let bit = 0; bit <= words.length * 32; bit += 1) {
    const isSet = ((words[Math.floor(bit / 32)] ?? 0) & (1 << (bit % 32))) !== 0;
    if (isSet && first === -1) first = bit;
    if (isSet || first === -1) continue;
    ranges.push(first === bit - 1 ? String(first) : `${first}-${bit - 1}`);
    first = -1;
  }
  return ranges.join(",");
}
