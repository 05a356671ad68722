/**
 * External resources of a container: CRIU neither saves nor makes them, but is told their names when saving
 * and their sources when restoring.
 */

import { absolutePath, type CgroupLocation } from "../cgroup/paths.ts";
import type { HostFacts } from "../host/host.ts";
import type { MountinfoEntry } from "../host/mountinfo.ts";
import { baseName, cleanPath, resolvePath } from "../kernel/paths.ts";
import { native } from "../native/call.ts";
import type { Config } from "../oci/config.ts";
import type { NamespaceType } from "../oci/linux.ts";
import { parseMountOptions } from "../oci/mount-options.ts";
import { rootPath, targetOf } from "../oci/mount-targets.ts";
import { DEFAULT_DEVICE_PATHS } from "../plan/devices.ts";

/** A mount from outside: where it is in the container, and what of the host it shows. */
interface ExternalMount {
  target: string;
  source: string;
}

/** CRIU's name for the null device over masked files. */
export const NULL_DEVICE = "/dev/null";

/** Namespaces that CRIU takes as they are, by descriptor; its names for them. */
const INHERITED = { network: "net", pid: "pid" } as const;
type InheritedNamespace = keyof typeof INHERITED;

/** Namespaces that CRIU joins by path when it restores. */
export const JOINED: Readonly<Partial<Record<NamespaceType, string>>> = {
  ipc: "ipc",
  uts: "uts",
  user: "user",
  mount: "mnt",
  time: "time",
};

/** The file of a namespace in /proc/pid/ns, and the name under which a checkpoint keeps it. runc's names. */
export function inheritedNamespace(type: InheritedNamespace): { file: string; key: string } {
  const file = INHERITED[type];
  return { file, key: `extRoot${file.charAt(0).toUpperCase()}${file.slice(1)}NS` };
}

/** Those that the configuration names by path. */
export function externalNamespaces(config: Config): { type: InheritedNamespace; path: string }[] {
  return config.linux.namespaces.flatMap(({ type, path }) =>
    path !== "" && (type === "network" || type === "pid") ? [{ type, path }] : [],
  );
}

interface ExternalMountFacts {
  host: HostFacts;
  bundle: string;
  rootfs: string;
  cgroups: readonly CgroupLocation[];
  /** See container/notify-socket.ts; given whether the container has it or not. */
  notify: ExternalMount;
}

/** Binds, cgroups on v1 without a namespace of their own, devices. Targets lead where the container's links lead. */
export function externalMounts(config: Config, facts: ExternalMountFacts): ExternalMount[] {
  const mounts: ExternalMount[] = [];
  const root = rootPath(config.root, facts.bundle);
  for (const mount of config.mounts) {
    const parsed = parseMountOptions(mount.type, mount.options);
    if (parsed.remount) continue;
    if (parsed.bind) {
      mounts.push({ target: targetOf(mount, root), source: resolvePath(facts.bundle, mount.source) });
    } else if (mount.type === "cgroup") {
      for (const bind of cgroupBinds(config, targetOf(mount, root), facts)) mounts.push(bind);
    }
  }
  mounts.push(facts.notify);
  const devices = [
    ...DEFAULT_DEVICE_PATHS,
    ...config.linux.devices.map(({ path }) => resolvePath("/", path)),
  ];
  // Where device nodes cannot be made (user namespaces) they are binds of the host's.
  for (const path of new Set(devices)) mounts.push({ target: path, source: path });
  return mounts.map(({ target, source }) => ({ target: resolveIn(facts.rootfs, target), source }));
}

function cgroupBinds(config: Config, target: string, { host, cgroups }: ExternalMountFacts): ExternalMount[] {
  const hasNamespace = config.linux.namespaces.some(({ type }) => type === "cgroup");
  if (host.cgroup.mode === "v2" || hasNamespace) return [];
  return host.cgroup.hierarchies.map(({ mountPoint, controllers, own }) => {
    const location = cgroups.find(({ controller }) => controllers.includes(controller));
    const source = location === undefined ? cleanPath(`${mountPoint}/${own}`) : absolutePath(location);
    return { target: `${target}/${baseName(mountPoint)}`, source };
  });
}

/** Files of maskedPaths that are there: the null device is bound over them. Directories have a file system of their own. */
export function maskedFiles(config: Config, mounts: readonly MountinfoEntry[]): string[] {
  const covered = new Set(mounts.filter(({ root }) => root === "/null").map(({ mountPoint }) => mountPoint));
  const masked = config.linux.maskedPaths.filter((path) => path !== "").map((path) => resolvePath("/", path));
  return [...new Set(masked)].filter((path) => covered.has(path));
}

function resolveIn(root: string, path: string): string {
  return native("resolve_in_root", { root, path }).path;
}
