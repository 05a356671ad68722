/** `checkpoint`: saves a running container with CRIU. */

import { dumpContainer } from "../container/checkpoint.ts";
import { changeContainer } from "../container/container.ts";
import { destroyContainer } from "../container/destroy.ts";
import { imageDirectory, warnOfRootless } from "../criu/options.ts";
import { cannotCheckpoint } from "../failure/messages.ts";
import type { Handler } from "../verbs/verbs.ts";

export const run: Handler<"checkpoint"> = (options, [id], context) =>
  changeContainer(id, context, (container) => {
    const { directory, record, status } = container;
    if (status !== "running" && status !== "paused") throw cannotCheckpoint(status);
    warnOfRootless(context.log);
    dumpContainer(container, { ...options, imagePath: imageDirectory(options.imagePath) });
    if (!options.leaveRunning && !options.preDump) destroyContainer(directory, record, context.log);
    return 0;
  });
