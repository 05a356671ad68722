/** Variations of config.json, each with a golden plan (golden/<name>.json). */

import type { FactsReply } from "../../src/native/boundary.gen.ts";
import { defaultSpec } from "../../src/oci/default-spec.ts";
import type { CreateOptions } from "../../src/plan/plan.ts";
import { hybrid, nested, user, v2Apparmor, v2Linux514, v2Selinux } from "./hosts.ts";

// biome-ignore lint/suspicious/noExplicitAny: an unchecked config, edited freely by the cases
type Raw = any;

export interface Case {
  name: string;
  host?: FactsReply;
  options?: Partial<CreateOptions>;
  /** The config, derived from the smallest valid one. */
  config(base: Raw): Raw;
}

/** The smallest config with its own root. A bind mount of /dev keeps the default devices out of the plan. */
export function smallConfig(): Raw {
  return {
    ociVersion: "1.3.0",
    root: { path: "rootfs" },
    process: { args: ["/bin/true"], cwd: "/", user: { uid: 0, gid: 0 } },
    mounts: [{ destination: "/dev", source: "/dev", options: ["rbind"] }],
    linux: { namespaces: [{ type: "pid" }, { type: "mount" }] },
  };
}

function withProcess(members: Raw) {
  return (base: Raw) => ({ ...base, process: { ...base.process, ...members } });
}

function withLinux(members: Raw) {
  return (base: Raw) => ({ ...base, linux: { ...base.linux, ...members } });
}

function withMounts(...mounts: Raw[]) {
  return (base: Raw) => ({ ...base, mounts: [...base.mounts, ...mounts] });
}

function withNamespaces(...namespaces: Raw[]) {
  return (base: Raw) => withLinux({ namespaces: [...base.linux.namespaces, ...namespaces] })(base);
}

const tmpfs = (...options: string[]) => ({ destination: "/t", type: "tmpfs", source: "tmpfs", options });
const bind = (...options: string[]) => ({ destination: "/b", source: "/srv", options: ["bind", ...options] });
const cgroup = (...options: string[]) => ({
  destination: "/sys/fs/cgroup",
  type: "cgroup",
  source: "cgroup",
  options,
});
const userMaps = {
  uidMappings: [{ containerID: 0, hostID: 100000, size: 65536 }],
  gidMappings: [{ containerID: 0, hostID: 100000, size: 65536 }],
};
const ownMaps = {
  uidMappings: [{ containerID: 0, hostID: 1000, size: 1 }],
  gidMappings: [{ containerID: 0, hostID: 1000, size: 1 }],
};
const cgroupDirectories = new Map([
  ["memory", "/sys/fs/cgroup/memory/agent/7/c1"],
  ["cpu", "/sys/fs/cgroup/cpu,cpuacct/c1"],
  ["cpuacct", "/sys/fs/cgroup/cpu,cpuacct/c1"],
  ["name=systemd", "/sys/fs/cgroup/systemd/c1"],
]);

