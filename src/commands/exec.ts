/** `exec`: a further process in a running container. */

import { oomKills } from "../cgroup/oom.ts";
import type { CgroupLocations } from "../cgroup/paths.ts";
import { cgroupsOf } from "../container/cgroups.ts";
import { type Container, openContainer } from "../container/container.ts";
import { tellEnding } from "../container/ending.ts";
import { execProcess, readProcessFile } from "../container/exec.ts";
import { forgetting, holdSignals } from "../container/rest.ts";
import { loadStoredConfig } from "../container/stored-config.ts";
import type { Log } from "../log/log.ts";
import { native } from "../native/call.ts";
import type { StateRecord } from "../state/record.ts";
import { StateDirectory, stateRoot } from "../state/store.ts";
import type { CommandContext, Handler } from "../verbs/verbs.ts";
import { processFromFlags, subCgroupsFromFlags } from "./exec-process.ts";

export const run: Handler<"exec"> = (options, [id, words], context) => {
  // Before there is a process: a signal that comes in between must reach it.
  const ended = options.detach ? undefined : holdSignals<Rest>();
  if (ended !== undefined) {
    const directory = new StateDirectory(stateRoot(context.root), id);
    return finish(directory, ended.rest, ended.status, ended.signaled, context);
  }
  const container = openContainer(id, context);
  const file = options.process;
  const before = options.detach ? undefined : beginning(container);
  const { pid, pidfd, console } = execProcess(
    container,
    {
      ...options,
      process: (config) =>
        file === undefined ? processFromFlags(config, options, words) : readProcessFile(file, context),
      subCgroups: subCgroupsFromFlags(options),
      earlierKills: before?.earlierKills,
    },
    context,
  );
  if (before === undefined) return 0;
  const { directory, record } = container;
  const rest: Rest = { record, before, pid };
  const forget = forgetting(rest, context);
  const { status, signaled } = native("supervise", { pid, pidfd, console, notify: null, forget });
  return finish(directory, rest, status, signaled, context);
};

/** All that is left of it when the command is begun anew. */
interface Rest {
  record: StateRecord;
  before: Beginning;
  pid: number;
}

function finish(
  directory: StateDirectory,
  { record, before, pid }: Rest,
  status: number,
  signaled: boolean,
  { log }: CommandContext,
): number {
  if (signaled) tellProcessEnding(directory, record, { ...before, pid, status }, log);
  return status;
}

interface Beginning {
  locations: CgroupLocations;
  earlierKills: number;
  since: number;
}

/** What a process's end is compared with. */
function beginning({ record }: Container): Beginning {
  const locations = cgroupsOf(record);
  return { locations, earlierKills: oomKills(locations), since: Date.now() };
}

function tellProcessEnding(
  directory: StateDirectory,
  record: StateRecord,
  ending: Beginning & { pid: number; status: number },
  log: Log,
): void {
  const seccomp = () => loadStoredConfig(directory, record).linux.seccomp;
  tellEnding({ what: "process", ...ending, seccomp }, log);
}
