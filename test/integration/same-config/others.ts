/** config.json as other tools write it: `runc spec`, umoci, LinuxKit, systemd-nspawn, Cloud Foundry. */
import { defaultSpec } from "../../../src/oci/default-spec.ts";
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
  mappings,
  mount,
  namespaces,
  PATH,
  PROC,
  SYS,
  shm,
} from "./pieces.ts";

/** `runc spec`, with a relative root and without a terminal. */
export function runcSpec(): JsonObject {
  const spec = defaultSpec({ cgroupV2: false });
  return { ...spec, process: { ...spec.process, terminal: false } } as unknown as JsonObject;
}

/** `runc spec --rootless`, for a user with more than one id. */
export function runcSpecRootless(): JsonObject {
  const spec = defaultSpec({ cgroupV2: false, rootless: { uid: 100000, gid: 100000 } });
  return { ...spec, process: { ...spec.process, terminal: false } } as unknown as JsonObject;
}

/** `umoci unpack`: the annotations of the image. */
export function umoci(directory: string): JsonObject {
  return {
    ociVersion: "1.0.0",
    process: {
      terminal: false,
      user: { uid: 0, gid: 0 },
      args: ["/probe"],
      env: [PATH, "TERM=xterm", "HOME=/root"],
      cwd: "/",
      capabilities: capabilities(["CAP_KILL", "CAP_AUDIT_WRITE"]),
      rlimits: [{ type: "RLIMIT_NOFILE", hard: 1024, soft: 1024 }],
      noNewPrivileges: true,
    },
    root: { path: "rootfs" },
    hostname: "umoci-default",
    mounts: [PROC, dev("nosuid", "strictatime", "mode=755", "size=65536k"), DEVPTS, SYS],
    annotations: {
      "org.opencontainers.image.architecture": "amd64",
      "org.opencontainers.image.author": "",
      "org.opencontainers.image.created": "2026-01-02T03:04:05Z",
      "org.opencontainers.image.os": "linux",
    },
    linux: {
      resources: { devices: [DENY_DEVICES] },
      namespaces: namespaces("pid", "network", "ipc", "uts", "mount"),
      maskedPaths: ["/proc/kcore", `${directory}/not-there`],
      readonlyPaths: ["/proc/asound", "/proc/bus"],
    },
  };
}

/** A LinuxKit service: most namespaces are the host's, and empty values are null. */
export function linuxkit(directory: string): JsonObject {
  const all = [...DEFAULT_CAPABILITIES, "CAP_SYS_ADMIN", "CAP_SYS_TIME", "CAP_SYSLOG"];
  return {
    ociVersion: "1.0.0",
    process: {
      user: { uid: 0, gid: 0, additionalGids: null },
      args: ["/probe"],
      env: [PATH],
      cwd: "/",
      capabilities: { bounding: all, effective: all, inheritable: all, permitted: all, ambient: all },
      rlimits: null,
    },
    root: { path: `${directory}/rootfs`, readonly: true },
    mounts: [
      mount("/dev", "tmpfs", "tmpfs", ["nosuid", "strictatime", "mode=755", "size=65536k"]),
      mount("/proc", "proc", "proc", ["nosuid", "nodev", "noexec", "relatime"]),
      DEVPTS,
      mount("/sys", "sysfs", "sysfs", ["nosuid", "noexec", "nodev", "ro"]),
      bind("/etc/resolv.conf", `${directory}/files/resolv.conf`, "rw", "bind", "rprivate"),
    ],
    hooks: null,
    linux: {
      uidMappings: null,
      resources: { memory: { limit: 134217728 }, devices: [{ allow: true, type: "a", access: "rwm" }] },
      cgroupsPath: "/cgroup-id",
      namespaces: [{ type: "mount" }, { type: "ipc", path: "" }],
      rootfsPropagation: "",
    },
  };
}

