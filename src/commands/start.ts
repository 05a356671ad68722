/** `start`: lets a created container execute its program. */

import { changeContainer } from "../container/container.ts";
import { awaitReady, listenForNotify } from "../container/notify-socket.ts";
import { startContainer } from "../container/start.ts";
import type { Handler } from "../verbs/verbs.ts";

export const run: Handler<"start"> = async (_options, [id], context) => {
  const { notify, record } = await changeContainer(id, context, (container) => {
    const listening = listenForNotify(container.directory);
    startContainer(container, context);
    return { notify: listening, record: container.record };
  });
  // Without the lock: what never becomes ready must still be deleted.
  if (notify !== undefined) awaitReady(notify, record, context.log);
  return 0;
};
