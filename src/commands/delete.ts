/** `delete`: removes a stopped or created container; with --force any. */

import type { Handler } from "../cli/verbs.ts";
import { loadContainer, rootOf } from "../container/container.ts";
import { destroyContainer, killContainer } from "../container/destroy.ts";
import { cannotDelete, containerDoesNotExist } from "../messages.ts";
import { StateDirectory } from "../state/store.ts";

export const run: Handler<"delete"> = ({ force }, [id], context) => {
  const directory = new StateDirectory(rootOf(context), id);
  if (!directory.exists()) {
    if (force) return 0;
    throw containerDoesNotExist(id);
  }
  const lock = directory.lock();
  try {
    if (directory.tryLoad() === undefined) {
      // A create that ended before it had made anything else.
      directory.remove();
      if (force) return 0;
      throw containerDoesNotExist(id);
    }
    const { record, status } = loadContainer(directory);
    if (status !== "stopped" && status !== "created" && !force) throw cannotDelete(id, status);
    if (status !== "stopped") killContainer(record);
    destroyContainer(directory, record, context.log);
    return 0;
  } finally {
    lock.release();
  }
};
