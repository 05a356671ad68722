/**
 * Making a container, for `create` and `run`: state directory, cgroups, process, hooks, in that order, all of
 * it undone if one of them fails.
 */

import { cgroupPaths } from "../cgroup/paths.ts";
import { currentHost, rootlessCgroups } from "../host/current.ts";
import type { Start } from "../native/boundary.gen.ts";
import { PIDFD_RECEIVER } from "../oci/annotations.ts";
import { planCreate } from "../plan/plan.ts";
import type { StateRecord } from "../state/record.ts";
import type { StateDirectory } from "../state/store.ts";
import { bringUp } from "./bring-up.ts";
import { type Bundle, loadBundle, refuseHostSysctls } from "./bundle.ts";
import { newCgroups } from "./cgroups.ts";
import { claimContainer, makeRecordedCgroups } from "./claim.ts";
import type { ContainerContext } from "./context.ts";
import type { Ready } from "./conversation.ts";
import { type ExplainFailure, failureExplainer } from "./failure-explainer.ts";
import { type HandOver, handOver } from "./hand-over.ts";
import { checkTerminal, inheritedDescriptors, inheritedNoFile } from "./inherited.ts";
import { withNotifySocket } from "./notify-socket.ts";
import { newRdtGroup, withTasks } from "./rdt.ts";
import { compileSeccomp } from "./seccomp.ts";

interface CreateRequest extends HandOver {
  id: string;
  bundle?: string | undefined;
  /** pivot_root(2), not chroot(2). */
  pivot: boolean;
  /** The container gets a session keyring of its own. */
  newKeyring: boolean;
  preserveFds: number;
  /** `create` waits on the start socket, `run` for its parent. */
  start: Extract<Start, "parent" | "socket">;
  detach: boolean;
}

/** A container that waits for `start`. Its directory is locked. */
export interface Created {
  directory: StateDirectory;
  record: StateRecord;
  bundle: Bundle;
  spawned: Ready;
  explain: ExplainFailure;
}

/** Throws RuntimeError, and leaves nothing behind then. */
export function createContainer(request: CreateRequest, context: ContainerContext): Created {
  const host = currentHost();
  const rootless = rootlessCgroups(context.rootless, host);
  const bundle = loadBundle(request.bundle, host, { noPivot: !request.pivot, rootlessCgroups: rootless });
  context.log.warnings(bundle.warnings);
  refuseHostSysctls(bundle.config);
  checkTerminal(bundle.config.process?.terminal ?? false, request.detach, request.consoleSocket);
  const inherited = inheritedDescriptors(request.preserveFds);
  const seccomp = compileSeccomp(bundle.config.linux.seccomp, context.log);
  const cgroups = newCgroups(request.id, bundle.config, context.driver, rootless);
  context.log.warnings(cgroups.warnings);

  return claimContainer({ id: request.id, bundle, rootless, cgroups }, context, (claim) => {
    const { directory, record, undo } = claim;
    directory.save(record);
    const made = makeRecordedCgroups(cgroups, claim);

    const tasks = newRdtGroup({ config: bundle.config, record, directory, undo, log: context.log });
    const { plan, warnings } = planCreate(withNotifySocket(bundle.config, directory), host, {
      id: request.id,
      bundle: bundle.path,
      placement: withTasks(made.placement, tasks),
      cgroupDirectories: new Map(Object.entries(cgroupPaths(made.locations))),
      preserveFds: request.preserveFds,
      listenFds: inherited.listenFds,
      inheritedNoFile: inheritedNoFile(),
      noNewKeyring: !request.newKeyring,
      foreground: !request.detach,
      noPivot: !request.pivot,
      seccomp,
      trace: context.log.debugging,
      start: request.start,
      startSocket: request.start === "socket" ? directory.startSocket : "",
      newuidmap: host.newuidmap,
      newgidmap: host.newgidmap,
    });
    context.log.warnings(warnings);

    const explain = failureExplainer(bundle.config, record, 0);
    const spawned = bringUp({ ...claim, plan, bundle, made, explain, log: context.log });
    record.bunc.creating = false;
    directory.save(record);
    const pidfdSocket = request.pidfdSocket ?? bundle.config.annotations[PIDFD_RECEIVER];
    handOver({ ...request, pidfdSocket }, spawned);
    return { directory, record, bundle, spawned, explain };
  });
}