/** A whole system, as systemd-nspawn would start it: nearly every capability, a user namespace, a writable /sys/fs/cgroup. */
export function nspawn(directory: string): JsonObject {
  const names = [...DEFAULT_CAPABILITIES, "CAP_SYS_ADMIN", "CAP_SYS_BOOT", "CAP_SYS_NICE", "CAP_LEASE"];
  return {
    ociVersion: "1.1.0",
    process: {
      terminal: false,
      user: { uid: 0, gid: 0 },
      args: ["/probe"],
      env: [PATH, "container=systemd-nspawn", "container_uuid=8ccf5ef3-2a2f-4d12-a6b4-6a1f2c0e5d17"],
      cwd: "/",
      capabilities: capabilities(names),
      rlimits: [
        { type: "RLIMIT_CORE", hard: 9007199254740991, soft: 0 },
        { type: "RLIMIT_RTPRIO", hard: 0, soft: 0 },
      ],
      oomScoreAdj: 0,
      execCPUAffinity: { initial: "0", final: "0" },
    },
    root: { path: `${directory}/rootfs` },
    hostname: "machine",
    mounts: [
      PROC,
      dev("nosuid", "strictatime", "mode=755"),
      shm("nosuid", "nodev", "strictatime", "mode=1777"),
      mount("/run", "tmpfs", "tmpfs", ["nosuid", "nodev", "strictatime", "mode=755"]),
      mount("/sys/fs/cgroup", "cgroup", "cgroup", ["nosuid", "noexec", "nodev", "relatime"]),
    ],
    linux: {
      uidMappings: mappings(),
      gidMappings: mappings(),
      namespaces: namespaces("pid", "ipc", "uts", "mount", "network", "user", "cgroup"),
      sysctl: { "net.ipv4.ip_forward": "0" },
      seccomp: {
        defaultAction: "SCMP_ACT_ALLOW",
        architectures: ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86"],
        flags: [],
        syscalls: [
          {
            names: ["socket"],
            action: "SCMP_ACT_ERRNO",
            errnoRet: 97,
            args: [
              { index: 0, value: 16, op: "SCMP_CMP_EQ" },
              { index: 2, value: 9, valueTwo: 0, op: "SCMP_CMP_EQ" },
            ],
          },
          { names: ["kexec_load", "init_module"], action: "SCMP_ACT_ERRNO", errnoRet: 1 },
        ],
      },
    },
  };
}

/** Cloud Foundry's Garden: a user namespace with several map lines, a nobody-like user, block I/O limits. */
export function garden(directory: string): JsonObject {
  const lines = () => [
    { containerID: 0, hostID: 100000, size: 1 },
    { containerID: 1, hostID: 100001, size: 65000 },
  ];
  return {
    ociVersion: "1.0.2-dev",
    process: {
      user: { uid: 2000, gid: 2000 },
      args: ["/probe"],
      env: [PATH, "USER=vcap", "LANG=en_US.UTF-8"],
      cwd: "/",
      capabilities: { ...capabilities(["CAP_CHOWN", "CAP_SETUID"]), inheritable: [] },
      rlimits: [{ type: "RLIMIT_NOFILE", hard: 16384, soft: 16384 }],
    },
    root: { path: `${directory}/rootfs` },
    hostname: "1f3",
    mounts: [
      PROC,
      dev("nosuid", "strictatime", "mode=755", "size=65536k"),
      shm("nosuid", "noexec", "nodev"),
      bind("/etc/hosts", `${directory}/files/hosts`, "bind"),
    ],
    hooks: { poststart: [], poststop: [] },
    annotations: { "container-type": "garden-init" },
    linux: {
      uidMappings: lines(),
      gidMappings: lines(),
      resources: {
        devices: [DENY_DEVICES, allowDevice("c", 1, 3), allowDevice("c", 1, 5), allowDevice("c", 10, 229)],
        memory: { limit: 67108864, swap: 67108864 },
        cpu: { shares: 10 },
        blockIO: { weight: 100 },
        pids: { limit: 1024 },
      },
      cgroupsPath: "/cgroup-id",
      namespaces: namespaces("network", "pid", "uts", "ipc", "mount", "user"),
      maskedPaths: ["/proc/kcore", "/proc/timer_list"],
    },
  };
}

/** A batch job: only what it needs, with the host's network. */
export function batch(): JsonObject {
  return {
    ociVersion: "1.0.2",
    process: { user: { uid: 1000, gid: 100 }, args: ["/probe"], env: [PATH], cwd: "/" },
    root: { path: "rootfs", readonly: false },
    mounts: [PROC, CGROUP],
    linux: {
      resources: {
        cpu: { realtimeRuntime: 0, idle: 0 },
        memory: { useHierarchy: true, checkBeforeUpdate: false },
        rdma: {},
      },
      namespaces: namespaces("mount", "pid"),
    },
  };
}
