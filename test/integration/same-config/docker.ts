/** config.json as dockerd 28 and BuildKit write it. */
import {
  allowDevice,
  bind,
  CGROUP,
  capabilities,
  DEFAULT_CAPABILITIES,
  DENY_DEVICES,
  DEVPTS,
  dev,
  type JsonObject,
  MASKED_PATHS,
  MQUEUE,
  mappings,
  mount,
  namespaces,
  PATH,
  PROC,
  READONLY_PATHS,
  SYS,
  seccompProfile,
  shm,
} from "./pieces.ts";

const allowed = [
  allowDevice("c", 1, 5),
  allowDevice("c", 1, 3),
  allowDevice("c", 1, 9),
  allowDevice("c", 1, 8),
  allowDevice("c", 5, 0),
  allowDevice("c", 5, 1),
  { allow: false, type: "c", major: 10, minor: 229, access: "rwm" },
];

/** Files that dockerd provides for a container. */
const own = (directory: string) => [
  bind("/etc/resolv.conf", `${directory}/files/resolv.conf`, "rbind", "rprivate"),
  bind("/etc/hostname", `${directory}/files/hostname`, "rbind", "rprivate"),
  bind("/etc/hosts", `${directory}/files/hosts`, "rbind", "rprivate"),
];

/** `docker run IMAGE`. */
export function dockerRun(directory: string): JsonObject {
  return {
    ociVersion: "1.2.1",
    process: {
      user: { uid: 0, gid: 0, additionalGids: [0, 10] },
      args: ["/probe"],
      env: [PATH, "HOSTNAME=0f3c6ea1b2d4"],
      cwd: "/",
      capabilities: capabilities(DEFAULT_CAPABILITIES),
      oomScoreAdj: 0,
    },
    root: { path: `${directory}/rootfs` },
    hostname: "0f3c6ea1b2d4",
    mounts: [
      PROC,
      dev("nosuid", "strictatime", "mode=755", "size=65536k"),
      DEVPTS,
      SYS,
      CGROUP,
      MQUEUE,
      shm("nosuid", "noexec", "nodev", "mode=1777", "size=67108864"),
      ...own(directory),
    ],
    hooks: {
      prestart: [
        {
          path: "/bin/true",
          args: ["libnetwork-setkey", "-exec-root=/var/run/docker", "0f3c6ea1b2d4", "8d2b1f"],
        },
      ],
    },
    linux: {
      sysctl: { "net.ipv4.ip_unprivileged_port_start": "0", "net.ipv4.ping_group_range": "0 2147483647" },
      resources: { devices: [DENY_DEVICES, ...allowed], blockIO: {} },
      cgroupsPath: "/cgroup-id",
      namespaces: namespaces("mount", "network", "uts", "pid", "ipc", "cgroup"),
      seccomp: seccompProfile("docker"),
      maskedPaths: MASKED_PATHS,
      readonlyPaths: READONLY_PATHS,
    },
  };
}

/** `docker run --privileged -v …:/data:rshared --pid=host IMAGE`. */
export function dockerPrivileged(directory: string): JsonObject {
  const all = [...DEFAULT_CAPABILITIES, "CAP_SYS_ADMIN", "CAP_NET_ADMIN", "CAP_SYS_PTRACE"];
  return {
    ...dockerRun(directory),
    process: {
      user: { uid: 0, gid: 0, additionalGids: [0] },
      args: ["/probe"],
      env: [PATH, "HOSTNAME=host"],
      cwd: "/",
      capabilities: { bounding: all, effective: all, permitted: all, inheritable: all },
      oomScoreAdj: 100,
    },
    mounts: [
      PROC,
      dev("nosuid", "strictatime", "mode=755", "size=65536k"),
      DEVPTS,
      mount("/sys", "sysfs", "sysfs", ["nosuid", "noexec", "nodev"]),
      mount("/sys/fs/cgroup", "cgroup", "cgroup", ["nosuid", "noexec", "nodev"]),
      bind("/data", `${directory}/files`, "rbind", "rshared"),
    ],
    hooks: {},
    linux: {
      resources: { devices: [{ allow: true, access: "rwm" }], blockIO: {} },
      cgroupsPath: "/cgroup-id",
      namespaces: namespaces("mount", "network", "uts", "ipc"),
      devices: [
        { path: "/dev/fuse", type: "c", major: 10, minor: 229, fileMode: 8630, uid: 0, gid: 0 },
        { path: "/dev/net/tun", type: "c", major: 10, minor: 200, fileMode: 438, uid: 0, gid: 0 },
      ],
      rootfsPropagation: "rshared",
    },
  };
}

