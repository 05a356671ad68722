import { describe, expect, test } from "bun:test";
import { MOUNT_ATTR } from "../../native/boundary.gen.ts";
import { exactAttributes, newMountAttributes, remountSuperblockOptions } from "./mount-attributes.ts";
import { knownMountOptions, parseMountOptions } from "./mount-options.ts";

const { RDONLY, NOSUID, NODEV, NOEXEC, NOATIME, STRICTATIME, NODIRATIME, NOSYMFOLLOW, ATIME_MASK } =
  MOUNT_ATTR;
const parse = (...options: string[]) => parseMountOptions("tmpfs", options);

/** Every option of runtime-spec 1.3.0, config.md, Linux mount options. */
const SPECIFIED = `async atime bind defaults dev diratime dirsync exec iversion lazytime loud mand noatime nodev
  nodiratime noexec noiversion nolazytime nomand norelatime nostrictatime nosuid nosymfollow private ratime rbind
  rdev rdiratime relatime remount rexec rnoatime rnodiratime rnoexec rnorelatime rnostrictatime rnosuid rnosymfollow
  ro rprivate rrelatime rro rrw rshared rslave rstrictatime rsuid rsymfollow runbindable rw shared silent slave
  strictatime suid symfollow sync tmpcopyup unbindable idmap ridmap`;

test("every specified option is known, and none of them reaches the file system as data", () => {
  const known = new Set(knownMountOptions());
  for (const option of SPECIFIED.split(/\s+/)) {
    expect([option, known.has(option), parse(option).data]).toEqual([option, true, []]);
  }
});

describe("attributes of a new mount", () => {
  const table: [options: string[], set: number][] = [
    [[], 0],
    [["ro", "nosuid", "nodev", "noexec"], RDONLY | NOSUID | NODEV | NOEXEC],
    [["ro", "rw"], 0],
    [["nosuid", "suid", "nosuid"], NOSUID],
    [["noatime"], NOATIME],
    [["noatime", "relatime"], 0],
    [["noatime", "strictatime"], STRICTATIME],
    [["noatime", "atime"], 0],
    [["strictatime", "nostrictatime"], 0],
    [["nodiratime", "nosymfollow"], NODIRATIME | NOSYMFOLLOW],
    [["rro", "rnoatime"], RDONLY | NOATIME],
    [["ro", "rrw"], 0],
    [["nosuid,noexec"], NOSUID | NOEXEC],
  ];
  for (const [options, set] of table) {
    test(options.join(" ") || "none", () => {
      expect(newMountAttributes(parse(...options))).toEqual({ set, clear: 0, clear_unlocked: 0 });
    });
  }
});

describe("attributes of a bind", () => {
  const table: [options: string[], set: number, clear: number, unlocked: number][] = [
    [["bind"], 0, 0, 0],
    [["rbind", "rshared", "rro"], 0, 0, 0],
    [["bind", "ro"], RDONLY, 0, NOSUID | NODEV | NOEXEC | NOSYMFOLLOW],
    [["bind", "rw"], 0, RDONLY, NOSUID | NODEV | NOEXEC | NOSYMFOLLOW],
    [["bind", "silent"], 0, 0, RDONLY | NOSUID | NODEV | NOEXEC | NOSYMFOLLOW],
    [["bind", "noatime"], NOATIME, ATIME_MASK | NODIRATIME, RDONLY | NOSUID | NODEV | NOEXEC | NOSYMFOLLOW],
    [["bind", "nodiratime"], NODIRATIME, ATIME_MASK, RDONLY | NOSUID | NODEV | NOEXEC | NOSYMFOLLOW],
    [["bind", "diratime"], 0, 0, RDONLY | NOSUID | NODEV | NOEXEC | NOSYMFOLLOW],
    [["bind", "atime"], 0, 0, RDONLY | NOSUID | NODEV | NOEXEC | NOSYMFOLLOW],
    [["bind", "noatime", "atime"], 0, 0, RDONLY | NOSUID | NODEV | NOEXEC | NOSYMFOLLOW],
    [
      ["bind", "noatime", "nostrictatime"],
      NOATIME,
      ATIME_MASK | NODIRATIME,
      RDONLY | NOSUID | NODEV | NOEXEC | NOSYMFOLLOW,
    ],
    [
      ["bind", "relatime", "nodiratime"],
      NODIRATIME,
      ATIME_MASK,
      RDONLY | NOSUID | NODEV | NOEXEC | NOSYMFOLLOW,
    ],
  ];
  for (const [options, set, clear, clear_unlocked] of table) {
    test(options.join(" "), () =>
      expect(exactAttributes(parse(...options))).toEqual({ set, clear, clear_unlocked }),
    );
  }
});

test("an access time kind is set together with its mask, as mount_setattr(2) demands", () => {
  for (const kind of ["noatime", "relatime", "strictatime"]) {
    expect(exactAttributes(parse("bind", kind)).clear & ATIME_MASK).toBe(ATIME_MASK);
  }
  for (const kind of ["noatime", "relatime", "strictatime", "atime", "norelatime", "nostrictatime"]) {
    expect(parse(`r${kind}`).recursiveClear & ATIME_MASK).toBe(ATIME_MASK);
  }
  expect(parse("rnoatime", "rstrictatime").recursiveSet).toBe(STRICTATIME);
});

test("data", () => {
  const table: [option: string, data: string[]][] = [
    ["mode=755,size=1m", ["mode=755", "size=1m"]],
    ['context="a:b:c1,c2",size=1m', ["context=a:b:c1,c2", "size=1m"]],
    ["lowerdir=/a\\,b:/c", ["lowerdir=/a\\,b:/c"]],
    ["", []],
    ["defaults", []],
    ["RO", ["RO"]],
    ["rofl", ["rofl"]],
  ];
  for (const [option, data] of table) expect([option, parse(option).data]).toEqual([option, data]);
});

test("a remount names the superblock flags that it takes away", () => {
  const keys = (...options: string[]) =>
    remountSuperblockOptions(parse(...options).superblock).map(({ key }) => key);
  expect(keys("remount")).toEqual(["rw", "async", "nolazytime"]);
  expect(keys("remount", "ro", "lazytime")).toEqual(["ro", "lazytime", "async"]);
});
