/** Which kernel parameters a container may set: those of its own namespaces. namespaces(7). */

import type { Config } from "../config.ts";
import { type LinuxConfig, type NamespaceType, namespaceOf } from "../linux.ts";
import { sysctlPath } from "../resolved/config.ts";
import { type Rule, rule } from "./rule.ts";

/** System V and POSIX IPC parameters: ipc_namespaces(7). */
const IPC_SYSCTLS = new Set([
  "kernel.msgmax",
  "kernel.msgmnb",
  "kernel.msgmni",
  "kernel.sem",
  "kernel.shmall",
  "kernel.shmmax",
  "kernel.shmmni",
  "kernel.shm_rmid_forced",
]);

export const sysctlRules: readonly Rule<Config>[] = [
  rule(["linux.sysctl", "linux.namespaces"], ({ linux }, report) => {
    for (const key of Object.keys(linux.sysctl ?? {})) {
      const message = refuseSysctl(dottedSysctl(key), linux);
      if (message === undefined) continue;
      report.issueOf("linux.sysctl", key, "parameters of the container's own namespaces", message);
    }
  }),
];

/** sysctl(8) takes "net/ipv4/conf/eno2.100.rp_filter" too: the first separator says which of the two is meant. */
function dottedSysctl(key: string): string {
  return sysctlPath(key).replace(/[./]/g, (character) => (character === "/" ? "." : "/"));
}

function refuseSysctl(key: string, linux: LinuxConfig): string | undefined {
  const quoted = JSON.stringify(key);
  const has = (type: NamespaceType) => namespaceOf(linux, type) !== undefined;
  const elsewhere = `sysctl ${quoted} is not in a separate kernel namespace`;
  if (key.split(/[./]/).includes("")) return elsewhere;
  if (IPC_SYSCTLS.has(key) || key.startsWith("fs.mqueue.")) {
    return has("ipc") ? undefined : `sysctl ${quoted} is not allowed in the hosts ipc namespace`;
  }
  if (key.startsWith("net.")) {
    return has("network") ? undefined : `sysctl ${quoted} not allowed in host network namespace`;
  }
  if (key === "kernel.domainname" && has("uts")) return undefined;
  if (key === "kernel.hostname" && has("uts")) {
    return `sysctl ${quoted} is not allowed as it conflicts with the OCI "hostname" field`;
  }
  if (key.startsWith("user.")) {
    return has("user") ? undefined : `setting ucounts without a user namespace not allowed: ${key}`;
  }
  return elsewhere;
}
