/** `run` and `restore` in the foreground: until the container's end, and what is left of it then. */

import type { SuperviseNotify } from "../native/boundary.gen.ts";
import type { StateRecord } from "../state/record.ts";
import { StateDirectory, stateRoot } from "../state/store.ts";
import { cgroupsOf } from "./cgroups.ts";
import { lockStill } from "./container.ts";
import type { ContainerContext } from "./context.ts";
import { destroyContainer } from "./destroy.ts";
import { tellEnding } from "./ending.ts";
import { awaitEnd, type Ended } from "./rest.ts";
import { readStoredConfig } from "./stored-config.ts";

/** All that is left of the command when it is begun anew. */
export interface SupervisedRest {
  record: StateRecord;
  /** Of its init, as seen from here. */
  pid: number;
  /** Do not remove what is left. */
  keep: boolean;
}

interface Supervised extends SupervisedRest {
  pidfd: number;
  console: number | null;
  notify: SuperviseNotify | undefined;
}

/** → exit status of the container's init. */
export function superviseContainer(supervised: Supervised, context: ContainerContext): number {
  const { pidfd, console, notify = null, ...rest } = supervised;
  return finishSupervised(awaitEnd({ pid: rest.pid, pidfd, console, notify }, rest, context), context);
}

/** The same for a command that was begun anew. */
export function finishSupervised(
  { rest: { record, pid, keep }, status, signaled }: Ended<SupervisedRest>,
  context: ContainerContext,
): number {
  const directory = new StateDirectory(stateRoot(context.root), record.id);
  if (signaled) {
    // While the container's cgroup and configuration are there.
    const since = Date.parse(record.created);
    const seccomp = () => readStoredConfig(directory.loadConfig(), record).linux.seccomp;
    const locations = cgroupsOf(record);
    tellEnding({ what: "container", pid, status, locations, earlierKills: 0, since, seccomp }, context.log);
  }
  // Another command may have deleted the container meanwhile; this one still reports the status.
  if (!keep && lockStill(directory, record)) destroyContainer(directory, record, context.log);
  return status;
}
