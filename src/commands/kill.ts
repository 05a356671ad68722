/** `kill`: a signal to a container's init process, or with --all to every process of the container. */

import { openContainer } from "../container/container.ts";
import { thawIfFrozen } from "../container/destroy.ts";
import { ownsPidNamespace, SIGKILL, signalAll, signalInit } from "../container/signal.ts";
import { containerNotRunning } from "../failure/messages.ts";
import { parseSignal } from "../verbs/names.ts";
import type { Handler } from "../verbs/verbs.ts";

export const run: Handler<"kill"> = (options, [id, name], context) => {
  const signal = parseSignal(name ?? "TERM");
  const container = openContainer(id, context);
  const { record, status } = container;
  const running = status !== "stopped";
  // Without a pid namespace of its own the container outlives its init: the cgroup knows all its processes.
  if (options.all || (signal === SIGKILL && !ownsPidNamespace(record))) {
    const found = signalAll(record, signal);
    // --all of a container that has ended is no error (containerd's cleanup relies on it).
    if (!found && !running && !options.all) throw containerNotRunning();
    return 0;
  }
  if (!running || !signalInit(record, signal)) throw containerNotRunning();
  if (signal === SIGKILL && status === "paused") thawIfFrozen(record);
  return 0;
};
