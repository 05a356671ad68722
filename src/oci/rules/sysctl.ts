/** Which kernel parameters a container may set: those of its own namespaces. namespaces(7). */

import type { Config } from "../config.ts";
import type { LinuxConfig } from "../linux.ts";
import { namespaceOf } from "../linux.ts";
import type { Rule } from "./rule.ts";

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
  {
    reads: ["linux.sysctl", "linux.namespaces"],
    check({ linux }, _facts, report) {
      for (const key of Object.keys(linux.sysctl ?? {})) {
        const message = refuseSysctl(dottedSysctl(key), linux);
        if (message === undefined) continue;
        report.issue("linux.sysctl", key, "parameters of the container's own namespaces", message);
      }
    },
  },
];

/** sysctl(8) takes "net/ipv4/conf/eno2.100.rp_filter" too: the first separator says which of the two is meant. */
function dottedSysctl(key: string): string {
  const separator = key.search(/[./]/);
  if (separator === -1 || key[separator] === ".") return key;
  return key.replace(/[./]/g, (character) => (character === "/" ? "." : "/"));
}

function refuseSysctl(key: string, linux: LinuxConfig): string | undefined {
  const quoted = JSON.stringify(key);
  if (key.split(/[./]/).some((part) => part === "")) {
    return `sysctl ${quoted} is not in a separate kernel namespace`;
  }
  if (IPC_SYSCTLS.has(key) || key.startsWith("fs.mqueue.")) {
    return namespaceOf(linux, "ipc")
      ? undefined
      : `sysctl ${quoted} is not allowed in the hosts ipc namespace`;
  }
  if (key.startsWith("net.")) {
    return namespaceOf(linux, "network")
      ? undefined
      : `sysctl ${quoted} not allowed in host network namespace`;
  }
  if (namespaceOf(linux, "uts") !== undefined) {
    if (key === "kernel.domainname") return undefined;
    if (key === "kernel.hostname") {
      return `sysctl ${quoted} is not allowed as it conflicts with the OCI "hostname" field`;
    }
  }
  if (key.startsWith("user.")) {
    return namespaceOf(linux, "user")
      ? undefined
      : `setting ucounts without a user namespace not allowed: ${key}`;
  }
  return `sysctl ${quoted} is not in a separate kernel namespace`;
}
