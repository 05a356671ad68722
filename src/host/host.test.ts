import { describe, expect, test } from "bun:test";
import type { FactsReply } from "../native/boundary.gen.ts";
import { parseSelfCgroup } from "./cgroup.ts";
import { hostFacts, kernelAtLeast, parseIdMap, parseRelease } from "./host.ts";
import { parseMountinfo } from "./mountinfo.ts";

const MOUNTS = `22 27 0:21 / /proc rw,relatime - proc proc rw
27 1 254:0 / / rw,relatime - ext4 /dev/vda rw
28 27 0:50 / /mnt/with\\040space\\134 rw,relatime shared:7 master:3 - tmpfs tmpfs rw,size=4k
`;

const V1 = `31 23 0:28 / /sys/fs/cgroup rw - tmpfs tmpfs rw,mode=755
32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct
33 31 0:32 /lxc/7 /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory
34 31 0:37 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,xattr,name=systemd
35 27 0:37 / /mnt/again rw - cgroup cgroup rw,xattr,name=systemd
`;

const UNIFIED = "36 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n";
const OWN = "5:name=systemd:/user.slice\n4:memory:/lxc/7/a:b\n3:cpu,cpuacct:/\n0::/x y\n";

const texts: FactsReply = {
  release: "6.18.44",
  euid: 0,
  egid: 0,
  cgroup_file_system: "tmpfs",
  self_cgroup: OWN,
  mountinfo: MOUNTS + V1 + UNIFIED,
  uid_map: "         0          0 4294967295\n",
  gid_map: "         0          0 4294967295\n",
  apparmor: "",
  streams: ["/dev/null", "/dev/null", "/dev/null"],
};

test("kernel releases", () => {
  const table: [release: string, major: number, minor: number][] = [
    ["6.18.44", 6, 18],
    ["5.14.0-70.el9.x86_64", 5, 14],
    ["6.1-rc1", 6, 1],
    ["", 0, 0],
    ["linux", 0, 0],
  ];
  for (const [release, major, minor] of table)
    expect(parseRelease(release)).toEqual({ release, major, minor });
  const kernel = parseRelease("6.8.0");
  expect([kernelAtLeast(kernel, 6, 8), kernelAtLeast(kernel, 5, 99), kernelAtLeast(kernel, 6, 9)]).toEqual([
    true,
    true,
    false,
  ]);
});

test("id maps", () => {
  expect(parseIdMap("  0  1000 1\n 1 100000 65536\n")).toEqual([
    { container_id: 0, host_id: 1000, size: 1 },
    { container_id: 1, host_id: 100000, size: 65536 },
  ]);
  expect(parseIdMap("")).toEqual([]);
  expect(parseIdMap("x y z\n")).toEqual([]);
});

test("whether bunc runs in a user namespace", () => {
  const inside = (uid_map: string) => hostFacts({ ...texts, uid_map }).inUserNamespace;
  expect(inside(texts.uid_map)).toBe(false);
  expect(inside("")).toBe(false);
  expect(inside("0 100000 65536\n")).toBe(true);
  expect(inside("0 0 4294967294\n")).toBe(true);
});

test("mountinfo: escapes, optional fields, lines that are none", () => {
  expect(parseMountinfo(`${MOUNTS}\nnonsense\n1 2 3 - x\n`).map((mount) => mount.mountPoint)).toEqual([
    "/proc",
    "/",
    "/mnt/with space\\",
  ]);
});

test("the file system below a path", () => {
  const host = hostFacts(texts);
  const table: [path: string, type: string][] = [
    ["/proc", "proc"],
    ["/proc/1", "proc"],
    ["/process", "ext4"],
    ["/", "ext4"],
    ["/mnt/with space\\/x", "tmpfs"],
  ];
  for (const [path, type] of table) expect([path, host.fileSystemOf(path)]).toEqual([path, type]);
  expect(hostFacts({ ...texts, mountinfo: "" }).fileSystemOf("/proc")).toBe("");
});

test("/proc/self/cgroup", () => {
  expect([...parseSelfCgroup(OWN)]).toEqual([
    ["name=systemd", "/user.slice"],
    ["memory", "/lxc/7/a:b"],
    ["cpu", "/"],
    ["cpuacct", "/"],
    ["", "/x y"],
  ]);
});

describe("cgroup modes", () => {
  test("hybrid", () => {
    const { cgroup } = hostFacts(texts);
    expect(cgroup.mode).toBe("hybrid");
    expect(cgroup.v2MountPoint).toBe("/sys/fs/cgroup/unified");
    expect(cgroup.v2Own).toBe("/x y");
    expect(cgroup.hierarchies).toEqual([
      { controllers: ["cpu", "cpuacct"], mountPoint: "/sys/fs/cgroup/cpu,cpuacct", root: "/", own: "/" },
      { controllers: ["memory"], mountPoint: "/sys/fs/cgroup/memory", root: "/lxc/7", own: "/lxc/7/a:b" },
      { controllers: ["name=systemd"], mountPoint: "/sys/fs/cgroup/systemd", root: "/", own: "/user.slice" },
    ]);
  });

  test("v1", () => {
    const { cgroup } = hostFacts({ ...texts, mountinfo: MOUNTS + V1 });
    expect([cgroup.mode, cgroup.v2MountPoint]).toEqual(["v1", ""]);
  });

  test("v2", () => {
    const { cgroup } = hostFacts({
      ...texts,
      cgroup_file_system: "cgroup2",
      mountinfo: "",
      self_cgroup: "0::/a\n",
    });
    expect(cgroup).toEqual({
      mode: "v2",
      hierarchies: [],
      v2MountPoint: "/sys/fs/cgroup",
      v2Own: "/a",
    });
  });
});

test("security modules and resctrl", () => {
  const host = hostFacts({
    ...texts,
    apparmor: "Y\n",
    mountinfo:
      "40 23 0:40 / /sys/fs/selinux rw - selinuxfs selinuxfs rw\n41 23 0:41 / /sys/fs/resctrl rw - resctrl resctrl rw\n",
  });
  expect([host.apparmor, host.selinux, host.resctrl]).toEqual([true, true, "/sys/fs/resctrl"]);
  const elsewhere = "41 23 0:41 / /mnt/resctrl rw - resctrl resctrl rw\n";
  expect(hostFacts({ ...texts, mountinfo: elsewhere }).resctrl).toBe("/mnt/resctrl");
  const without = hostFacts({ ...texts, apparmor: "N\n" });
  expect([without.apparmor, without.selinux, without.resctrl]).toEqual([false, false, ""]);
});
