/** `linux.sysctl`: keys as paths below /proc/sys. sysctl(8). */

import type { PlanContext } from "./context.ts";

/** Adds a step for each. */
export function planSysctls(context: PlanContext): void {
  for (const [key, value] of Object.entries(context.config.linux.sysctl ?? {})) {
    context.add("linux.sysctl", { sysctl: { key: sysctlPath(key), value } });
  }
}

/**
 * "net.ipv4.ip_forward" and "net/ipv4/ip_forward" are the same; the first separator says which one is
 * used, so that the other may be part of a name: "net/ipv4/conf/eth0.100/rp_filter".
 */
export function sysctlPath(key: string): string {
  const separator = key.search(/[./]/);
  if (separator === -1 || key[separator] === "/") return key;
  return key.replace(/[./]/g, (character) => (character === "." ? "/" : "."));
}
