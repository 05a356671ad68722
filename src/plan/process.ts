/** The configured process, for both init and `exec`: the steps that make it, its environment and its limits. */

import type { HostFacts } from "../host/host.ts";
import { type Limits, type Process, RLIMIT, type Rlimit } from "../native/boundary.gen.ts";
import { KEEP_ORIGINAL_GROUPS } from "../oci/annotations.ts";
import type { ProcessConfig } from "../oci/process.ts";
import { planCapabilities } from "./capabilities.ts";
import type { PlanContext, ProcessOptions } from "./context.ts";

export function planKeyring(context: PlanContext, process: ProcessConfig, options: ProcessOptions): void {
  if (options.noNewKeyring) return;
  context.add("process", { session_keyring: { name: `_ses.${options.id}`, label: process.selinuxLabel } });
}

/**
 * Working directory, then credentials. The directory is entered with the rights of the runtime first, and
 * once more with those of the user where that is refused. `deniesSetgroups`: the user namespace does.
 */
export function planCredentials(
  context: PlanContext,
  process: ProcessConfig,
  deniesSetgroups: boolean,
): void {
  context.add("process.cwd", { working_directory: { path: process.cwd, create: false } });
  // A config without capabilities has none: omitting a list must not give more than an empty one.
  const planned = planCapabilities(process.capabilities ?? {});
  for (const warning of planned.warnings) context.warnings.push(warning);
  context.add("process.capabilities.bounding", { capability_bounding: { set: planned.bounding } });
  const gids = process.user.additionalGids ?? [];
  // A rootless caller keeps its groups unless others are asked for: it cannot get any others.
  const asked = context.config.annotations[KEEP_ORIGINAL_GROUPS] !== undefined;
  const keepGroups = asked || deniesSetgroups || (context.host.euid !== 0 && gids.length === 0);
  if (deniesSetgroups && gids.length > 0) {
    context.warnings.push({
      path: "process.user.additionalGids",
      found: JSON.stringify(gids),
      message:
        "process.user.additionalGids is ignored: without newgidmap the user namespace of a rootless container has no other groups",
    });
  }
  context.add("process.user", {
    user: {
      uid: process.user.uid,
      gid: process.user.gid,
      additional_gids: keepGroups ? [] : gids,
      keep_groups: keepGroups,
    },
  });
  context.add("process.capabilities", { capabilities: planned.sets });
}

/** Adds the steps, in an order that credentials.zig explains. */
export function planProcess(
  process: ProcessConfig,
  options: ProcessOptions,
  start: Pick<Process, "start" | "start_socket" | "start_hooks">,
): Process {
  const passed = options.listenFds > 0 ? [`LISTEN_FDS=${options.listenFds}`] : [];
  return {
    args: process.args,
    env: planEnvironment([...process.env, ...passed]),
    home_uid: process.user.uid,
    listen_pid: options.listenFds > 0,
    ...start,
  };
}

/**
 * environ(7): of several values of a name the last one counts, in its place. An empty HOME is taken out: the core
 * sets it from the container's passwd(5).
 */
export function planEnvironment(env: readonly string[]): string[] {
  const last = new Map<string, number>();
  for (const [index, entry] of env.entries()) last.set(nameOf(entry), index);
  return env.filter((entry, index) => last.get(nameOf(entry)) === index && entry !== "HOME=");
}

function nameOf(entry: string): string {
  return entry.slice(0, entry.indexOf("="));
}

/**
 * What the parent applies to the process: rlimits and the OOM score. getrlimit(2), proc_pid_oom_score_adj(5).
 * `inheritedNoFile`: the process's limit if its rlimits do not set it.
 */
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
