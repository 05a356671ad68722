/**
 * The config that `spec` prints: a shell in a read-only root with few capabilities. It means the same as runc
 * 1.5's, so that tools that start from it find what they expect.
 */

import { OCI_VERSION } from "../version.ts";

const CAPABILITIES = ["CAP_AUDIT_WRITE", "CAP_KILL", "CAP_NET_BIND_SERVICE"];

const MASKED_PATHS = [
  "/proc/acpi",
  "/proc/asound",
  "/proc/kcore",
  "/proc/keys",
  "/proc/latency_stats",
  "/proc/timer_list",
  "/proc/timer_stats",
  "/proc/sched_debug",
  "/sys/firmware",
  "/proc/scsi",
];

const READONLY_PATHS = ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"];

export interface DefaultSpecOptions {
  /** Whether the host has cgroup v2 alone: then the container gets a cgroup namespace. */
  cgroupV2: boolean;
  /** For an ordinary user: its ids. */
  rootless?: { uid: number; gid: number };
}

interface DefaultMount {
  destination: string;
  type: string;
  source: string;
  options?: string[];
}

/** A plain object, ready for JSON.stringify; members in the order of the specification. */
export function defaultSpec(options: DefaultSpecOptions) {
  const { rootless } = options;
  const root = rootless === undefined;
  return {
    ociVersion: OCI_VERSION,
    process: {
      terminal: true,
      user: { uid: 0, gid: 0 },
      args: ["sh"],
      env: ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "TERM=xterm"],
      cwd: "/",
      capabilities: { bounding: CAPABILITIES, effective: CAPABILITIES, permitted: CAPABILITIES },
      rlimits: [{ type: "RLIMIT_NOFILE", hard: 1024, soft: 1024 }],
      noNewPrivileges: true,
    },
    root: { path: "rootfs", readonly: true },
    hostname: "runc",
    mounts: root ? defaultMounts() : rootlessMounts(),
    linux: {
      ...(rootless === undefined
        ? { resources: { devices: [{ allow: false, access: "rwm" }] } }
        : {
            uidMappings: [{ containerID: 0, hostID: rootless.uid, size: 1 }],
            gidMappings: [{ containerID: 0, hostID: rootless.gid, size: 1 }],
          }),
      namespaces: namespaceTypes(root, options.cgroupV2).map((type) => ({ type })),
      maskedPaths: MASKED_PATHS,
      readonlyPaths: READONLY_PATHS,
    },
  };
}

/** An ordinary user keeps the host's network: nobody could connect a new namespace for it. */
function namespaceTypes(root: boolean, cgroupV2: boolean): string[] {
  const types = root ? ["pid", "network", "ipc", "uts", "mount"] : ["pid", "ipc", "uts", "mount"];
  if (cgroupV2) types.push("cgroup");
  if (!root) types.push("user");
  return types;
}

function defaultMounts(): DefaultMount[] {
  const restricted = ["nosuid", "noexec", "nodev"];
  return [
    { destination: "/proc", type: "proc", source: "proc" },
    {
      destination: "/dev",
      type: "tmpfs",
      source: "tmpfs",
      options: ["nosuid", "strictatime", "mode=755", "size=65536k"],
    },
    {
      destination: "/dev/pts",
      type: "devpts",
      source: "devpts",
      options: ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"],
    },
    {
      destination: "/dev/shm",
      type: "tmpfs",
      source: "shm",
      options: [...restricted, "mode=1777", "size=65536k"],
    },
    { destination: "/dev/mqueue", type: "mqueue", source: "mqueue", options: restricted },
    { destination: "/sys", type: "sysfs", source: "sysfs", options: [...restricted, "ro"] },
    {
      destination: "/sys/fs/cgroup",
      type: "cgroup",
      source: "cgroup",
      options: [...restricted, "relatime", "ro"],
    },
  ];
}

/** One mapped id has no group 5 for devpts, and sysfs cannot be mounted in the host's network namespace. */
function rootlessMounts(): DefaultMount[] {
  return defaultMounts().map((mount) => {
    if (mount.destination === "/sys") {
      return {
        destination: "/sys",
        type: "none",
        source: "/sys",
        options: ["rbind", "nosuid", "noexec", "nodev", "ro"],
      };
    }
    if (mount.options === undefined) return mount;
    return { ...mount, options: mount.options.filter((option) => !/^[ug]id=/.test(option)) };
  });
}
