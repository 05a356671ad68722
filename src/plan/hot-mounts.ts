/**
 * Mounts of a container that runs: a plan for a process that joins its namespaces, mounts and ends. What is bound
 * is opened on the host before that.
 */

import type { HostFacts } from "../host/host.ts";
import type { Namespaces, Plan, Step } from "../native/boundary.gen.ts";
import { MOUNT_ATTR } from "../native/boundary.gen.ts";
import type { ResolvedConfig } from "../oci/resolved/config.ts";
import { NO_ATTRIBUTES } from "../oci/resolved/mount-attributes.ts";
import { type InitProcess, type MountingOptions, PlanContext } from "./context.ts";
import { planMounts } from "./mounts.ts";
import { joinNamespaces } from "./namespaces.ts";
import { KEPT_STREAMS } from "./stdio.ts";

export interface HotMountOptions extends MountingOptions {
  id: string;
  init: InitProcess;
  /** `--debug`: bunc-init reports what it does. */
  trace: boolean;
}

/** `config`: the container's, with the mounts to add in place of its own. */
export function planMountsAdded(config: ResolvedConfig, host: HostFacts, options: HotMountOptions): Plan {
  const context = new PlanContext(config, host);
  const { late } = planMounts(context, options);
  const readonly = { ...NO_ATTRIBUTES, set: MOUNT_ATTR.RDONLY };
  for (const { subject, target } of late) {
    context.add(subject, { remount: { path: target, attributes: readonly } });
  }
  return planOf(context.steps, options);
}

/** `config`: as for `planMountsAdded`. The last one first: a mount may be inside an earlier one. */
export function planMountsRemoved({ mounts }: ResolvedConfig, options: HotMountOptions): Plan {
  const steps = mounts.map(({ subject, target }): Step => ({ subject, op: { unmount: { path: target } } }));
  return planOf(steps.reverse(), options);
}

function planOf(steps: Step[], { id, init, trace }: HotMountOptions): Plan {
  return { ...mountingPlan(id, joinNamespaces(init), steps), trace };
}

/** For a process that takes these steps and ends. */
export function mountingPlan(id: string, namespaces: Namespaces, steps: Step[]): Plan {
  return {
    id,
    placement: { into: null, tasks: [] },
    initial_cpus: [],
    namespaces,
    limits: { rlimits: [], oom_score_adj: null },
    trace: false,
    stdio: { terminal: false, rows: 0, columns: 0, preserve_fds: 0, streams: KEPT_STREAMS, owner_uid: 0 },
    parent_opens_sources: false,
    steps,
    process: {
      args: [],
      env: [],
      home_uid: 0,
      start: "never",
      start_socket: "",
      start_hooks: null,
      listen_pid: false,
    },
  };
}
