/**
 * The config that `spec` prints: a shell in a read-only root with few capabilities. It means the same as runc
 * 1.5's, so that tools that start from it find what they expect.
 */

import { isMapped } from "../kernel/id.ts";
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

/** A mount, or as much of one as is written. */
interface WrittenMount {
  destination?: string | undefined;
  type?: string | undefined;
  source?: string | undefined;
  options?: string[] | undefined;
}

/** Of a mapping, the ids that the container has. */
interface IdLine {
  containerID?: number | undefined;
  size?: number | undefined;
}

/** A plain object, ready for JSON.stringify; members in the order of the specification. */
export function defaultSpec(options: DefaultSpecOptions) {
  const { rootless } = options;
  const root = rootless === undefined;
  const gidMappings = [{ containerID: 0, hostID: rootless?.gid, size: 1 }];
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
    mounts: root ? defaultMounts() : mountsInUserNamespace(defaultMounts(), false, gidMappings),
    linux: {
      ...(rootless === undefined
        ? { resources: { devices: [{ allow: false, access: "rwm" }] } }
        : {
            uidMappings: [{ containerID: 0, hostID: rootless.uid, size: 1 }],
            gidMappings,
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

function defaultMounts(): WrittenMount[] {
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

/**
 * What the kernel refuses in a user namespace: a sysfs of the host's network namespace, in whose place its directory is
 * bound, and a group that has no id there.
 */
export function mountsInUserNamespace<Mount extends WrittenMount>(
  mounts: readonly Mount[],
  hasNetwork: boolean,
  gidMappings: readonly IdLine[],
): Mount[] {
  return mounts.map((mount) => {
    const options = mount.options ?? [];
    if (mount.type === "sysfs" && !hasNetwork) {
      const flags = options.filter((option) => option !== "rbind" && option !== "bind");
      return { ...mount, type: "none", source: "/sys", options: ["rbind", ...flags] };
    }
    if (mount.type !== "devpts" || gidMappings.length === 0) return mount;
    return { ...mount, options: options.filter((option) => hasGroup(option, gidMappings)) };
  });
}

/** False for `gid=` of a group that the mappings do not have. */
function hasGroup(option: string, mappings: readonly IdLine[]): boolean {
  const [, gid] = /^gid=([0-9]+)$/.exec(option) ?? [];
  const ranges = mappings.map(({ containerID = 0, size = 0 }) => ({ containerID, size }));
  return gid === undefined || isMapped(Number(gid), ranges);
}
