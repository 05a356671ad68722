/** Annotations of config.json that change what bunc does; crun introduced them. Paths are of the host, absolute. */

import type { Config } from "./config.ts";

/** The agent's socket for SCMP_ACT_NOTIFY where the profile has no listenerPath. */
export const SECCOMP_RECEIVER = "run.oci.seccomp.receiver";
/** Present: the caller's supplementary groups stay, setgroups(2) is not called. */
export const KEEP_ORIGINAL_GROUPS = "run.oci.keep_original_groups";
/** A socket that receives the pidfd of the container's init, as with --pidfd-socket. */
export const PIDFD_RECEIVER = "run.oci.pidfd_receiver";
/** Files to which the hooks' standard output and error are appended. */
export const HOOKS_STDOUT = "run.oci.hooks.stdout";
export const HOOKS_STDERR = "run.oci.hooks.stderr";

/** "": nobody is to get a seccomp listener. */
export function seccompReceiver({ linux, annotations }: Config): string {
  return linux.seccomp?.listenerPath || annotations[SECCOMP_RECEIVER] || "";
}
