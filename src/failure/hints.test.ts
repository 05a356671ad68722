/** Each hint with the cause that it names, and with near misses: failures that look alike and have another cause. */

import { expect, test } from "bun:test";
import { errnoNumber } from "../kernel/errno.ts";
import {
  all,
  host,
  mapped,
  mountinfo,
  namespaces,
  noHint,
  noResource,
  type Row,
  rlimits,
  status,
  testHints,
  user,
} from "./fake-failure.ts";
import { HINT_RULES } from "./hints.ts";

const causes: Row[] = [
  [
    "a limit that was reached",
    { code: "died" },
    { oomKilled: true, oomLimit: "4096" },
    /limit of 4096 bytes: raise/,
  ],
  [
    "an interpreter",
    { code: "executable", op: "execve", errno: "ENOENT", target: "/run.sh" },
    {},
    /interpreter/,
  ],
  [
    "a name",
    { code: "executable", op: "lookup", errno: "ENOENT", target: "x" },
    { searchPath: "/bin" },
    /PATH of process\.env: \/bin$/,
  ],
  ["no PATH", { code: "executable", op: "lookup", errno: "ENOENT", target: "x" }, {}, /has no PATH/],
  [
    "a path",
    { code: "executable", op: "lookup", errno: "ENOENT", target: "/x" },
    { searchPath: "/bin" },
    /root file system$/,
  ],
  [
    "a format",
    { code: "executable", op: "execve", errno: "ENOEXEC", target: "/x" },
    {},
    /another architecture/,
  ],
  [
    "a link",
    { code: "unsafe_path", op: "openat2", detail: "a component is a symbolic link" },
    {},
    /symbolic link/,
  ],
  [
    "a hook that failed",
    { code: "hook", subject: "hooks.prestart[0]", detail: "exit status 1 after 3 ms" },
    {},
    /by hand/,
  ],
  [
    "a container that was not started",
    { subject: "linux.namespaces", op: "stat", errno: "EACCES", target: "/proc/7/ns/user" },
    host({ "/proc/7/cmdline": "bunc-init\x009\0" }),
    /start it first/,
  ],
  [
    "a ramdisk",
    { op: "pivot_root", errno: "EINVAL" },
    host(mountinfo("/ rw - rootfs rootfs rw")),
    /--no-pivot/,
  ],
  ["no proc", { op: "readlink", errno: "ENOENT", target: "/proc/self/fd/3" }, {}, /mount -t proc/],
  ["mknod in a user namespace", { op: "mknodat", errno: "EPERM" }, namespaces("user"), /device nodes/],
  [
    "mknod in the caller's user namespace",
    { op: "mknodat", errno: "EPERM" },
    host({}, 0, true),
    /device nodes/,
  ],
  [
    "a uid",
    { subject: "process.user", op: "setresuid", errno: "EINVAL" },
    { ...user, ...mapped, ...namespaces("user") },
    /^uid 1000 is in no range/,
  ],
  [
    "a gid",
    { subject: "process.user", op: "setresgid", errno: "EINVAL" },
    { ...user, ...mapped, ...namespaces("user") },
    /^gid 5 is in no range/,
  ],
  [
    "a further gid",
    { subject: "process.user", op: "setgroups", errno: "EINVAL" },
    { ...user, ...mapped, ...namespaces("user") },
    /^gid 7 is in no range/,
  ],
  [
    "groups without newgidmap",
    { subject: "process.user", op: "setgroups", errno: "EPERM" },
    { ...namespaces("user"), gidMappings: [{ containerID: 0, size: 1 }], ...host({}, 1000) },
    /newgidmap/,
  ],
  [
    "a hard limit",
    { subject: "process.rlimits[0]", op: "prlimit", errno: "EPERM" },
    { ...rlimits("RLIMIT_CORE", 5), ...host(noResource) },
    /CAP_SYS_RESOURCE/,
  ],
  [
    "a hard limit, in a user namespace",
    { subject: "process.rlimits[0]", op: "prlimit", errno: "EPERM" },
    { ...rlimits("RLIMIT_CORE", 5), ...host(all, 0, true) },
    /CAP_SYS_RESOURCE/,
  ],
  [
    "nr_open",
    { subject: "process.rlimits[0]", op: "prlimit", errno: "EPERM" },
    {
      ...rlimits("RLIMIT_NOFILE", 2_000_000),
      ...host({ ...noResource, "/proc/sys/fs/nr_open": "1048576\n" }),
    },
    /above fs\.nr_open \(1048576\)/,
  ],
  [
    "a capability that the caller lacks",
    { subject: "process.capabilities", op: "capset", errno: "EPERM" },
    { capabilities: ["CAP_CHOWN", "CAP_SYS_RESOURCE"], ...host(status("CapBnd", "000001fffeffffff")) },
    /lacks CAP_SYS_RESOURCE \(/,
  ],
  ["a working directory", { subject: "process.cwd", op: "chdir", errno: "EACCES" }, {}, /may not enter/],
  [
    "a profile",
    { subject: "process.apparmorProfile", op: "write label", errno: "ENOENT" },
    {},
    /apparmor_parser/,
  ],
  ["a sysctl", { subject: "linux.sysctl", op: "openat2", errno: "ENOENT" }, {}, /no such sysctl/],
  [
    "none of a kind",
    { subject: "linux.namespaces", op: "clone3", errno: "ENOSPC" },
    { ...namespaces("network", "pid"), ...host({ "/proc/sys/user/max_net_namespaces": "0\n" }) },
    /user\.max_net_namespaces is 0$/,
  ],
  [
    "Debian's switch",
    { subject: "linux.namespaces", op: "clone3", errno: "EPERM" },
    { ...namespaces("user"), ...host({ "/proc/sys/kernel/unprivileged_userns_clone": "0\n" }, 1000) },
    /unprivileged_userns_clone is 0$/,
  ],
  [
    "Ubuntu's switch",
    { subject: "linux.uidMappings", op: "write", errno: "EPERM" },
    {
      ...namespaces("user"),
      ...host({ "/proc/sys/kernel/apparmor_restrict_unprivileged_userns": "1\n" }, 1000),
    },
    /unprivileged_userns is 1$/,
  ],
  [
    "a namespace's path",
    { subject: "linux.namespaces[0].path", op: "open", errno: "ENOENT" },
    {},
    /namespace file/,
  ],
  [
    "a seccomp action",
    { subject: "linux.seccomp", op: "seccomp", errno: "EINVAL" },
    {
      seccompActions: ["SCMP_ACT_ALLOW", "SCMP_ACT_NOTIFY"],
      ...host({ "/proc/sys/kernel/seccomp/actions_avail": "errno allow\n" }),
    },
    /has no SCMP_ACT_NOTIFY: its actions are errno allow$/,
  ],
  ["no agent", { subject: "linux.seccomp", op: "connect", errno: "ECONNREFUSED" }, {}, /must listen/],
  ["a fault of ours", { code: "protocol", op: "decode" }, {}, /report it/],
];

const nearMisses: Row[] = [
  ["memory that ran out further up", { code: "died" }, { oomKilled: true }, noHint],
  [
    "no permission to execute",
    { code: "executable", op: "lookup", errno: "EACCES", target: "/x" },
    {},
    noHint,
  ],
  ["an empty name", { code: "executable", op: "lookup", errno: "ENOENT", target: "" }, {}, noHint],
  [
    "a PATH that would be misread",
    { code: "executable", op: "lookup", errno: "ENOENT", target: "x" },
    { searchPath: "/no such process" },
    noHint,
  ],
  [
    "unsafe for another reason",
    { code: "unsafe_path", op: "fstatfs", detail: "it is not a proc file system" },
    {},
    noHint,
  ],
  [
    "a hook that is not there",
    { code: "hook", subject: "hooks.prestart[0]", errno: "ENOENT", detail: "execve failed" },
    {},
    noHint,
  ],
  [
    "a hook that hung",
    { code: "hook", subject: "hooks.prestart[0]", detail: "timed out after 10 s" },
    {},
    noHint,
  ],
  [
    "namespaces of another program",
    { subject: "linux.namespaces", op: "stat", errno: "EACCES", target: "/proc/7/ns/user" },
    host({ "/proc/7/cmdline": "sleep\x00inf\0", "/proc/8/cmdline": "bunc-init\x009\0" }),
    noHint,
  ],
  [
    "newuidmap, which failed",
    {
      code: "hook",
      op: "newuidmap",
      subject: "linux.uidMappings",
      target: "/usr/bin/newuidmap",
      detail: "exit status 1 after 3 ms",
    },
    {},
    noHint,
  ],
  [
    "pivot_root, from a disk",
    { op: "pivot_root", errno: "EINVAL" },
    host(mountinfo("/ rw - rootfs rootfs rw", "/ rw - ext4 /dev/sda rw")),
    noHint,
  ],
  ["another link", { op: "readlink", errno: "ENOENT", target: "/x" }, {}, noHint],
  [
    "a descriptor that is closed, with proc",
    { op: "readlink", errno: "ENOENT", target: "/proc/self/fd/3" },
    host(all),
    noHint,
  ],
  ["mknod on the host", { op: "mknodat", errno: "EPERM" }, namespaces("pid"), noHint],
  [
    "a uid that is mapped",
    { subject: "process.user", op: "setresuid", errno: "EINVAL" },
    { user: { uid: 0, gid: 0 }, ...mapped, ...namespaces("user") },
    noHint,
  ],
  [
    "a uid, on the host",
    { subject: "process.user", op: "setresuid", errno: "EINVAL" },
    { ...user, ...namespaces("pid") },
    noHint,
  ],
  [
    "a uid, in a namespace that is joined",
    { subject: "process.user", op: "setresuid", errno: "EINVAL" },
    { ...user, namespaces: new Map([["user", { path: "/proc/1/ns/user" }]]) },
    noHint,
  ],
  [
    "groups with newgidmap",
    { subject: "process.user", op: "setgroups", errno: "EPERM" },
    { ...namespaces("user"), gidMappings: [{ containerID: 0, size: 65536 }], ...host({}, 1000) },
    noHint,
  ],
  [
    "groups, to root",
    { subject: "process.user", op: "setgroups", errno: "EPERM" },
    { ...namespaces("user"), gidMappings: [{ containerID: 0, size: 1 }], ...host() },
    noHint,
  ],
  [
    "a hard limit that the caller may raise",
    { subject: "process.rlimits[0]", op: "prlimit", errno: "EPERM" },
    { ...rlimits("RLIMIT_CORE", 5), ...host(all) },
    noHint,
  ],
  [
    "a soft limit above the hard one",
    { subject: "process.rlimits[0]", op: "prlimit", errno: "EINVAL" },
    { ...rlimits("RLIMIT_CORE", 5), ...host(noResource) },
    noHint,
  ],
  [
    "capabilities that the caller has",
    { subject: "process.capabilities", op: "capset", errno: "EPERM" },
    { capabilities: ["CAP_CHOWN"], ...host(status("CapBnd", "000001ffffffffff")) },
    noHint,
  ],
  [
    "capabilities of a new user namespace",
    { subject: "process.capabilities", op: "capset", errno: "EPERM" },
    { capabilities: ["CAP_CHOWN"], ...namespaces("user"), ...host(status("CapBnd", "0")) },
    noHint,
  ],
  [
    "a working directory that is a file",
    { subject: "process.cwd", op: "chdir", errno: "ENOTDIR" },
    {},
    noHint,
  ],
  [
    "AppArmor that is off",
    { subject: "process.apparmorProfile", op: "openat2", errno: "ENOENT" },
    {},
    noHint,
  ],
  ["a sysctl's value", { subject: "linux.sysctl", op: "write", errno: "EINVAL" }, {}, noHint],
  [
    "namespaces for which there is no memory",
    { subject: "linux.namespaces", op: "clone3", errno: "ENOSPC" },
    {
      ...namespaces("pid"),
      ...host({ "/proc/sys/user/max_net_namespaces": "0\n", "/proc/sys/user/max_pid_namespaces": "100\n" }),
    },
    noHint,
  ],
  [
    "user namespaces that are free",
    { subject: "linux.namespaces", op: "clone3", errno: "EPERM" },
    { ...namespaces("user"), ...host({ "/proc/sys/kernel/unprivileged_userns_clone": "1\n" }, 1000) },
    noHint,
  ],
  [
    "a switch that is not for root",
    { subject: "linux.namespaces", op: "clone3", errno: "EPERM" },
    { ...namespaces("user"), ...host({ "/proc/sys/kernel/unprivileged_userns_clone": "0\n" }) },
    noHint,
  ],
  [
    "a namespace of another kind",
    { subject: "linux.namespaces[0].path", op: "setns", errno: "EINVAL" },
    {},
    noHint,
  ],
  [
    "a filter with known actions",
    { subject: "linux.seccomp", op: "seccomp", errno: "EINVAL" },
    {
      seccompActions: ["SCMP_ACT_ALLOW"],
      ...host({ "/proc/sys/kernel/seccomp/actions_avail": "errno allow\n" }),
    },
    noHint,
  ],
  [
    "an agent's socket that is closed to us",
    { subject: "linux.seccomp", op: "connect", errno: "EACCES" },
    {},
    noHint,
  ],
  ["no memory for a call", { code: "protocol", op: "allocate" }, {}, noHint],
];

testHints(causes, nearMisses);

test("every errno of a rule has a number", () => {
  for (const name of HINT_RULES.flatMap((rule) => rule.errno ?? [])) expect(errnoNumber(name)).toBeNumber();
});

test("no rule fits everything", () => {
  for (const { hint: _, ...conditions } of HINT_RULES) expect(Object.keys(conditions)).not.toBeEmpty();
});
