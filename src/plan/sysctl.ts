/** `linux.sysctl`: keys as paths below /proc/sys. sysctl(8). */

import type { PlanContext } from "./context.ts";

/** Adds a step for each. */
export function planSysctls(context: PlanContext): void {
  for (const { path, value } of context.config.linux.sysctl) {
    context.add("linux.sysctl", { sysctl: { key: path, value } });
  }
}
