/** `exec`: a further process in a running container. */

import type { Handler } from "../cli/verbs.ts";
import { openContainer } from "../container/container.ts";
import { execProcess, readProcessFile } from "../container/exec.ts";
import { processFromFlags, subCgroupsFromFlags } from "../container/exec-process.ts";
import { native } from "../native/call.ts";

export const run: Handler<"exec"> = (options, [id, words], context) => {
  const container = openContainer(id, context);
  // Before there is a process: a signal that comes in between must reach it.
  if (!options.detach) native("hold_signals", {});
  const file = options.process;
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
  return options.detach ? 0 : native("supervise", { pid, pidfd, console, notify: null }).status;
};