export const cases: readonly Case[] = [
  { name: "default", config: () => defaultSpec({ cgroupV2: true }) },
  {
    name: "default-hybrid",
    host: hybrid,
    options: { cgroupDirectories },
    config: () => defaultSpec({ cgroupV2: false }),
  },
  {
    name: "default-rootless",
    host: user,
    config: () => defaultSpec({ cgroupV2: true, rootless: { uid: 1000, gid: 1000 } }),
  },
  { name: "small", config: (base) => base },
  {
    name: "create-waits-for-start",
    options: { start: "socket", startSocket: "/run/bunc/c1/start.sock" },
    config: (base) => base,
  },
  { name: "no-pivot", options: { noPivot: true }, config: (base) => base },
  { name: "no-new-keyring", options: { noNewKeyring: true }, config: (base) => base },
  { name: "preserve-fds", options: { preserveFds: 2, listenFds: 3 }, config: (base) => base },
  {
    name: "placement",
    options: {
      placement: { into: "/sys/fs/cgroup/c1", tasks: ["/sys/fs/cgroup/systemd/c1/tasks"] },
    },
    config: (base) => base,
  },
  {
    name: "no-mount-namespace",
    config: (base) => ({ ...base, mounts: [], linux: { namespaces: [{ type: "pid" }] } }),
  },
  {
    name: "namespaces-all-new",
    config: (base) =>
      withLinux({
        namespaces: ["pid", "network", "mount", "ipc", "uts", "user", "cgroup", "time"].map((type) => ({
          type,
        })),
        ...userMaps,
      })(base),
  },
  {
    name: "namespaces-joined",
    config: withNamespaces(
      { type: "network", path: "/run/netns/a" },
      { type: "ipc", path: "/proc/7/ns/ipc" },
      { type: "uts", path: "/proc/7/ns/uts" },
    ),
  },
  {
    name: "user-namespace-joined",
    config: withNamespaces({ type: "user", path: "/proc/7/ns/user" }),
  },
  {
    name: "time-offsets",
    config: (base) =>
      withLinux({
        timeOffsets: { monotonic: { secs: -86400, nanosecs: 5 }, boottime: { secs: 9007199254740993n } },
      })(withNamespaces({ type: "time" })(base)),
  },
  {
    name: "user-namespace",
    config: (base) => withLinux(userMaps)(withNamespaces({ type: "user" })({ ...base, mounts: [] })),
  },
  {
    name: "rootless-own-id",
    host: user,
    options: { newuidmap: "/usr/bin/newuidmap", newgidmap: "/usr/bin/newgidmap" },
    config: (base) => withLinux(ownMaps)(withNamespaces({ type: "user" })(base)),
  },
  {
    name: "rootless-helpers",
    host: user,
    options: { newuidmap: "/usr/bin/newuidmap", newgidmap: "/usr/bin/newgidmap" },
    config: (base) => withLinux(userMaps)(withNamespaces({ type: "user" })(base)),
  },
  {
    name: "rootless-groups-without-helpers",
    host: user,
    config: (base) =>
      withProcess({ user: { uid: 0, gid: 0, additionalGids: [5] } })(
        withLinux(ownMaps)(withNamespaces({ type: "user" })(base)),
      ),
  },
  { name: "nested-devices-are-binds", host: nested, config: (base) => ({ ...base, mounts: [] }) },
  ...["private", "rslave", "shared", "rshared", "unbindable"].map((word) => ({
    name: `rootfs-propagation-${word}`,
    config: withLinux({ rootfsPropagation: word }),
  })),
  {
    name: "root-readonly",
    config: (base) => ({ ...base, root: { path: "/srv/root/../root", readonly: true } }),
  },
  {
    name: "mount-tmpfs",
    config: withMounts(tmpfs("size=64k"), { ...tmpfs("mode=700", "noexec", "noatime"), destination: "u" }),
  },
  { name: "mount-tmpfs-readonly", config: withMounts(tmpfs("ro", "sync", "lazytime")) },
  { name: "mount-tmpfs-copy-up", config: withMounts(tmpfs("tmpcopyup", "ro")) },
  {
    name: "mount-dev-readonly",
    config: (base) => ({
      ...base,
      mounts: [
        { destination: "/dev", type: "tmpfs", source: "tmpfs", options: ["nosuid", "ro", "mode=755"] },
      ],
    }),
  },
  {
    name: "mount-bind",
    config: withMounts(
      bind(),
      { destination: "/rel", source: "data/./x", options: ["rbind"] },
      { destination: "/typed", type: "bind", source: "/srv" },
    ),
  },
  {
    name: "mount-bind-flags",
    config: withMounts(
      bind("ro", "nosuid"),
      bind("rw", "exec"),
      bind("strictatime", "nosymfollow"),
      bind("nodiratime"),
    ),
  },
  {
    name: "mount-bind-recursive",
    config: withMounts(bind("rro", "rnosuid"), bind("rnoatime", "rsuid"), bind("ratime")),
  },
  {
    name: "mount-propagation",
    config: withMounts(bind("rshared"), bind("slave", "shared"), tmpfs("private"), bind("runbindable")),
  },
  {
    name: "mount-remount",
    config: withMounts(
      { destination: "/t", options: ["remount", "ro", "size=1m"] },
      { destination: "/b", options: ["bind", "remount", "nodev"], source: "/x" },
    ),
  },
  {
    name: "mount-options-in-one-string",
    config: withMounts(tmpfs("mode=755,size=1m,nosuid"), tmpfs('context="a:b:c:s0:c1,c2",ro')),
  },
  {
    name: "mount-options-without-effect",
    config: withMounts(tmpfs("defaults", "iversion", "silent", "loud", "dirsync")),
  },
  {
    name: "mount-id-mapped",
    config: withMounts(
      { ...bind("idmap"), ...userMaps },
      { ...bind("ridmap", "rbind"), ...userMaps },
      { ...bind(), ...userMaps },
    ),
  },
  {
    name: "mount-id-mapped-by-container",
    config: (base) =>
      withLinux(userMaps)(
        withNamespaces({ type: "user" })(withMounts(bind("idmap"), bind("rbind", "ridmap"))(base)),
      ),
  },
  {
    name: "mount-id-mapped-by-option",
    config: (base) =>
      withLinux(userMaps)(
        withNamespaces({ type: "user" })(
          withMounts(bind("idmap=uids=0-1-10#10-11-5;gids=0-100-10"), {
            ...tmpfs("ridmap=uids=@1-3-10;gids=@0-0-65536"),
            destination: "/i",
          })(base),
        ),
      ),
  },
  {
    name: "mount-overlay",
    config: withMounts({
      destination: "/o",
      type: "overlay",
      source: "overlay",
      options: ["lowerdir=/l/a\\:b:l2::/data", "upperdir=up", "workdir=/work", "volatile", "metacopy=on"],
    }),
  },
  {
    name: "mount-overlay-linux-5.14",
    host: v2Linux514,
    config: withMounts({
      destination: "/o",
      type: "overlay",
      source: "overlay",
      options: ["lowerdir=/l/a\\:b:l2", "upperdir=up", "workdir=/work"],
    }),
  },
  {
    name: "mount-proc-sys-mqueue-devpts",
    config: withMounts(
      { destination: "/proc", type: "proc", source: "proc", options: ["hidepid=2"] },
      { destination: "/sys", type: "sysfs", source: "sysfs", options: ["ro"] },
      { destination: "/dev/mqueue", type: "mqueue", source: "mqueue" },
      { destination: "/dev/pts", type: "devpts", source: "devpts", options: ["newinstance", "gid=5"] },
    ),
  },
  {
    name: "mount-proc-bind",
    config: withMounts(
      { destination: "/proc", source: "/proc", options: ["rbind"] },
      { destination: "/proc/cpuinfo", source: "/var/lib/lxcfs/proc/cpuinfo", options: ["bind"] },
    ),
  },
  { name: "mount-cgroup-v2", config: withMounts(cgroup("ro", "nosuid", "nsdelegate")) },
  {
    name: "mount-cgroup-v2-own-namespace",
    options: { cgroupDirectories: new Map([["", "/sys/fs/cgroup/c1"]]) },
    config: (base) => withNamespaces({ type: "cgroup" })(withMounts(cgroup("rw"))(base)),
  },
  {
    name: "mount-cgroup-hybrid",
    host: hybrid,
    config: withMounts(cgroup("ro", "nosuid", "noexec", "nodev")),
  },
  {
    name: "mount-cgroup-hybrid-own-namespace",
    host: hybrid,
    options: { cgroupDirectories },
    config: (base) => withNamespaces({ type: "cgroup" })(withMounts(cgroup("rw"))(base)),
  },
  {
    name: "mount-label",
    host: v2Selinux,
    config: (base) =>
      withLinux({ mountLabel: "system_u:object_r:container_file_t:s0:c1,c2" })(
        withMounts(tmpfs(), { destination: "/proc", type: "proc", source: "proc" })(base),
      ),
  },
  {
    name: "devices",
    config: (base) =>
      withLinux({
        devices: [
          { path: "/dev/fuse", type: "c", major: 10, minor: 229, fileMode: 0o20640, uid: 1, gid: 2 },
          { path: "/dev/null", type: "u", major: 1, minor: 3 },
          { path: "/dev/sda", type: "b", major: 8, minor: 0 },
          { path: "/run/fifo", type: "p" },
          { path: "/dev/ptmx", type: "c", major: 5, minor: 2 },
        ],
      })({ ...base, mounts: [] }),
  },
  {
    name: "network-devices",
    config: (base) =>
      withLinux({ netDevices: { eth1: { name: "eth0" }, dummy0: {} } })(
        withNamespaces({ type: "network" })(base),
      ),
  },
  {
    name: "hostname-domainname",
    config: (base) =>
      withNamespaces({ type: "uts" })({ ...base, hostname: "box", domainname: "example.org" }),
  },
  {
    name: "sysctl",
    config: (base) =>
      withLinux({
        sysctl: {
          "net.ipv4.ip_forward": "1",
          "net/ipv4/conf/eth0.100/rp_filter": "0",
          "kernel.shm_rmid_forced": "1",
        },
      })(withNamespaces({ type: "network" }, { type: "ipc" })(base)),
  },
  {
    name: "restricted-paths",
    config: withLinux({
      maskedPaths: ["/proc/kcore", "/proc//kcore/", "/sys/firmware"],
      readonlyPaths: ["/proc/sys", "/proc/../proc/bus"],
    }),
  },
  { name: "terminal", config: withProcess({ terminal: true, consoleSize: { height: 25, width: 80 } }) },
  { name: "console-size-without-terminal", config: withProcess({ consoleSize: { height: 25, width: 80 } }) },
  {
    name: "user",
    config: withProcess({
      user: { uid: 1000, gid: 100, umask: 0o77, additionalGids: [5, 6] },
      cwd: "/home/u",
    }),
  },
  {
    name: "environment",
    config: withProcess({ env: ["A=1", "HOME=", "B=2", "A=3", "PATH=/bin", "B=", "C=x=y"] }),
  },
  {
    name: "capabilities",
    config: withProcess({
      capabilities: {
        bounding: ["CAP_CHOWN", "CAP_CHECKPOINT_RESTORE"],
        effective: ["CAP_CHOWN"],
        permitted: ["CAP_CHOWN"],
        inheritable: ["CAP_CHOWN"],
        ambient: ["CAP_CHOWN", "CAP_KILL", "CAP_UNKNOWN", "chown", "CAP_LAST_CAP"],
      },
    }),
  },
  { name: "capabilities-none", config: withProcess({ capabilities: {} }) },
  {
    name: "rlimits",
    config: withProcess({
      rlimits: [
        { type: "RLIMIT_NOFILE", soft: 1024, hard: 4096 },
        { type: "RLIMIT_MEMLOCK", soft: 9223372036854771712n, hard: 18446744073709551615n },
      ],
      oomScoreAdj: -500,
    }),
  },
  { name: "oom-score-rootless", host: nested, config: withProcess({ oomScoreAdj: 100 }) },
  { name: "no-new-privileges", config: withProcess({ noNewPrivileges: true }) },
  {
    name: "seccomp",
    options: { seccomp: { program: "BgAAAAAA/38=", flags: 4 } },
    config: withLinux({ seccomp: { defaultAction: "SCMP_ACT_ALLOW" } }),
  },
  {
    name: "seccomp-no-new-privileges-notify",
    options: { seccomp: { program: "BgAAAAAA/38=", flags: 8 } },
    config: (base) =>
      withProcess({ noNewPrivileges: true, capabilities: {} })(
        withLinux({
          seccomp: {
            defaultAction: "SCMP_ACT_ALLOW",
            listenerPath: "/run/agent.sock",
            listenerMetadata: "meta",
            syscalls: [{ names: ["mkdir"], action: "SCMP_ACT_NOTIFY" }],
          },
        })(base),
      ),
  },
  { name: "seccomp-empty-is-none", config: withLinux({ seccomp: {} }) },
  { name: "apparmor", host: v2Apparmor, config: withProcess({ apparmorProfile: "docker-default" }) },
  {
    name: "selinux",
    host: v2Selinux,
    config: withProcess({ selinuxLabel: "system_u:system_r:container_t:s0" }),
  },
  {
    name: "scheduling",
    config: (base) =>
      withProcess({
        scheduler: { policy: "SCHED_FIFO", priority: 10, flags: ["SCHED_FLAG_RESET_ON_FORK"] },
        ioPriority: { class: "IOPRIO_CLASS_BE", priority: 4 },
      })(
        withLinux({
          personality: { domain: "LINUX32", flags: ["X"] },
          memoryPolicy: { mode: "MPOL_BIND", nodes: "0-1,33", flags: ["MPOL_F_STATIC_NODES"] },
        })(base),
      ),
  },
  {
    name: "scheduler-deadline",
    config: withProcess({
      scheduler: {
        policy: "SCHED_DEADLINE",
        runtime: 10000000,
        deadline: 9007199254740993n,
        period: 18446744073709551615n,
      },
    }),
  },
  {
    name: "hooks",
    config: (base) => ({
      ...base,
      annotations: { z: "1", "org.example": 'quo"te' },
      hooks: {
        prestart: [{ path: "/bin/pre" }],
        createRuntime: [{ path: "/bin/cr", args: ["cr", "x"], timeout: 5 }],
        createContainer: [
          { path: "/bin/cc", env: ["A=B"] },
          { path: "/bin/cc2", args: ["cc2"] },
        ],
        startContainer: [
          { path: "/bin/sc", timeout: 1 },
          { path: "/bin/sc2", env: [] },
        ],
        poststart: [{ path: "/bin/ps" }],
        poststop: [{ path: "/bin/pp" }],
      },
    }),
  },
];
