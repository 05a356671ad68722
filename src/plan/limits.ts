/** What the parent applies to the process: rlimits and the OOM score. getrlimit(2), proc_pid_oom_score_adj(5). */

import type { HostFacts } from "../host/host.ts";
import type { Limits, Rlimit } from "../native/boundary.gen.ts";
import { RLIMIT } from "../native/boundary.gen.ts";
import type { ProcessConfig } from "../oci/process.ts";
import type { ProcessOptions } from "./context.ts";

/** `inheritedNoFile`: the process's limit if its rlimits do not set it. */
export function planLimits(
  { rlimits, oomScoreAdj }: ProcessConfig,
  host: HostFacts,
  inheritedNoFile: ProcessOptions["inheritedNoFile"],
): Limits {
  const planned: Rlimit[] = rlimits.map(({ type, soft, hard }, index) => ({
    resource: RLIMIT[type.slice("RLIMIT_".length) as keyof typeof RLIMIT],
    soft: String(soft),
    hard: String(hard),
    best_effort: false,
    subject: `process.rlimits[${index}]`,
  }));
  if (inheritedNoFile !== null && !rlimits.some(({ type }) => type === "RLIMIT_NOFILE")) {
    planned.push({ resource: RLIMIT.NOFILE, ...inheritedNoFile, best_effort: true, subject: "caller" });
  }
  return {
    rlimits: planned,
    oom_score_adj:
      oomScoreAdj === undefined
        ? null
        : { value: oomScoreAdj, best_effort: host.euid !== 0 || host.inUserNamespace },
  };
}
