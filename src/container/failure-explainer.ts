/** Turns a Failure of the core into an error that knows the container's configuration (src/failure/failure.ts). */

import type { OomReport } from "../cgroup/oom-report.ts";
import { NativeError } from "../failure/errors.ts";
import type { Failure, FailureContext } from "../failure/failure.ts";
import { currentHost } from "../host/current.ts";
import { hostText } from "../host/files.ts";
import { limitsCpus } from "../oci/config.ts";
import type { ProcessConfig } from "../oci/process.ts";
import type { ResolvedConfig } from "../oci/resolved/config.ts";
import type { StateRecord } from "../state/record.ts";
import { cgroupsOf } from "./cgroups.ts";

/** Explains failures of one container's processes. */
export class FailureExplainer {
  readonly #config: ResolvedConfig;
  readonly #record: StateRecord;
  readonly #earlierKills: number | undefined;

  /** `earlierKills`: OOM kills that were counted before there was a process; undefined: nobody counted. */
  constructor(config: ResolvedConfig, record: StateRecord, earlierKills: number | undefined) {
    this.#config = config;
    this.#record = record;
    this.#earlierKills = earlierKills;
  }

  /** Runs calls that make or start a process; what they throw is reported in terms of the configuration. */
  explain<Result>(
    kind: FailureContext["process"],
    action: () => Result,
    process: ProcessConfig | undefined = this.#config.process,
  ): Result {
    try {
      return action();
    } catch (error) {
      if (!(error instanceof NativeError)) throw error;
      // At once: systemd may be removing the cgroup of the process.
      const context = this.#context(kind, process, error.failure);
      const { failureError }: typeof import("../failure/failure.ts") = require("../failure/failure.ts");
      throw failureError(error.failure, context);
    }
  }

  #context(
    kind: FailureContext["process"],
    process: ProcessConfig | undefined,
    failure: Failure,
  ): FailureContext {
    const oom = failure.code === "died" ? this.#oomReport(Number(failure.target)) : undefined;
    const { linux, mounts } = this.#config;
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
      limitsCpus: limitsCpus(this.#config),
      namespaces: linux.namespaces,
      uidMappings: linux.uidMappings ?? [],
      gidMappings: linux.gidMappings ?? [],
      seccompActions: [
        seccomp?.defaultAction ?? "",
        ...(seccomp?.syscalls ?? []).map(({ action }) => action),
      ],
      host: { euid, inUserNamespace, text: hostText },
    };
  }

  #oomReport(pid: number): OomReport {
    const { oomReport }: typeof import("../cgroup/oom-report.ts") = require("../cgroup/oom-report.ts");
    return oomReport(cgroupsOf(this.#record), { pid, earlierKills: this.#earlierKills });
  }
}