/** `docker run -m 64m --cpus 1 --pids-limit 100 --ulimit … --read-only --tmpfs /tmp -u 1000:1000 --cap-drop ALL …`. */
export function dockerLimits(directory: string): JsonObject {
  return {
    ...dockerRun(directory),
    process: {
      terminal: false,
      consoleSize: { height: 0, width: 0 },
      user: { uid: 1000, gid: 1000, additionalGids: [1000, 44] },
      args: ["/probe"],
      env: [PATH, "HOSTNAME=limits"],
      cwd: "/tmp",
      capabilities: capabilities([]),
      rlimits: [
        { type: "RLIMIT_NOFILE", hard: 2048, soft: 1024 },
        { type: "RLIMIT_CORE", hard: 0, soft: 0 },
      ],
      noNewPrivileges: true,
      oomScoreAdj: 500,
    },
    root: { path: `${directory}/rootfs`, readonly: true },
    hostname: "limits",
    domainname: "example.org",
    mounts: [
      PROC,
      dev("nosuid", "strictatime", "mode=755", "size=65536k"),
      SYS,
      mount("/tmp", "tmpfs", "tmpfs", ["noexec", "nosuid", "nodev", "size=65536k", "mode=1777"]),
      ...own(directory),
    ],
    hooks: {
      createRuntime: [{ path: "/bin/true", args: ["true"], env: [PATH], timeout: 10 }],
    },
    linux: {
      resources: {
        devices: [DENY_DEVICES, ...allowed],
        memory: { limit: 67108864, reservation: 33554432, swap: 134217728, swappiness: 0 },
        cpu: { shares: 512, quota: 100000, period: 100000, cpus: "0", mems: "0" },
        pids: { limit: 100 },
        blockIO: { weight: 300 },
      },
      cgroupsPath: "/cgroup-id",
      namespaces: namespaces("mount", "network", "uts", "pid", "ipc"),
      maskedPaths: MASKED_PATHS,
      readonlyPaths: READONLY_PATHS,
    },
    annotations: { "com.example.team": "storage" },
  };
}

/** dockerd with userns-remap. */
export function dockerRemap(directory: string): JsonObject {
  const run = dockerRun(directory);
  return {
    ...run,
    hooks: {},
    linux: {
      uidMappings: mappings(),
      gidMappings: mappings(),
      sysctl: { "net.ipv4.ip_unprivileged_port_start": "0" },
      resources: { devices: [DENY_DEVICES, ...allowed], memory: { disableOOMKiller: false } },
      cgroupsPath: "/cgroup-id",
      namespaces: namespaces("mount", "network", "user", "uts", "pid", "ipc"),
      maskedPaths: MASKED_PATHS,
      readonlyPaths: READONLY_PATHS,
    },
  };
}

/** A RUN step of `docker build`, by BuildKit's runc executor. */
export function buildkit(directory: string): JsonObject {
  return {
    ociVersion: "1.2.0",
    process: {
      user: { uid: 0, gid: 0, additionalGids: [0, 1, 2, 3] },
      args: ["/probe"],
      env: [PATH],
      cwd: "/",
      capabilities: capabilities(DEFAULT_CAPABILITIES),
      noNewPrivileges: false,
    },
    root: { path: `${directory}/rootfs` },
    hostname: "buildkitsandbox",
    mounts: [
      PROC,
      dev("nosuid", "strictatime", "mode=755", "size=65536k"),
      DEVPTS,
      shm("nosuid", "noexec", "nodev", "mode=1777", "size=65536k"),
      MQUEUE,
      SYS,
      bind("/etc/resolv.conf", `${directory}/files/resolv.conf`, "ro", "rbind"),
      bind("/etc/hosts", `${directory}/files/hosts`, "ro", "rbind"),
    ],
    linux: {
      resources: {},
      cgroupsPath: "/cgroup-id",
      namespaces: namespaces("pid", "ipc", "uts", "mount", "network"),
      seccomp: seccompProfile("containerd"),
      maskedPaths: ["/proc/acpi", "/proc/kcore"],
      readonlyPaths: ["/proc/bus"],
    },
  };
}
