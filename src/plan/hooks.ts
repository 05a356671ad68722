/** Hooks with the state that they read from stdin. runtime.md, Lifecycle; config.md, POSIX-platform Hooks. */

import { resolvePath } from "../kernel/paths.ts";
import type { Hook, HookSet } from "../native/boundary.gen.ts";
import { HOOKS_STDERR, HOOKS_STDOUT } from "../oci/annotations.ts";
import type { Config } from "../oci/config.ts";
import type { HookKindName } from "../oci/hooks.ts";
import { OCI_VERSION } from "../version.ts";

/** A timeout crosses as 32 bits: 49 days. */
const TIMEOUT_MS_MAX = 0xffffffff;

/** The members of a configuration that hooks are made from. */
export type HookConfig = Pick<Config, "hooks" | "annotations">;

interface HookState {
  id: string;
  bundle: string;
  status: "creating" | "created";
}

/** The kinds that run in the namespaces of the runtime, as its children. */
export type RuntimeHookKind = Extract<HookKindName, "prestart" | "createRuntime" | "poststart" | "poststop">;

/** The hooks of one kind, in order. `defaultEnv`: for those that have no `env` of their own. */
export function planHooks(
  config: HookConfig,
  kind: HookKindName,
  defaultEnv: readonly string[] = [],
): Hook[] {
  return (config.hooks[kind] ?? []).map((hook, index) => ({
    path: hook.path,
    args: hook.args === undefined || hook.args.length === 0 ? [hook.path] : hook.args,
    env: hook.env ?? [...defaultEnv],
    env_of_process: hook.env === undefined && kind === "startContainer",
    timeout_ms: Math.min((hook.timeout ?? 0) * 1000, TIMEOUT_MS_MAX),
    subject: `hooks.${kind}[${index}]`,
  }));
}

/** The hooks that bunc-init runs; undefined: the config has none of this kind. */
export function planHookSet(
  config: HookConfig,
  kind: Exclude<HookKindName, RuntimeHookKind>,
  state: HookState,
): HookSet | undefined {
  const hooks = planHooks(config, kind);
  if (hooks.length === 0) return undefined;
  const { head, tail } = stateAround(config, state);
  return { kind, hooks, state_head: head, state_tail: tail, ...hookOutput(config, state.bundle) };
}

/** Where hooks write: files of the host; "": it is kept for the error. */
export function hookOutput({ annotations }: HookConfig, bundle: string): { stdout: string; stderr: string } {
  const path = (name: string) => (annotations[name] ? resolvePath(bundle, annotations[name]) : "");
  return { stdout: path(HOOKS_STDOUT), stderr: path(HOOKS_STDERR) };
}

/** runtime.md, State, in two halves: the pid is put between them by the process that knows it. */
function stateAround(config: HookConfig, { id, bundle, status }: HookState): { head: string; tail: string } {
  const head = JSON.stringify({ ociVersion: OCI_VERSION, id, status });
  const tail = JSON.stringify({ bundle, annotations: sorted(config.annotations) });
  return { head: `${head.slice(0, -1)},"pid":`, tail: `,${tail.slice(1)}` };
}

function sorted(annotations: HookConfig["annotations"]): Record<string, string> | undefined {
  const entries = Object.entries(annotations).sort(([one], [other]) => (one < other ? -1 : 1));
  return entries.length === 0 ? undefined : Object.fromEntries(entries);
}
