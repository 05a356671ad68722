/** Rules of the remaining members of `linux`. */

import { asksAgent, seccompReceiver } from "../annotations.ts";
import type { Config } from "../config.ts";
import { parseIndexList } from "../index-list.ts";
import { schemataLines } from "../intel-rdt.ts";
import { type Rule, rule } from "./rule.ts";

/** MAX_NUMNODES of the kernel is at most 1024. */
const MEMORY_NODE_MAX = 1023;

export const linuxRules: readonly Rule<Config>[] = [
  rule(["linux.memoryPolicy"], ({ linux }, report) => {
    if (linux.memoryPolicy === undefined) return;
    const { mode, nodes: list } = linux.memoryPolicy;
    const nodes = parseIndexList(list, MEMORY_NODE_MAX);
    const path = "linux.memoryPolicy.nodes";
    if (list !== "" && nodes === undefined) {
      const accepted = `node numbers up to ${MEMORY_NODE_MAX} and ranges, such as "0-3,7"`;
      report.issue(path, accepted, `invalid memory policy nodes ${JSON.stringify(list)}`);
    } else if (mode === "MPOL_DEFAULT" || mode === "MPOL_LOCAL") {
      if (nodes === undefined) return;
      const message = `memory policy mode requires 0 nodes but got ${countOf(nodes)}`;
      report.issue(path, `no nodes with ${mode}`, message);
    } else if (mode !== "MPOL_PREFERRED" && nodes === undefined) {
      const message = "memory policy mode requires at least one node but got 0";
      report.issue(path, `nodes with ${mode}`, message);
    }
  }),
  rule(["linux.personality"], ({ linux }, report) => {
    const flags = linux.personality?.flags ?? [];
    if (flags.length === 0) return;
    report.warn(
      "linux.personality.flags",
      `ignoring unsupported personality flags: [${flags.join(" ")}] because personality flag has not supported at this time`,
    );
  }),
  rule(["linux.seccomp", "annotations"], (config, report) => {
    const { seccomp } = config.linux;
    if (seccomp === undefined) return;
    const { defaultAction = "", syscalls } = seccomp;
    const path = "linux.seccomp.defaultAction";
    if (defaultAction === "" && syscalls.length > 0) {
      report.issue(path, "an action (required when syscalls are given)");
    }
    if (defaultAction === "SCMP_ACT_NOTIFY") {
      report.issue(path, "another action", "SCMP_ACT_NOTIFY cannot be used as default action");
    }
    for (const [index, { action, names }] of syscalls.entries()) {
      if (action !== "SCMP_ACT_NOTIFY" || !names.includes("write")) continue;
      report.issueOf(
        `linux.seccomp.syscalls[${index}].names`,
        "write",
        "other system calls: the listener itself is handed over with write",
        "SCMP_ACT_NOTIFY cannot be used for the write syscall",
      );
    }
    if (asksAgent(seccomp) && seccompReceiver(config) === null) {
      report.issueOf(
        "linux.seccomp.listenerPath",
        undefined,
        "the socket of the agent (required by rules with SCMP_ACT_NOTIFY)",
        "seccomp listenerPath is not set",
      );
    }
  }),
  rule(["linux.resources"], ({ linux }, report, { host }) => {
    if (linux.resources?.unified === undefined || host.cgroup.mode === "v2") return;
    report.issue(
      "linux.resources.unified",
      "nothing on a host with cgroup v1",
      "invalid configuration: cannot use unified on cgroup v1",
    );
  }),
  rule(["linux.resources"], ({ linux }, report) => {
    const memory = linux.resources?.memory;
    const member = (["kernel", "kernelTCP"] as const).find((name) => memory?.[name] !== undefined);
    if (member === undefined) return;
    report.warn(`linux.resources.memory.${member}`, "Kernel memory settings are ignored and will be removed");
  }),
  rule(["linux.intelRdt"], ({ linux }, report, { host }) => {
    const rdt = linux.intelRdt;
    if (rdt === undefined) return;
    const schemata = schemataLines(rdt);
    if (host.resctrl === "" && schemata.length > 0) {
      report.issue(
        "linux.intelRdt",
        "no shares on a host where resctrl is not mounted (mount -t resctrl resctrl /sys/fs/resctrl)",
        "intelRdt is specified in config, but Intel RDT is not enabled",
      );
    } else if (host.resctrl === "") {
      report.warn("linux.intelRdt", "linux.intelRdt is ignored: resctrl is not mounted on this host");
    }
    const { closID, memBwSchema } = rdt;
    if (closID === "." || closID === ".." || (closID.length > 1 && closID.includes("/"))) {
      const message = `invalid intelRdt.ClosID ${JSON.stringify(closID)}`;
      report.issue("linux.intelRdt.closID", "a directory name", message);
    }
    if (memBwSchema !== "" && !memBwSchema.startsWith("MB:")) {
      report.issue("linux.intelRdt.memBwSchema", 'text that starts with "MB:"');
    }
    for (const { line, subject } of schemata) {
      if (line.includes("\n")) report.issue(subject, "one line");
    }
  }),
];

/** The number of bits that are set in a mask of 32-bit words. */
function countOf(mask: readonly number[]): number {
  return mask.reduce((count, word) => count + (word >>> 0).toString(2).replaceAll("0", "").length, 0);
}
