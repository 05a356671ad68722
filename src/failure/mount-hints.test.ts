/** The hints about mounts, as hints.test.ts has the others. */

import {
  atMount,
  host,
  mapped,
  mount,
  mountinfo,
  namespaces,
  noHint,
  optionNames,
  type Row,
  testHints,
} from "./fake-failure.ts";

const causes: Row[] = [
  [
    "a file system",
    atMount("fsopen", "ENODEV"),
    { ...mount("nosuchfs"), ...host({ "/proc/filesystems": "nodev\tproc\n\text4\n" }) },
    /no file system "nosuchfs"/,
  ],
  ["a source", atMount("open_tree", "ENOENT", "/s"), mount("bind", [], "/s"), /source of a bind mount/],
  [
    "a gid of devpts",
    atMount("fsconfig", "EINVAL"),
    { ...mount("devpts", ["newinstance", "gid=5"]), ...mapped, ...namespaces("user") },
    /option gid=5 is in no range/,
  ],
  [
    "a misspelt option",
    atMount("fsconfig", "EINVAL"),
    { ...mount("tmpfs", ["ro", "nosiud", "size=1k"]), ...optionNames },
    /^"nosiud" is not a mount option \(did you mean "nosuid"\?\)$/,
  ],
  [
    "sysfs without a network namespace",
    atMount("fsmount", "EPERM"),
    { ...mount("sysfs"), ...namespaces("user") },
    /needs a new network namespace as well/,
  ],
  [
    "mqueue without an ipc namespace",
    atMount("fsmount", "EPERM"),
    { ...mount("mqueue"), ...host({}, 0, true) },
    /needs a new ipc namespace as well/,
  ],
  [
    "cgroup without a cgroup namespace",
    atMount("fsconfig", "EPERM"),
    { ...mount("cgroup2"), ...namespaces("user") },
    /needs a new cgroup namespace as well/,
  ],
  [
    "a masked proc",
    atMount("fsmount", "EPERM"),
    {
      ...mount("proc"),
      ...namespaces("user", "pid"),
      ...host(mountinfo("/proc rw - proc proc rw", "/proc/kcore rw - tmpfs tmpfs rw")),
    },
    /^\/proc\/kcore of the host is masked/,
  ],
  [
    "a read-only sysfs",
    atMount("fsmount", "EPERM"),
    {
      ...mount("sysfs"),
      ...namespaces("user", "network"),
      ...host(mountinfo("/sys ro,nosuid - sysfs sysfs rw")),
    },
    /^\/sys of the host/,
  ],
];

const nearMisses: Row[] = [
  [
    "a file system that is there",
    atMount("fsopen", "ENODEV"),
    { ...mount("ext4"), ...host({ "/proc/filesystems": "nodev\tproc\n\text4\n" }) },
    noHint,
  ],
  [
    "a device that is not there",
    atMount("fsconfig", "ENODEV"),
    { ...mount("ext4"), ...host({ "/proc/filesystems": "nodev\tproc\n" }) },
    noHint,
  ],
  ["a target", atMount("openat2", "ENOENT"), mount("bind", [], "/s"), noHint],
  ["a lower layer", atMount("fsconfig", "ENOENT"), mount("overlay"), noHint],
  [
    "a gid of devpts that is mapped",
    atMount("fsconfig", "EINVAL"),
    { ...mount("devpts", ["gid=4"]), ...mapped, ...namespaces("user") },
    noHint,
  ],
  ["a gid of devpts on the host", atMount("fsconfig", "EINVAL"), mount("devpts", ["gid=5"]), noHint],
  [
    "a value of an option",
    atMount("fsconfig", "EINVAL"),
    { ...mount("tmpfs", ["size=lots", "ro"]), ...optionNames },
    noHint,
  ],
  [
    "an attribute",
    atMount("mount_setattr", "EINVAL"),
    { ...mount("tmpfs", ["nosiud"]), ...optionNames },
    noHint,
  ],
  ["sysfs, to root of the host", atMount("fsmount", "EPERM"), mount("sysfs"), noHint],
  [
    "proc that is wholly in view",
    atMount("fsmount", "EPERM"),
    {
      ...mount("proc"),
      ...namespaces("user", "pid"),
      ...host(mountinfo("/proc rw - proc proc rw", "/proc/sys/fs/binfmt_misc rw - autofs a rw")),
    },
    noHint,
  ],
  ["an overlay", atMount("fsconfig", "EINVAL"), mount("overlay"), noHint],
  [
    "an overlay in a user namespace",
    atMount("fsconfig", "EPERM"),
    { ...mount("overlay"), ...namespaces("user") },
    noHint,
  ],
  ["a bind mount", atMount("mount_setattr", "EPERM"), { ...mount("bind"), ...namespaces("user") }, noHint],
  ...["ENOENT", "EACCES", "EPERM", "EBUSY", "EINVAL"].map(
    (errno): Row => [
      `cgroups: ${errno}`,
      { subject: "linux.resources.memory.limit", op: "write", errno },
      {},
      noHint,
    ],
  ),
];

testHints(causes, nearMisses);
