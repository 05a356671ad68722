/** Hosts to plan for, described by the texts of their kernels. */

import type { FactsReply } from "../../src/native/boundary.gen.ts";

const INITIAL_MAP = "         0          0 4294967295\n";

const ROOT_MOUNTS = `22 27 0:21 / /proc rw,relatime - proc proc rw
23 27 0:22 / /sys rw,relatime - sysfs sysfs rw
24 27 0:6 / /dev rw,relatime - devtmpfs devtmpfs rw,mode=755
27 1 254:0 / / rw,relatime - ext4 /dev/vda rw
`;

const base: FactsReply = {
  release: "6.18.44",
  euid: 0,
  egid: 0,
  cgroup_file_system: "cgroup2",
  self_cgroup: "0::/user.slice\n",
  mountinfo: `${ROOT_MOUNTS}31 23 0:28 / /sys/fs/cgroup rw,nosuid,nodev,noexec,relatime shared:4 - cgroup2 cgroup2 rw\n`,
  uid_map: INITIAL_MAP,
  gid_map: INITIAL_MAP,
  apparmor: "",
  streams: ["/dev/null", "/dev/null", "/dev/null"],
};

/** cgroup v2 only, root. */
export const v2: FactsReply = base;

/** An early supported kernel. */
export const v2Linux514: FactsReply = { ...base, release: "5.14.0-70.el9" };

export const v2Apparmor: FactsReply = { ...base, apparmor: "Y\n" };

export const v2Selinux: FactsReply = {
  ...base,
  mountinfo: `${base.mountinfo}40 23 0:40 / /sys/fs/selinux rw,relatime - selinuxfs selinuxfs rw\n`,
};

/** v1 controllers and a cgroup2 without any; two controllers share a hierarchy. */
export const hybrid: FactsReply = {
  ...base,
  cgroup_file_system: "tmpfs",
  self_cgroup: "4:name=systemd:/\n3:memory:/agent/7\n2:cpu,cpuacct:/\n0::/\n",
  mountinfo: `${ROOT_MOUNTS}31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755
32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw,relatime - cgroup cgroup rw,cpu,cpuacct
33 31 0:32 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory
34 31 0:37 / /sys/fs/cgroup/systemd rw,relatime - cgroup cgroup rw,xattr,name=systemd
35 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw
`,
};

/** An ordinary user on a v2 host. */
export const user: FactsReply = {
  ...base,
  euid: 1000,
  egid: 1000,
  self_cgroup: "0::/user.slice/user-1000.slice/session-1.scope\n",
};

/** Root of a user namespace. */
export const nested: FactsReply = {
  ...base,
  uid_map: "         0     100000      65536\n",
  gid_map: "         0     100000      65536\n",
};
