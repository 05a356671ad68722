/** `run`: create, start, wait and delete in one. */

import { lockStill } from "../container/container.ts";
import { type Created, createContainer } from "../container/create.ts";
import { destroyContainer, killContainer } from "../container/destroy.ts";
import { runPoststartHooks } from "../container/hooks.ts";
import { awaitReady, listenForNotify } from "../container/notify-socket.ts";
import { holdSignals } from "../container/rest.ts";
import { finishSupervised, type SupervisedRest, superviseContainer } from "../container/supervise.ts";
import { inForeground } from "../failure/messages.ts";
import { native } from "../native/call.ts";
import type { CommandContext, Handler, VerbOptions } from "../verbs/verbs.ts";

export const run: Handler<"run"> = (options, [id], context) => {
  // Before there is a container: a signal that comes in between must reach it, not orphan it.
  const ended = options.detach ? undefined : holdSignals<SupervisedRest>();
  if (ended !== undefined) return finishSupervised(ended, context);
  if (options.subreaper !== false) native("become_subreaper", {});
  const created = createContainer({ ...options, id, start: "parent" }, context);
  return superviseCreated(created, options, context);
};

function superviseCreated(created: Created, options: VerbOptions<"run">, context: CommandContext): number {
  const { directory, record, bundle, spawned, explain } = created;
  const { pid, pidfd, console } = spawned;
  const notify = listenForNotify(directory);
  try {
    explain("init", spawned.proceed);
    directory.release();
    runPoststartHooks(bundle.config, record);
  } catch (error) {
    if (lockStill(directory, record)) {
      killContainer(record);
      destroyContainer(directory, record, context.log);
    }
    throw options.detach ? error : inForeground(error);
  }
  if (options.detach) {
    if (notify !== undefined) awaitReady(notify, record, context.log);
    return 0;
  }
  return superviseContainer({ record, pid, pidfd, console, notify, keep: options.keep }, context);
}
