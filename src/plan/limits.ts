/** What the parent applies to the process: rlimits and the OOM score. getrlimit(2), proc_pid_oom_score_adj(5). */

import type { HostFacts } from "../host/host.ts";
import type { Limits } from "../native/boundary.gen.ts";
import { RLIMIT } from "../native/boundary.gen.ts";
import type { ProcessConfig } from "../oci/process.ts";

/** `subject`: config path of `rlimits`. */
export function planLimits(
  rlimits: ProcessConfig["rlimits"],
  subject: string,
  oomScoreAdj: number | undefined,
  host: HostFacts,
): Limits {
  return {
    rlimits: rlimits.map(({ type, soft, hard }, index) => ({
      resource: RLIMIT[type.slice("RLIMIT_".length) as keyof typeof RLIMIT],
      soft: String(soft),
      hard: String(hard),
      subject: `${subject}[${index}]`,
    })),
    oom_score_adj:
      oomScoreAdj === undefined
        ? null
        : { value: oomScoreAdj, best_effort: host.euid !== 0 || host.inUserNamespace },
  };
}
