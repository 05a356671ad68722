/** config.json as containerd 2 writes it: `ctr`, nerdctl and the pods of Kubernetes; and CRI-O's. */
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

const mounts = [
  PROC,
  dev("nosuid", "strictatime", "mode=755", "size=65536k"),
  DEVPTS,
  shm("nosuid", "noexec", "nodev", "mode=1777", "size=65536k"),
  MQUEUE,
  SYS,
  mount("/run", "tmpfs", "tmpfs", ["nosuid", "strictatime", "mode=755", "size=65536k"]),
];

/** `ctr run IMAGE ID`. */
export function ctr(directory: string): JsonObject {
  return {
    ociVersion: "1.2.1",
    process: {
      user: { uid: 0, gid: 0, additionalGids: [0, 1, 2, 3, 4, 6, 10, 11, 20, 26, 27] },
      args: ["/probe"],
      env: [PATH],
      cwd: "/",
      capabilities: capabilities(DEFAULT_CAPABILITIES),
      rlimits: [{ type: "RLIMIT_NOFILE", hard: 1024, soft: 1024 }],
      noNewPrivileges: true,
    },
    root: { path: `${directory}/rootfs` },
    mounts: [...mounts, CGROUP],
    linux: {
      resources: { devices: [DENY_DEVICES] },
      cgroupsPath: "/cgroup-id",
      namespaces: namespaces("pid", "ipc", "uts", "mount", "network", "cgroup"),
      maskedPaths: ["/proc/acpi", "/proc/asound", "/proc/kcore", "/proc/keys", "/sys/firmware"],
      readonlyPaths: READONLY_PATHS,
    },
  };
}

/** `nerdctl run`: its hooks find the container by annotations. */
export function nerdctl(directory: string): JsonObject {
  const hook = (event: string): JsonObject => ({
    path: "/bin/true",
    args: ["nerdctl", "internal", "oci-hook", event],
    env: [PATH],
  });
  return {
    ...ctr(directory),
    ociVersion: "1.1.0+dev",
    hostname: "nerdctl",
    hooks: { createRuntime: [hook("createRuntime")], poststop: [hook("postStop")] },
    annotations: {
      "nerdctl/hostname": "nerdctl",
      "nerdctl/networks": '["bridge"]',
      "nerdctl/state-dir": "/var/lib/nerdctl/1935db59/containers/default/1",
    },
  };
}

/** The pod sandbox (pause) of Kubernetes. */
export function criSandbox(directory: string): JsonObject {
  return {
    ociVersion: "1.2.1",
    process: {
      user: { uid: 65535, gid: 65535, additionalGids: [65535] },
      args: ["/probe"],
      env: [PATH],
      cwd: "/",
      capabilities: capabilities(DEFAULT_CAPABILITIES),
      noNewPrivileges: true,
      oomScoreAdj: 0,
    },
    root: { path: `${directory}/rootfs`, readonly: true },
    hostname: "web-0",
    mounts: [
      PROC,
      dev("nosuid", "strictatime", "mode=755", "size=65536k"),
      DEVPTS,
      MQUEUE,
      SYS,
      bind("/dev/shm", `${directory}/files`, "rbind", "ro", "nosuid", "nodev", "noexec"),
      bind("/etc/resolv.conf", `${directory}/files/resolv.conf`, "rbind", "ro", "nosuid", "nodev", "noexec"),
    ],
    linux: {
      sysctl: { "net.ipv4.ip_unprivileged_port_start": "0", "net.ipv4.ping_group_range": "0 2147483647" },
      resources: { devices: [DENY_DEVICES], cpu: { shares: 2 } },
      cgroupsPath: "/cgroup-id",
      namespaces: namespaces("pid", "ipc", "uts", "mount", "network"),
      seccomp: seccompProfile("containerd"),
      maskedPaths: MASKED_PATHS,
      readonlyPaths: READONLY_PATHS,
    },
    annotations: {
      "io.kubernetes.cri.container-type": "sandbox",
      "io.kubernetes.cri.sandbox-id": "6f1b",
      "io.kubernetes.cri.sandbox-name": "web-0",
    },
  };
}

