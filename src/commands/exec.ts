/** `exec`: a further process in a running container. */

import { oomKills } from "../cgroup/oom.ts";
import type { CgroupLocations } from "../cgroup/paths.ts";
import { cgroupsOf } from "../container/cgroups.ts";
import { openContainer } from "../container/container.ts";
import { tellEnding } from "../container/ending.ts";
import { execProcess, readProcessFile } from "../container/exec.ts";
import { awaitEnd, type Ended, holdSignals } from "../container/rest.ts";
import { loadStoredConfig } from "../container/stored-config.ts";
import type { StateRecord } from "../state/record.ts";
import { StateDirectory, stateRoot } from "../state/store.ts";
import type { CommandContext, Handler } from "../verbs/verbs.ts";
import { processFromFlags, subCgroupsFromFlags } from "./exec-process.ts";

export const run: Handler<"exec"> = (options, [id, words], context) => {
  // Before there is a process: a signal that comes in between must reach it.
  const ended = options.detach ? undefined : holdSignals<Rest>();
  if (ended !== undefined) return finish(ended, context);
  const container = openContainer(id, context);
  const { record } = container;
  const file = options.process;
  const before = options.detach ? undefined : beginning(record);
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
  return finish(
    awaitEnd({ pid, pidfd, console, notify: null }, { record, ...before, pid }, context),
    context,
  );
};

/** What a process's end is compared with. */
interface Beginning {
  locations: CgroupLocations;
  earlierKills: number;
  since: number;
}

function beginning(record: StateRecord): Beginning {
  const locations = cgroupsOf(record);
  return { locations, earlierKills: oomKills(locations), since: Date.now() };
}

/** All that is left of it when the command is begun anew. */
interface Rest extends Beginning {
  record: StateRecord;
  pid: number;
}

function finish({ rest, status, signaled }: Ended<Rest>, { root, log }: CommandContext): number {
  const { record, ...process } = rest;
  const directory = new StateDirectory(stateRoot(root), record.id);
  const seccomp = () => loadStoredConfig(directory, record).linux.seccomp;
  if (signaled) tellEnding({ what: "process", ...process, status, seccomp }, log);
  return status;
}
