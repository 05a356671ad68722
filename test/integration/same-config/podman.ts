/** config.json as Podman 5 and Buildah write it. */
import {
  allowDevice,
  bind,
  CGROUP,
  capabilities,
  DENY_DEVICES,
  dev,
  type JsonObject,
  MQUEUE,
  mappings,
  mount,
  namespaces,
  PATH,
  PROC,
  READONLY_PATHS,
  SYS,
  seccompProfile,
} from "./pieces.ts";

const CAPABILITIES = [
  "CAP_CHOWN",
  "CAP_DAC_OVERRIDE",
  "CAP_FOWNER",
  "CAP_FSETID",
  "CAP_KILL",
  "CAP_NET_BIND_SERVICE",
  "CAP_SETFCAP",
  "CAP_SETGID",
  "CAP_SETPCAP",
  "CAP_SETUID",
  "CAP_SYS_CHROOT",
];

const MASKED = ["/proc/acpi", "/proc/kcore", "/proc/keys", "/sys/firmware", "/sys/fs/selinux", "/proc/scsi"];

const devpts = (...more: string[]) =>
  mount("/dev/pts", "devpts", "devpts", [
    "nosuid",
    "noexec",
    "newinstance",
    "ptmxmode=0666",
    "mode=0620",
    ...more,
  ]);

const own = (directory: string) => [
  bind("/etc/resolv.conf", `${directory}/files/resolv.conf`, "bind", "rprivate"),
  bind("/etc/hosts", `${directory}/files/hosts`, "bind", "rprivate"),
  bind("/dev/shm", `${directory}/files`, "bind", "rprivate", "nosuid", "noexec", "nodev"),
  bind("/run/.containerenv", `${directory}/files/.containerenv`, "bind", "rprivate"),
  bind("/etc/hostname", `${directory}/files/hostname`, "bind", "rprivate"),
];

/** `podman run IMAGE`. */
export function podmanRun(directory: string): JsonObject {
  return {
    ociVersion: "1.2.1",
    process: {
      user: { uid: 0, gid: 0, umask: 18, additionalGids: [0, 1, 2, 3] },
      args: ["/probe"],
      env: [PATH, "container=podman", "HOME=/root", "HOSTNAME=a1b2c3"],
      cwd: "/",
      capabilities: capabilities(CAPABILITIES),
      rlimits: [
        { type: "RLIMIT_NOFILE", hard: 1024, soft: 1024 },
        { type: "RLIMIT_NPROC", hard: 4096, soft: 4096 },
      ],
      oomScoreAdj: 0,
    },
    root: { path: `${directory}/rootfs` },
    hostname: "a1b2c3",
    mounts: [
      PROC,
      dev("nosuid", "noexec", "strictatime", "mode=755", "size=65536k"),
      SYS,
      devpts("gid=5"),
      MQUEUE,
      ...own(directory),
      mount("/sys/fs/cgroup", "cgroup", "cgroup", [
        "rprivate",
        "nosuid",
        "noexec",
        "nodev",
        "relatime",
        "ro",
      ]),
    ],
    annotations: {
      "io.container.manager": "libpod",
      "org.opencontainers.image.stopSignal": "15",
      "org.systemd.property.KillSignal": "15",
      "org.systemd.property.TimeoutStopUSec": "uint64 10000000",
    },
    linux: {
      sysctl: { "net.ipv4.ping_group_range": "0 0" },
      resources: { devices: [DENY_DEVICES], pids: { limit: 2048 } },
      cgroupsPath: "/cgroup-id",
      namespaces: namespaces("pid", "network", "ipc", "uts", "mount", "cgroup"),
      seccomp: seccompProfile("podman"),
      maskedPaths: MASKED,
      readonlyPaths: [...READONLY_PATHS],
    },
  };
}