/** A container in that pod. It joins namespaces by path; here the host's stand in for the sandbox's. */
export function criContainer(directory: string): JsonObject {
  return {
    ociVersion: "1.2.1",
    process: {
      user: { uid: 1001, gid: 1001, additionalGids: [1001, 2000] },
      args: ["/probe"],
      env: [PATH, "HOSTNAME=web-0", "KUBERNETES_SERVICE_PORT=443"],
      cwd: "/srv",
      capabilities: capabilities(["CAP_NET_BIND_SERVICE"]),
      apparmorProfile: "",
      oomScoreAdj: 985,
    },
    root: { path: `${directory}/rootfs` },
    mounts: [
      PROC,
      dev("nosuid", "strictatime", "mode=755", "size=65536k"),
      DEVPTS,
      MQUEUE,
      mount("/sys/fs/cgroup", "cgroup", "cgroup", ["nosuid", "noexec", "nodev", "relatime", "ro"]),
      bind("/etc/hosts", `${directory}/files/hosts`, "rbind", "rprivate", "rw"),
      bind("/etc/hostname", `${directory}/files/hostname`, "rbind", "rprivate", "rw"),
      bind("/data", `${directory}/files`, "rbind", "rslave", "ro"),
    ],
    linux: {
      resources: {
        devices: [DENY_DEVICES],
        memory: { limit: 134217728, swap: 134217728 },
        cpu: { shares: 102, quota: 50000, period: 100000 },
        hugepageLimits: [],
      },
      cgroupsPath: "/cgroup-id",
      namespaces: [
        { type: "pid" },
        { type: "ipc", path: `/proc/${process.pid}/ns/ipc` },
        { type: "uts", path: `/proc/${process.pid}/ns/uts` },
        { type: "mount" },
        { type: "network", path: `/proc/${process.pid}/ns/net` },
        { type: "cgroup" },
      ],
      maskedPaths: MASKED_PATHS,
      readonlyPaths: READONLY_PATHS,
    },
    annotations: {
      "io.kubernetes.cri.container-name": "web",
      "io.kubernetes.cri.container-type": "container",
      "io.kubernetes.cri.sandbox-id": "6f1b",
    },
  };
}

/** A privileged node agent: the host's network, IPC and pids, bind mounts with shared propagation. */
export function criPrivileged(directory: string): JsonObject {
  const all = [...DEFAULT_CAPABILITIES, "CAP_SYS_ADMIN", "CAP_NET_ADMIN"];
  return {
    ociVersion: "1.2.1",
    process: {
      user: { uid: 0, gid: 0, additionalGids: [0] },
      args: ["/probe"],
      env: [PATH],
      cwd: "/",
      capabilities: capabilities(all),
      oomScoreAdj: 0,
    },
    root: { path: `${directory}/rootfs` },
    mounts: [
      PROC,
      dev("nosuid", "strictatime", "mode=755", "size=65536k"),
      DEVPTS,
      mount("/sys/fs/cgroup", "cgroup", "cgroup", ["nosuid", "noexec", "nodev", "relatime", "rw"]),
      bind("/host", `${directory}/files`, "rbind", "rshared", "rw"),
    ],
    linux: {
      resources: { devices: [DENY_DEVICES, { allow: true, type: "a", access: "rwm" }] },
      cgroupsPath: "/cgroup-id",
      namespaces: namespaces("mount"),
      devices: [
        { path: "/dev/loop-control", type: "c", major: 10, minor: 237, fileMode: 432, uid: 0, gid: 6 },
      ],
      rootfsPropagation: "rslave",
    },
  };
}

/** A pod with hostUsers: false: a user namespace of its own. */
export function criUserNamespace(directory: string): JsonObject {
  return {
    ...ctr(directory),
    mounts: mounts.filter(({ destination }) => destination !== "/sys"),
    linux: {
      uidMappings: mappings(),
      gidMappings: mappings(),
      resources: { devices: [DENY_DEVICES] },
      namespaces: namespaces("pid", "ipc", "uts", "mount", "network", "user", "cgroup"),
      maskedPaths: ["/proc/acpi", "/proc/kcore"],
      readonlyPaths: READONLY_PATHS,
    },
  };
}

/** CRI-O: names of its own, every mount said, RDT and devices left out. */
export function crio(directory: string): JsonObject {
  return {
    ociVersion: "1.2.1",
    process: {
      user: { uid: 0, gid: 0, umask: 18, additionalGids: [0] },
      args: ["/probe"],
      env: [PATH, "TERM=xterm", "HOSTNAME=pod"],
      cwd: "/",
      capabilities: capabilities([
        "CAP_CHOWN",
        "CAP_KILL",
        "CAP_SETUID",
        "CAP_SETGID",
        "CAP_NET_BIND_SERVICE",
      ]),
      oomScoreAdj: 1000,
    },
    root: { path: `${directory}/rootfs` },
    hostname: "pod",
    mounts: [
      PROC,
      dev("nosuid", "strictatime", "mode=755", "size=65536k"),
      DEVPTS,
      MQUEUE,
      SYS,
      CGROUP,
      bind("/dev/shm", `${directory}/files`, "rw", "bind"),
      bind("/etc/resolv.conf", `${directory}/files/resolv.conf`, "ro", "bind", "nodev", "nosuid", "noexec"),
      bind("/run/.containerenv", `${directory}/files/.containerenv`, "rw", "bind", "private"),
    ],
    hooks: {},
    annotations: {
      "io.kubernetes.cri-o.Annotations": '{"kubernetes.io/config.source":"api"}',
      "io.kubernetes.cri-o.TTY": "false",
      "io.container.manager": "cri-o",
    },
    linux: {
      resources: {
        devices: [DENY_DEVICES, allowDevice("c", 10, 200)],
        memory: { limit: 268435456 },
        cpu: { shares: 1024, quota: 0, period: 100000 },
        pids: { limit: -1 },
      },
      cgroupsPath: "/cgroup-id",
      namespaces: namespaces("pid", "mount", "ipc", "uts", "network"),
      maskedPaths: MASKED_PATHS,
      readonlyPaths: READONLY_PATHS,
      mountLabel: "",
    },
  };
}
