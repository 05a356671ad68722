/** Annotations of config.json that change what bunc does; crun introduced them. Paths are of the host, absolute. */

import { RuntimeError } from "../failure/errors.ts";
import type { Config } from "./config.ts";

/** The agent's socket for SCMP_ACT_NOTIFY where the profile has no listenerPath. */
const SECCOMP_RECEIVER = "run.oci.seccomp.receiver";
/** Present: the caller's supplementary groups stay, setgroups(2) is not called. */
export const KEEP_ORIGINAL_GROUPS = "run.oci.keep_original_groups";
/** A socket that receives the pidfd of the container's init, as with --pidfd-socket. */
export const PIDFD_RECEIVER = "run.oci.pidfd_receiver";
/** Files to which the hooks' standard output and error are appended. */
export const HOOKS_STDOUT = "run.oci.hooks.stdout";
export const HOOKS_STDERR = "run.oci.hooks.stderr";

/** A cgroup to be made below the container's systemd scope, for the container and its limits. cgroup v2. */
const SYSTEMD_SUBGROUP = "run.oci.systemd.subgroup";
/** A further cgroup below that one, without limits, which the container's processes manage by themselves. */
const DELEGATE_CGROUP = "run.oci.delegate-cgroup";

/** Names of cgroups below the container's scope, outermost first. */
export interface ScopeSubgroups {
  /** "": the scope is the container's cgroup. */
  subgroup: string;
  /** "": none. */
  delegated: string;
}

/** Throws RuntimeError for what is not a valid cgroup name. */
export function scopeSubgroups(annotations: Readonly<Record<string, string>>): ScopeSubgroups {
  const subgroup = subgroupName(annotations, SYSTEMD_SUBGROUP);
  const delegated = subgroupName(annotations, DELEGATE_CGROUP);
  if (delegated !== "" && subgroup === "") {
    throw new RuntimeError(`annotation ${DELEGATE_CGROUP}=${delegated} needs ${SYSTEMD_SUBGROUP}`, {
      subject: `annotations["${DELEGATE_CGROUP}"]`,
      hint: "the delegated cgroup is below the one with the limits",
    });
  }
  return { subgroup, delegated };
}

function subgroupName(annotations: Readonly<Record<string, string>>, key: string): string {
  const name = annotations[key] ?? "";
  // A name with a dot can be that of one of the cgroup's files.
  if (/^[A-Za-z0-9_:@-]*$/.test(name)) return name;
  throw new RuntimeError(`annotation ${key}=${name} is not a valid cgroup name`, {
    subject: `annotations["${key}"]`,
    hint: 'letters, digits, "_", ":", "@" and "-"',
  });
}

interface AgentSource extends Pick<Config, "annotations"> {
  linux: Pick<Config["linux"], "seccomp">;
}

/** Where the seccomp listener is sent, and the config path that says so; null: no rule asks an agent, or nothing does. */
export function seccompReceiver({
  linux,
  annotations,
}: AgentSource): { socket: string; subject: string } | null {
  if (!asksAgent(linux.seccomp)) return null;
  const { listenerPath } = linux.seccomp ?? {};
  if (listenerPath) return { socket: listenerPath, subject: "linux.seccomp.listenerPath" };
  const socket = annotations[SECCOMP_RECEIVER];
  return socket ? { socket, subject: `annotations["${SECCOMP_RECEIVER}"]` } : null;
}

/** Whether some rule of the profile asks an agent (SCMP_ACT_NOTIFY). */
export function asksAgent(seccomp: Config["linux"]["seccomp"]): boolean {
  return (
    seccomp?.syscalls.some(({ action, names }) => action === "SCMP_ACT_NOTIFY" && names.length > 0) ?? false
  );
}
