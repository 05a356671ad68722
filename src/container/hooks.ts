/** Hooks that run in the runtime's namespaces: prestart, createRuntime, poststart, poststop. */

import { failureMessage } from "../failure/errors.ts";
import type { ContainerStatus } from "../failure/messages.ts";
import type { Log } from "../log/log.ts";
import { native } from "../native/call.ts";
import type { Config } from "../oci/config.ts";
import { hookOutput, planHooks, type RuntimeHookKind } from "../plan/hooks.ts";
import type { StateRecord } from "../state/record.ts";
import { SIGKILL, signalAll, signalInit } from "./signal.ts";
import { hookState } from "./state-json.ts";

/** While the container is being created: the first that fails ends the creation. */
export function runCreateHooks(config: Config, record: StateRecord): void {
  for (const kind of ["prestart", "createRuntime"] as const) runAll(config, record, kind, "creating");
}

/** A failing poststart hook ends the container: it must not run without what the hook provides. */
export function runPoststartHooks(config: Config, record: StateRecord): void {
  try {
    runAll(config, record, "poststart", "running");
  } catch (error) {
    signalInit(record, SIGKILL);
    signalAll(record, SIGKILL);
    throw error;
  }
}

/** After the container is gone. Failures are logged; the other hooks run all the same (runtime-spec, Lifecycle). */
export function runPoststopHooks(config: Config, record: StateRecord, log: Log): void {
  const place = placeOf(config, record);
  for (const hook of planHooks(config, "poststop", callerEnvironment())) {
    try {
      native("run_hook", { hook, state: stateText(record, "stopped", 0), ...place });
    } catch (error) {
      log.warning(failureMessage(error));
    }
  }
}

function runAll(config: Config, record: StateRecord, kind: RuntimeHookKind, status: ContainerStatus): void {
  const place = placeOf(config, record);
  for (const hook of planHooks(config, kind, callerEnvironment())) {
    native("run_hook", { hook, state: stateText(record, status, record.init_process_pid), ...place });
  }
}

/** Where a hook runs (in the bundle, as runc does, whose `create` goes there) and where its output goes. */
function placeOf(config: Config, { bunc: { bundle } }: StateRecord) {
  return { directory: bundle, ...hookOutput(config, bundle) };
}

/** What a hook without an `env` of its own gets, as with Go's os/exec. */
function callerEnvironment(): string[] {
  return Object.entries(process.env).map(([name, value]) => `${name}=${value}`);
}

function stateText(record: StateRecord, status: ContainerStatus, pid: number): string {
  return JSON.stringify(hookState(record, status, pid));
}
