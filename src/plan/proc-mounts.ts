/** What a config may mount on and below /proc in the container. */

/** Files that lxcfs emulates: covering them misleads nobody but readers of statistics. */
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
