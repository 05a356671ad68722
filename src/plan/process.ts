/** The steps that turn bunc-init into the configured process, for both its init and `exec`. */

import { PERSONALITY } from "../kernel/scheduling.ts";
import type { Process } from "../native/boundary.gen.ts";
import { KEEP_ORIGINAL_GROUPS } from "../oci/annotations.ts";
import type { ProcessConfig } from "../oci/process.ts";
import { planCapabilities } from "./capabilities.ts";
import type { PlanContext, ProcessOptions } from "./context.ts";
import { planEnvironment } from "./environment.ts";
import { planIoPriority, planMemoryPolicy, planScheduler } from "./scheduling.ts";

export function planKeyring(context: PlanContext, process: ProcessConfig, options: ProcessOptions): void {
  if (options.noNewKeyring) return;
  context.add("process", { session_keyring: { name: `_ses.${options.id}`, label: process.selinuxLabel } });
}

/** Scheduling, I/O priority, personality and memory policy: what is inherited over execve. */
export function planScheduling(context: PlanContext, process: ProcessConfig): void {
  const { personality, memoryPolicy } = context.config.linux;
  if (process.scheduler !== undefined) {
    context.add("process.scheduler", { scheduler: planScheduler(process.scheduler) });
  }
  if (process.ioPriority !== undefined) {
    context.add("process.ioPriority", { io_priority: planIoPriority(process.ioPriority) });
  }
  if (personality !== undefined) {
    context.add("linux.personality", { personality: { persona: PERSONALITY[personality.domain] } });
  }
  if (memoryPolicy !== undefined) {
    context.add("linux.memoryPolicy", { memory_policy: planMemoryPolicy(memoryPolicy) });
  }
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
