/** `delete`: removes a stopped or created container; with --force any. */

import { cgroupsOf } from "../container/cgroups.ts";
import { loadContainer } from "../container/container.ts";
import { destroyContainer, killContainer } from "../container/destroy.ts";
import { salvage } from "../container/salvage.ts";
import { cannotDelete, containerDoesNotExist } from "../failure/messages.ts";
import { StateDirectory, stateRoot } from "../state/store.ts";
import type { CommandContext, Handler } from "../verbs/verbs.ts";

export const run: Handler<"delete"> = ({ force }, [id], context) => {
  const directory = new StateDirectory(stateRoot(context.root), id);
  if (!directory.exists()) {
    if (force) return 0;
    throw containerDoesNotExist(id);
  }
  try {
    if (!directory.tryLock() && !takeLock(directory, force)) return 0;
    if (!isReadable(directory, force, context)) return 0;
    const { record, status } = loadContainer(directory);
    if (status !== "stopped" && status !== "created" && !force) throw cannotDelete(id, status);
    if (status !== "stopped") killContainer(record);
    destroyContainer(directory, record, context.log);
    return 0;
  } finally {
    directory.release();
  }
};

/** Another command holds the lock. False: and removed the container. */
function takeLock(directory: StateDirectory, force: boolean): boolean {
  const {
    takeOver,
    waitForLock,
  }: typeof import("../container/take-over.ts") = require("../container/take-over.ts");
  if (force) return takeOver(directory);
  const { status } = loadContainer(directory);
  if (status !== "stopped" && status !== "created") throw cannotDelete(directory.id, status);
  waitForLock(directory);
  return true;
}

/** False: there is no usable state, and with --force what there was is removed. */
function isReadable(directory: StateDirectory, force: boolean, context: CommandContext): boolean {
  try {
    const record = directory.tryLoad();
    // Paths that are no cgroups of this host are damage too.
    if (force && record !== undefined) cgroupsOf(record);
    if (record !== undefined) return true;
  } catch (damage) {
    if (!force) throw damage;
    salvage(directory, damage, context.log);
    return false;
  }
  if (!directory.hasConfig()) {
    // A create that ended before it had made anything else.
    directory.remove();
  } else if (force) {
    salvage(directory, new Error(`${directory.stateFile} is missing`), context.log);
  }
  if (!force) throw containerDoesNotExist(directory.id);
  return false;
}
