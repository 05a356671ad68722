/** Parts that the configurations of several engines share. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { projectRoot } from "../../harness/project.ts";

export type Json = null | boolean | number | string | Json[] | { [name: string]: Json };
export type JsonObject = { [name: string]: Json };

/** The default profile of an engine, resolved for this architecture. */
export function seccompProfile(engine: "docker" | "containerd" | "podman"): JsonObject {
  const text = readFileSync(join(projectRoot, "test/seccomp/profiles", `${engine}.json`), "utf8");
  return JSON.parse(text) as JsonObject;
}

export const PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** Docker's, containerd's and CRI's. */
export const DEFAULT_CAPABILITIES = [
  "CAP_CHOWN",
  "CAP_DAC_OVERRIDE",
  "CAP_FSETID",
  "CAP_FOWNER",
  "CAP_MKNOD",
  "CAP_NET_RAW",
  "CAP_SETGID",
  "CAP_SETUID",
  "CAP_SETFCAP",
  "CAP_SETPCAP",
  "CAP_NET_BIND_SERVICE",
  "CAP_SYS_CHROOT",
  "CAP_KILL",
  "CAP_AUDIT_WRITE",
];

export const capabilities = (names: string[]): JsonObject => ({
  bounding: names,
  effective: names,
  permitted: names,
});

export const MASKED_PATHS = [
  "/proc/acpi",
  "/proc/asound",
  "/proc/interrupts",
  "/proc/kcore",
  "/proc/keys",
  "/proc/latency_stats",
  "/proc/sched_debug",
  "/proc/scsi",
  "/proc/timer_list",
  "/proc/timer_stats",
  "/sys/devices/virtual/powercap",
  "/sys/firmware",
];

export const READONLY_PATHS = ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"];

export const mount = (destination: string, type: string, source: string, options: string[]): JsonObject => ({
  destination,
  type,
  source,
  options,
});

export const bind = (destination: string, source: string, ...options: string[]): JsonObject =>
  mount(destination, "bind", source, options);

export const PROC = mount("/proc", "proc", "proc", ["nosuid", "noexec", "nodev"]);
export const SYS = mount("/sys", "sysfs", "sysfs", ["nosuid", "noexec", "nodev", "ro"]);
export const CGROUP = mount("/sys/fs/cgroup", "cgroup", "cgroup", ["ro", "nosuid", "noexec", "nodev"]);
export const MQUEUE = mount("/dev/mqueue", "mqueue", "mqueue", ["nosuid", "noexec", "nodev"]);
export const DEVPTS = mount("/dev/pts", "devpts", "devpts", [
  "nosuid",
  "noexec",
  "newinstance",
  "ptmxmode=0666",
  "mode=0620",
  "gid=5",
]);

export const dev = (...options: string[]): JsonObject => mount("/dev", "tmpfs", "tmpfs", options);
export const shm = (...options: string[]): JsonObject => mount("/dev/shm", "tmpfs", "shm", options);

export const namespaces = (...types: string[]): Json[] => types.map((type) => ({ type }));

/** Container ids from 0 are host ids from 100000. */
export const mappings = (): Json[] => [{ containerID: 0, hostID: 100000, size: 65536 }];

export const DENY_DEVICES: JsonObject = { allow: false, access: "rwm" };

export const allowDevice = (type: string, major: number, minor: number, access = "rwm"): JsonObject => ({
  allow: true,
  type,
  major,
  minor,
  access,
});
