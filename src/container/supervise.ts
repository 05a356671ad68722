/** `run` and `restore` in the foreground: until the container's end, and what is left of it then. */

import type { SuperviseNotify } from "../native/boundary.gen.ts";
import { native } from "../native/call.ts";
import type { StateRecord } from "../state/record.ts";
import { StateDirectory, stateRoot } from "../state/store.ts";
import { cgroupsOf } from "./cgroups.ts";
import { lockStill } from "./container.ts";
import type { ContainerContext } from "./context.ts";
import { destroyContainer } from "./destroy.ts";
import { tellEnding } from "./ending.ts";
import { type Ended, forgetting } from "./rest.ts";
import { readStoredConfig } from "./stored-config.ts";

interface Container {
  directory: StateDirectory;
  record: StateRecord;
  /** Of its init, as seen from here. */
  pid: number;
  /** Do not remove what is left. */
  keep: boolean;
}

interface Supervised extends Container {
  pidfd: number;
  console: number | null;
  notify: SuperviseNotify | undefined;
}

/** All that is left of it when the command is begun anew. */
export interface SupervisedRest {
  id: string;
  record: StateRecord;
  pid: number;
  keep: boolean;
}

/** → exit status of the container's init. */
export function superviseContainer(supervised: Supervised, context: ContainerContext): number {
  const { directory, record, pid, pidfd, console, notify, keep } = supervised;
  const rest: SupervisedRest = { id: directory.id, record, pid, keep };
  const forget = forgetting(rest, context);
  const { status, signaled } = native("supervise", { pid, pidfd, console, notify: notify ?? null, forget });
  return finish(supervised, status, signaled, context);
}

/** The same for a command that was begun anew. */
export function finishSupervised(ended: Ended<SupervisedRest>, context: ContainerContext): number {
  const { id, ...container } = ended.rest;
  const directory = new StateDirectory(stateRoot(context.root), id);
  return finish({ directory, ...container }, ended.status, ended.signaled, context);
}

function finish(container: Container, status: number, signaled: boolean, context: ContainerContext): number {
  const { directory, record, keep } = container;
  if (signaled) tellContainerEnding(container, status, context);
  // Another command may have deleted the container meanwhile; this one still reports the status.
  if (!keep && lockStill(directory, record)) destroyContainer(directory, record, context.log);
  return status;
}

/** While the container's cgroup and configuration are there. */
function tellContainerEnding(
  { directory, record, pid }: Container,
  status: number,
  context: ContainerContext,
): void {
  const ending = {
    what: "container",
    pid,
    status,
    locations: cgroupsOf(record),
    earlierKills: 0,
    since: Date.parse(record.created),
    seccomp: () => readStoredConfig(directory.loadConfig(), record).linux.seccomp,
  } as const;
  tellEnding(ending, context.log);
}
