/** Hooks that run in the runtime's namespaces: prestart, createRuntime, poststart, poststop. */

import { failureMessage } from "../failure/errors.ts";
import type { ContainerStatus } from "../failure/messages.ts";
import type { Log } from "../log/log.ts";
import { native } from "../native/call.ts";
import { type HookConfig, hookOutput, planHooks, type RuntimeHookKind } from "../plan/hooks.ts";
import { initOf, type StateRecord } from "../state/record.ts";
import { hookState } from "./state-json.ts";

/** While the container is being created: the first that fails ends the creation. */
export function runCreateHooks(config: HookConfig, record: StateRecord): void {
  for (const kind of ["prestart", "createRuntime"] as const) {
    runAll(config, record, kind, "creating", initOf(record));
  }
}

/**
 * Without the lock: a container whose hook never ends must still be deleted. What a hook that failed was to provide is
 * missing, and the caller ends the container.
 */
export function runPoststartHooks(config: HookConfig, record: StateRecord): void {
  runAll(config, record, "poststart", "running", NO_PROCESS);
}

/** After the container is gone. Failures are logged; the other hooks run all the same (runtime-spec, Lifecycle). */
export function runPoststopHooks(config: HookConfig, record: StateRecord, log: Log): void {
  const place = placeOf(config, record);
  for (const hook of planHooks(config, "poststop", callerEnvironment())) {
    try {
      const state = JSON.stringify(hookState(record, "stopped", 0));
      native("run_hook", { hook, state, ...place, ...NO_PROCESS });
    } catch (error) {
      log.warning(failureMessage(error));
    }
  }
}

/** The container may be gone before the hook is. */
const NO_PROCESS = { pid: 0, start_time: "0" } as const;

function runAll(
  config: HookConfig,
  record: StateRecord,
  kind: RuntimeHookKind,
  status: ContainerStatus,
  process: { pid: number; start_time: string },
): void {
  const place = placeOf(config, record);
  for (const hook of planHooks(config, kind, callerEnvironment())) {
    const state = JSON.stringify(hookState(record, status, record.init_process_pid));
    native("run_hook", { hook, state, ...place, ...process });
  }
}

/** Where a hook runs (in the bundle, as runc does, whose `create` goes there) and where its output goes. */
function placeOf(config: HookConfig, { bunc: { bundle } }: StateRecord) {
  return { directory: bundle, ...hookOutput(config, bundle) };
}

/** What a hook without an `env` of its own gets, as with Go's os/exec. */
function callerEnvironment(): string[] {
  return Object.entries(process.env).map(([name, value]) => `${name}=${value}`);
}
