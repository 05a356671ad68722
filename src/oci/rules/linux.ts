/** Rules of the remaining members of `linux`. */

import { asksAgent, seccompReceiver } from "../annotations.ts";
import type { Config } from "../config.ts";
import { parseIndexList } from "../index-list.ts";
import { schemataLines } from "../intel-rdt.ts";
import type { Rule } from "./rule.ts";

/** MAX_NUMNODES of the kernel is at most 1024. */
const MEMORY_NODE_MAX = 1023;

export const linuxRules: readonly Rule<Config>[] = [
  {
    reads: ["linux.memoryPolicy"],
    check({ linux }, _facts, report) {
      const policy = linux.memoryPolicy;
      if (policy === undefined) return;
      const nodes = parseIndexList(policy.nodes, MEMORY_NODE_MAX);
      if (policy.nodes !== "" && nodes === undefined) {
        report.issue(
          "linux.memoryPolicy.nodes",
          policy.nodes,
          `node numbers up to ${MEMORY_NODE_MAX} and ranges, such as "0-3,7"`,
          `invalid memory policy nodes ${JSON.stringify(policy.nodes)}`,
        );
      } else if (policy.mode === "MPOL_DEFAULT" || policy.mode === "MPOL_LOCAL") {
        if (nodes === undefined) return;
        report.issue(
          "linux.memoryPolicy.nodes",
          policy.nodes,
          `no nodes with ${policy.mode}`,
          `memory policy mode requires 0 nodes but got ${countOf(nodes)}`,
        );
      } else if (policy.mode !== "MPOL_PREFERRED" && nodes === undefined) {
        report.issue(
          "linux.memoryPolicy.nodes",
          policy.nodes,
          `nodes with ${policy.mode}`,
          "memory policy mode requires at least one node but got 0",
        );
      }
    },
  },
  {
    reads: ["linux.personality"],
    check({ linux }, _facts, report) {
      const flags = linux.personality?.flags ?? [];
      if (flags.length === 0) return;
      report.warn(
        "linux.personality.flags",
        flags,
        `ignoring unsupported personality flags: [${flags.join(" ")}] because personality flag has not supported at this time`,
      );
    },
  },
  {
    reads: ["linux.seccomp", "annotations"],
    check(config, _facts, report) {
      const { seccomp } = config.linux;
      if (seccomp === undefined) return;
      if ((seccomp.defaultAction ?? "") === "" && seccomp.syscalls.length > 0) {
        report.issue(
          "linux.seccomp.defaultAction",
          seccomp.defaultAction,
          "an action (required when syscalls are given)",
        );
      }
      if (seccomp.defaultAction === "SCMP_ACT_NOTIFY") {
        report.issue(
          "linux.seccomp.defaultAction",
          seccomp.defaultAction,
          "another action",
          "SCMP_ACT_NOTIFY cannot be used as default action",
        );
      }
      for (const [index, rule] of seccomp.syscalls.entries()) {
        if (rule.action !== "SCMP_ACT_NOTIFY" || !rule.names.includes("write")) continue;
        report.issue(
          `linux.seccomp.syscalls[${index}].names`,
          "write",
          "other system calls: the listener itself is handed over with write",
          "SCMP_ACT_NOTIFY cannot be used for the write syscall",
        );
      }
      if (asksAgent(seccomp) && seccompReceiver(config) === null) {
        report.issue(
          "linux.seccomp.listenerPath",
          undefined,
          "the socket of the agent (required by rules with SCMP_ACT_NOTIFY)",
          "seccomp listenerPath is not set",
        );
      }
    },
  },
  {
    reads: ["linux.resources"],
    check({ linux }, { host }, report) {
      const unified = linux.resources?.unified;
      if (unified === undefined || host.cgroup.mode === "v2") return;
      report.issue(
        "linux.resources.unified",
        unified,
        "nothing on a host with cgroup v1",
        "invalid configuration: cannot use unified on cgroup v1",
      );
    },
  },
  {
    reads: ["linux.resources"],
    check({ linux }, _facts, report) {
      const memory = linux.resources?.memory;
      const [member] = (["kernel", "kernelTCP"] as const).filter((name) => memory?.[name] !== undefined);
      if (member === undefined) return;
      report.warn(
        `linux.resources.memory.${member}`,
        memory?.[member],
        "Kernel memory settings are ignored and will be removed",
      );
    },
  },
  {
    reads: ["linux.intelRdt"],
    check({ linux }, { host }, report) {
      const rdt = linux.intelRdt;
      if (rdt === undefined) return;
      const schemata = [...schemataLines(rdt)];
      if (host.resctrl === "" && schemata.length > 0) {
        report.issue(
          "linux.intelRdt",
          rdt,
          "no shares on a host where resctrl is not mounted (mount -t resctrl resctrl /sys/fs/resctrl)",
          "intelRdt is specified in config, but Intel RDT is not enabled",
        );
      } else if (host.resctrl === "") {
        report.warn("linux.intelRdt", rdt, "linux.intelRdt is ignored: resctrl is not mounted on this host");
      }
      const { closID } = rdt;
      if (closID === "." || closID === ".." || (closID.length > 1 && closID.includes("/"))) {
        report.issue(
          "linux.intelRdt.closID",
          closID,
          "a directory name",
          `invalid intelRdt.ClosID ${JSON.stringify(closID)}`,
        );
      }
      const { memBwSchema } = rdt;
      if (memBwSchema !== "" && !memBwSchema.startsWith("MB:")) {
        report.issue("linux.intelRdt.memBwSchema", memBwSchema, 'text that starts with "MB:"');
      }
      for (const { line, subject } of schemata) {
        if (line.includes("\n")) report.issue(subject, line, "one line");
      }
    },
  },
];

/** The number of bits that are set in a mask of 32-bit words. */
function countOf(mask: readonly number[]): number {
  return mask.reduce((count, word) => count + (word >>> 0).toString(2).replaceAll("0", "").length, 0);
}
