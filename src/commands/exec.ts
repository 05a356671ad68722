/** `exec`: a further process in a running container. */

import { oomKills } from "../cgroup/oom.ts";
import type { CgroupLocation } from "../cgroup/paths.ts";
import { cgroupsOf } from "../container/cgroups.ts";
import { type Container, openContainer } from "../container/container.ts";
import { execProcess, readProcessFile } from "../container/exec.ts";
import { loadStoredConfig } from "../container/stored-config.ts";
import type { Log } from "../log/log.ts";
import { native } from "../native/call.ts";
import type { Handler } from "../verbs/verbs.ts";
import { processFromFlags, subCgroupsFromFlags } from "./exec-process.ts";

export const run: Handler<"exec"> = (options, [id, words], context) => {
  const container = openContainer(id, context);
  // Before there is a process: a signal that comes in between must reach it.
  if (!options.detach) native("hold_signals", {});
  const file = options.process;
  const before = options.detach ? undefined : beginning(container);
  const { pid, pidfd, console } = execProcess(
    container,
    {
      process: (config) =>
        file === undefined ? processFromFlags(config, options, words) : readProcessFile(file, context),
      subCgroups: subCgroupsFromFlags(options),
      ignorePaused: options.ignorePaused === true,
      preserveFds: options.preserveFds,
      detach: options.detach,
      pidFile: options.pidFile,
      consoleSocket: options.consoleSocket,
      pidfdSocket: options.pidfdSocket,
    },
    context,
  );
  if (before === undefined) return 0;
  const { status, signaled } = native("supervise", { pid, pidfd, console, notify: null });
  if (signaled) tellProcessEnding(container, { ...before, pid, status }, context.log);
  return status;
};

interface Beginning {
  locations: readonly CgroupLocation[];
  earlierKills: number;
  since: number;
}

/** What a process's end is compared with. */
function beginning({ record }: Container): Beginning {
  const locations = cgroupsOf(record);
  return { locations, earlierKills: oomKills(native, locations), since: Date.now() };
}

function tellProcessEnding(
  { directory, record }: Container,
  ending: Beginning & { pid: number; status: number },
  log: Log,
): void {
  const { tellEnding }: typeof import("../container/ending.ts") = require("../container/ending.ts");
  const seccomp = () => loadStoredConfig(directory, record).linux.seccomp;
  tellEnding({ what: "process", ...ending, seccomp }, log);
}
