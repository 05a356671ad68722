/** Where mounts go in the container, and what may be mounted on /proc there. */

import { cleanPath, resolvePath } from "../../kernel/paths.ts";

/** The root file system as the configuration names it: an absolute path on the host. */
export function rootPath(root: { path: string }, bundle: string): string {
  return resolvePath(bundle, root.path);
}

/**
 * A path in the container. Relative destinations start at "/"; one that begins with the path of the root file system
 * is what lies below that, as runc takes it. `root`: `rootPath`.
 */
export function targetOf(destination: string, root: string): string {
  const path = cleanPath(`/${destination}`);
  if (root === "/" || !`${path}/`.startsWith(`${root}/`)) return path;
  return cleanPath(`/${path.slice(root.length)}`);
}

/** Files that lxcfs emulates: covering them only changes statistics. */
export const PROC_SUBMOUNTS: ReadonlySet<string> = new Set([
  "/proc/cpuinfo",
  "/proc/diskstats",
  "/proc/meminfo",
  "/proc/stat",
  "/proc/swaps",
  "/proc/uptime",
  "/proc/loadavg",
  "/proc/slabinfo",
  "/proc/sys/kernel/ns_last_pid",
  "/proc/sys/crypto/fips_enabled",
]);

/** `target`: a clean path in the container. */
export function mountsUnderProc(target: string): boolean {
  return target === "/proc" || target.startsWith("/proc/");
}