/** `podman run` by an ordinary user: no cgroup limits, sysfs bound from the host. */
export function podmanRootless(directory: string): JsonObject {
  const { annotations, ...run } = podmanRun(directory);
  return {
    ...run,
    mounts: [
      PROC,
      dev("nosuid", "noexec", "strictatime", "mode=755", "size=65536k"),
      bind("/sys", "/sys", "rprivate", "nosuid", "noexec", "nodev", "ro", "rbind"),
      devpts(),
      ...own(directory),
    ],
    linux: {
      uidMappings: mappings(),
      gidMappings: mappings(),
      resources: {},
      namespaces: namespaces("pid", "ipc", "uts", "mount", "user"),
      maskedPaths: MASKED,
      readonlyPaths: READONLY_PATHS,
    },
    annotations: { "run.oci.keep_original_groups": "1" },
  };
}

/** `podman run --device … --init --stop-signal … --security-opt no-new-privileges --tmpfs … --umask …`. */
export function podmanOptions(directory: string): JsonObject {
  return {
    ...podmanRun(directory),
    process: {
      terminal: false,
      user: { uid: 33, gid: 33, umask: 63, additionalGids: [44] },
      args: ["/probe"],
      env: [PATH, "container=podman"],
      cwd: "/srv",
      capabilities: { ...capabilities(["CAP_KILL"]), inheritable: ["CAP_KILL"], ambient: ["CAP_KILL"] },
      noNewPrivileges: true,
      scheduler: { policy: "SCHED_BATCH", nice: 5 },
      ioPriority: { class: "IOPRIO_CLASS_BE", priority: 6 },
    },
    mounts: [
      PROC,
      dev("nosuid", "noexec", "strictatime", "mode=755", "size=65536k"),
      mount("/srv", "tmpfs", "tmpfs", ["rprivate", "nosuid", "nodev", "tmpcopyup", "size=1m"]),
      CGROUP,
    ],
    linux: {
      resources: {
        devices: [DENY_DEVICES, allowDevice("c", 10, 229, "rwm")],
        memory: { limit: 67108864 },
        cpu: { cpus: "0-1", mems: "0", burst: 0 },
        blockIO: {
          throttleReadBpsDevice: [{ major: 7, minor: 0, rate: 1048576 }],
          weightDevice: [{ major: 7, minor: 0, weight: 200 }],
        },
      },
      cgroupsPath: "/cgroup-id",
      namespaces: namespaces("pid", "network", "ipc", "uts", "mount", "cgroup"),
      devices: [{ path: "/dev/fuse", type: "c", major: 10, minor: 229, fileMode: 438, uid: 33, gid: 33 }],
      personality: { domain: "LINUX", flags: [] },
      rootfsPropagation: "slave",
    },
  };
}

/** `buildah run`. */
export function buildah(directory: string): JsonObject {
  return {
    ociVersion: "1.0.2",
    process: {
      terminal: false,
      user: { uid: 0, gid: 0 },
      args: ["/probe"],
      env: [PATH, "HOSTNAME=buildah"],
      cwd: "/",
      capabilities: capabilities(CAPABILITIES),
      rlimits: [{ type: "RLIMIT_NOFILE", hard: 1024, soft: 1024 }],
    },
    root: { path: `${directory}/rootfs` },
    hostname: "buildah",
    mounts: [
      PROC,
      dev("nosuid", "noexec", "strictatime", "mode=755", "size=65536k"),
      devpts("gid=5"),
      mount("/dev/shm", "tmpfs", "shm", ["private", "nodev", "noexec", "nosuid", "mode=1777", "size=65536k"]),
      SYS,
      bind("/etc/hosts", `${directory}/files/hosts`, "rbind"),
    ],
    linux: {
      namespaces: namespaces("pid", "ipc", "uts", "mount"),
      resources: { devices: [DENY_DEVICES] },
      seccomp: seccompProfile("podman"),
      maskedPaths: MASKED,
      readonlyPaths: READONLY_PATHS,
    },
  };
}
