/** `start`: lets a created container execute its program. */

import { changeContainer, lockStill } from "../container/container.ts";
import { runPoststartHooks } from "../container/hooks.ts";
import { awaitReady, listenForNotify } from "../container/notify-socket.ts";
import { SIGKILL, signalAll, signalInit } from "../container/signal.ts";
import { startContainer } from "../container/start.ts";
import type { Handler } from "../verbs/verbs.ts";

export const run: Handler<"start"> = async (_options, [id], context) => {
  const { notify, container, config } = await changeContainer(id, context, (container) => {
    const notify = listenForNotify(container.directory);
    return { notify, container, config: startContainer(container, context) };
  });
  const { directory, record } = container;
  // Without the lock: what never ends or becomes ready must still be deleted.
  try {
    runPoststartHooks(config, record);
  } catch (error) {
    if (lockStill(directory, record)) {
      signalInit(record, SIGKILL);
      signalAll(record, SIGKILL);
    }
    throw error;
  }
  if (notify !== undefined) awaitReady(notify, record, context.log);
  return 0;
};
