/** Rules of the `process` object. Paths are relative to it. */

import { parseIndexList } from "../index-list.ts";
import type { ProcessConfig } from "../process.ts";
import { type ProcessFacts, type Rule, rule } from "./rule.ts";

/** CPUs and memory nodes beyond this number do not exist: CONFIG_NR_CPUS ends at 8192, 64 Ki leaves room. */
const CPU_MAX = 65_535;

export const processRules: readonly Rule<ProcessConfig, ProcessFacts>[] = [
  rule(["rlimits"], ({ rlimits }, report) => {
    const seen = new Set<string>();
    for (const [index, { type, soft, hard }] of rlimits.entries()) {
      if (seen.has(type)) {
        report.warn(`rlimits[${index}].type`, `${type} is set more than once: the last one counts`);
      }
      seen.add(type);
      if (BigInt(soft) > BigInt(hard)) {
        report.issue(`rlimits[${index}].soft`, `at most the hard limit, ${hard}`);
      }
    }
  }),
  rule(["scheduler"], ({ scheduler }, report) => {
    if (scheduler === undefined) return;
    const { policy, nice = 0, priority = 0 } = scheduler;
    if ((policy === "SCHED_OTHER" || policy === "SCHED_BATCH") && (nice < -20 || nice > 19)) {
      const message = `invalid scheduler.nice: ${nice} when scheduler.policy is ${policy}`;
      report.issue("scheduler.nice", "-20 to 19", message);
    }
    const realtime = policy === "SCHED_FIFO" || policy === "SCHED_RR";
    if (priority !== 0 && !realtime) {
      report.issue(
        "scheduler.priority",
        "0, or policy SCHED_FIFO or SCHED_RR",
        "scheduler.priority can only be specified for SchedFIFO or SchedRR policy",
      );
    }
    if (realtime && (priority < 1 || priority > 99)) {
      report.issueOf("scheduler.priority", priority, `1 to 99 with policy ${policy}`);
    }
    if (policy === "SCHED_DEADLINE") return;
    for (const member of ["runtime", "deadline", "period"] as const) {
      if (BigInt(scheduler[member] ?? 0) === 0n) continue;
      report.issue(
        `scheduler.${member}`,
        "0, or policy SCHED_DEADLINE",
        "scheduler runtime/deadline/period can only be specified for SchedDeadline policy",
      );
    }
  }),
  rule(["execCPUAffinity"], ({ execCPUAffinity }, report) => {
    if (execCPUAffinity === undefined) return;
    for (const [member, name] of [
      ["initial", "Initial"],
      ["final", "Final"],
    ] as const) {
      const value = execCPUAffinity[member];
      if (value === "" || parseIndexList(value, CPU_MAX) !== undefined) continue;
      const accepted = `CPU numbers up to ${CPU_MAX} and ranges, such as "0-3,7"`;
      report.issue(`execCPUAffinity.${member}`, accepted, `bad CPUAffinity.${name}`);
    }
  }),
  rule(["selinuxLabel"], ({ selinuxLabel }, report, { host }) => {
    if (selinuxLabel === "" || host.selinux) return;
    report.issue(
      "selinuxLabel",
      "no label on a host without SELinux",
      "selinux label is specified in config, but selinux is disabled or not supported",
    );
  }),
  rule(["apparmorProfile"], ({ apparmorProfile }, report, { host }) => {
    if (apparmorProfile === "" || host.apparmor) return;
    report.issue(
      "apparmorProfile",
      "no profile on a host without AppArmor",
      "unable to apply apparmor profile: apparmor: config provided but apparmor not supported",
    );
  }),
];
