/**
 * External resources of a container: CRIU neither saves nor makes them, but is told their names when saving
 * and their sources when restoring.
 */

import { absolutePath, type CgroupLocations } from "../cgroup/paths.ts";
import type { HostFacts } from "../host/host.ts";
import type { MountinfoEntry } from "../host/mountinfo.ts";
import { baseName, cleanPath } from "../kernel/paths.ts";
import { native } from "../native/call.ts";
import type { NamespaceType } from "../oci/linux.ts";
import type { ResolvedConfig } from "../oci/resolved/config.ts";

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
export function externalNamespaces({ linux }: ResolvedConfig): { type: InheritedNamespace; path: string }[] {
  return [...linux.namespaces].flatMap(([type, { path }]) =>
    path !== null && (type === "network" || type === "pid") ? [{ type, path }] : [],
  );
}

interface ExternalMountFacts {
  host: HostFacts;
  rootfs: string;
  cgroups: CgroupLocations;
  /** See container/notify-socket.ts; given whether the container has it or not. */
  notify: ExternalMount;
}

/** Binds, cgroups on v1 without a namespace of their own, devices. Targets lead where the container's links lead. */
export function externalMounts(config: ResolvedConfig, facts: ExternalMountFacts): ExternalMount[] {
  const mounts: ExternalMount[] = [];
  for (const { kind, target, source } of config.mounts) {
    if (kind === "bind") mounts.push({ target, source });
    if (kind === "cgroup") for (const bind of cgroupBinds(config, target, facts)) mounts.push(bind);
  }
  mounts.push(facts.notify);
  // Where device nodes cannot be made (user namespaces) they are binds of the host's.
  const devices = new Set(config.linux.devices.map(({ path }) => path));
  for (const path of devices) mounts.push({ target: path, source: path });
  return mounts.map(({ target, source }) => ({ target: resolveIn(facts.rootfs, target), source }));
}

function cgroupBinds(
  { linux }: ResolvedConfig,
  target: string,
  { host, cgroups }: ExternalMountFacts,
): ExternalMount[] {
  if (host.cgroup.mode === "v2" || linux.namespaces.has("cgroup")) return [];
  return host.cgroup.hierarchies.map(({ mountPoint, controllers, own }) => {
    const location = cgroups.find(({ controller }) => controllers.includes(controller));
    const source = location === undefined ? cleanPath(`${mountPoint}/${own}`) : absolutePath(location);
    return { target: `${target}/${baseName(mountPoint)}`, source };
  });
}

/** Files of maskedPaths that are there: the null device is bound over them. Directories have a file system of their own. */
export function maskedFiles({ linux }: ResolvedConfig, mounts: readonly MountinfoEntry[]): string[] {
  const covered = new Set(mounts.filter(({ root }) => root === "/null").map(({ mountPoint }) => mountPoint));
  return linux.maskedPaths.map(({ path }) => path).filter((path) => covered.has(path));
}

function resolveIn(root: string, path: string): string {
  return native("resolve_in_root", { root, path }).path;
}
