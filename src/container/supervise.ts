/** `run` and `restore` in the foreground: until the container's end, and what is left of it then. */

import type { SuperviseNotify } from "../native/boundary.gen.ts";
import { native } from "../native/call.ts";
import type { StateRecord } from "../state/record.ts";
import type { StateDirectory } from "../state/store.ts";
import { cgroupsOf } from "./cgroups.ts";
import { lockStill } from "./container.ts";
import type { ContainerContext } from "./context.ts";
import { destroyContainer } from "./destroy.ts";
import { readStoredConfig } from "./stored-config.ts";

interface Supervised {
  directory: StateDirectory;
  record: StateRecord;
  pid: number;
  pidfd: number;
  console: number | null;
  notify: SuperviseNotify | undefined;
  /** Do not remove what is left. */
  keep: boolean;
}

/** → exit status of the container's init. */
export function superviseContainer(supervised: Supervised, context: ContainerContext): number {
  const { directory, record, pid, pidfd, console, notify, keep } = supervised;
  const { status, signaled } = native("supervise", { pid, pidfd, console, notify: notify ?? null });
  if (signaled) tellContainerEnding(supervised, status, context);
  // Another command may have deleted the container meanwhile; this one still reports the status.
  if (!keep && lockStill(directory, record)) destroyContainer(directory, record, context.log);
  return status;
}

/** While the container's cgroup and configuration are there. */
function tellContainerEnding(
  { directory, record, pid }: Supervised,
  status: number,
  context: ContainerContext,
): void {
  const { tellEnding }: typeof import("./ending.ts") = require("./ending.ts");
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
