/** Turns a Failure of the core into an error that knows the container's configuration (src/failure.ts). */

import { oomKills } from "../cgroup/operate.ts";
import { NativeError } from "../errors.ts";
import type { FailureContext } from "../failure.ts";
import { native } from "../native/call.ts";
import type { Config } from "../oci/config.ts";
import type { ProcessConfig } from "../oci/process.ts";
import type { StateRecord } from "../state/record.ts";
import { cgroupsOf } from "./cgroups.ts";

export class FailureFacts {
  readonly #config: Config;
  readonly #record: StateRecord;

  constructor(config: Config, record: StateRecord) {
    this.#config = config;
    this.#record = record;
  }

  /** Runs calls that make or start a process; what they throw is said in terms of the configuration. */
  explain<Result>(
    kind: FailureContext["process"],
    action: () => Result,
    process: ProcessConfig | undefined = this.#config.process,
  ): Result {
    try {
      return action();
    } catch (error) {
      if (!(error instanceof NativeError)) throw error;
      const { failureError }: typeof import("../failure.ts") = require("../failure.ts");
      throw failureError(error.failure, {
        process: kind,
        mounts: this.#config.mounts.map(({ destination, type, source, options }) => ({
          destination,
          type: type ?? "",
          source: source ?? "",
          options: options ?? [],
        })),
        workingDirectory: process?.cwd ?? "",
        user: process?.user,
        oomKilled: error.failure.code === "died" && oomKills(native, cgroupsOf(this.#record)) > 0,
        rootless: this.#record.rootless,
        limitsCpus: (this.#config.linux.resources?.cpu?.cpus ?? "") !== "",
      });
    }
  }
}
