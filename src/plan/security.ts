/** Steps of the security modules and of seccomp. seccomp(2), apparmor(7), selinux(8). */

import { seccompReceiver } from "../oci/annotations.ts";
import { configError } from "../oci/issue.ts";
import type { SeccompConfig } from "../oci/seccomp.ts";
import type { CompiledSeccomp, PlanContext } from "./context.ts";

/** Whether a config's seccomp section asks for a filter: one without action and rules means none. */
export function wantsSeccomp(seccomp: SeccompConfig | undefined): seccomp is SeccompConfig {
  return seccomp !== undefined && ((seccomp.defaultAction ?? "") !== "" || seccomp.syscalls.length > 0);
}

export function planSeccomp(context: PlanContext, compiled: CompiledSeccomp | null): void {
  const { seccomp } = context.config.linux;
  if (!wantsSeccomp(seccomp)) return;
  if (compiled === null) {
    throw configError("config.json", [
      { path: "linux.seccomp", found: "a profile", accepted: "a profile that has been compiled" },
    ]);
  }
  context.add("linux.seccomp", {
    seccomp: {
      program: compiled.program,
      flags: compiled.flags,
      listener_path: seccompReceiver(context.config)?.socket ?? null,
      listener_metadata: seccomp.listenerMetadata,
    },
  });
}

export function planApparmor(context: PlanContext, profile: string): void {
  if (profile === "") return;
  context.add("process.apparmorProfile", { apparmor_exec: { label: profile } });
}

export function planSelinux(context: PlanContext, label: string): void {
  if (label === "") return;
  context.add("process.selinuxLabel", { selinux_exec: { label } });
}
