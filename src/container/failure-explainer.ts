/** Turns a Failure of the core into an error that knows the container's configuration (src/failure/failure.ts). */

import type { OomReport } from "../cgroup/oom-report.ts";
import { orExplain } from "../failure/errors.ts";
import type { FailureContext } from "../failure/failure.ts";
import { currentHost } from "../host/current.ts";
import { hostText } from "../host/files.ts";
import { limitsCpus } from "../oci/config.ts";
import type { ProcessConfig } from "../oci/process.ts";
import type { ResolvedConfig } from "../oci/resolved/config.ts";
import type { StateRecord } from "../state/record.ts";
import { cgroupsOf } from "./cgroups.ts";

/** Runs calls that make or start a process; what they throw is reported in terms of the configuration. */
export type ExplainFailure = <Result>(
  kind: FailureContext["process"],
  action: () => Result,
  process?: ProcessConfig,
) => Result;

/** For the processes of one container. `earlierKills`: OOM kills that were counted before; undefined: nobody counted. */
export function failureExplainer(
  config: ResolvedConfig,
  record: StateRecord,
  earlierKills: number | undefined,
): ExplainFailure {
  const reportOf = (pid: number): OomReport => {
    const { oomReport }: typeof import("../cgroup/oom-report.ts") = require("../cgroup/oom-report.ts");
    return oomReport(cgroupsOf(record), { pid, earlierKills });
  };
  return (kind, action, process = config.process) =>
    orExplain(action, ({ failure }) => {
      // At once: systemd may be removing the cgroup of the process.
      const oom = failure.code === "died" ? reportOf(Number(failure.target)) : undefined;
      const { failureError }: typeof import("../failure/failure.ts") = require("../failure/failure.ts");
      return failureError(failure, contextOf(config, kind, process, oom));
    });
}

function contextOf(
  config: ResolvedConfig,
  kind: FailureContext["process"],
  process: ProcessConfig | undefined,
  oom: OomReport | undefined,
): FailureContext {
  const { linux, mounts } = config;
  const { euid, inUserNamespace } = currentHost();
  const { seccomp } = linux;
  return {
    process: kind,
    mounts,
    mountOptionNames: () => {
      const options: typeof import("../oci/resolved/mount-options.ts") = require("../oci/resolved/mount-options.ts");
      return options.knownMountOptions();
    },
    workingDirectory: process?.cwd ?? "",
    user: process?.user,
    searchPath: process?.env.findLast((entry) => entry.startsWith("PATH="))?.slice("PATH=".length),
    rlimits: process?.rlimits ?? [],
    capabilities: Object.values(process?.capabilities ?? {}).flat(),
    oomKilled: oom !== undefined && oom.kills > 0,
    oomLimit: oom?.limit ?? "",
    limitsCpus: limitsCpus(config),
    namespaces: linux.namespaces,
    uidMappings: linux.uidMappings ?? [],
    gidMappings: linux.gidMappings ?? [],
    seccompActions: [seccomp?.defaultAction ?? "", ...(seccomp?.syscalls ?? []).map(({ action }) => action)],
    host: { euid, inUserNamespace, text: hostText },
  };
}
