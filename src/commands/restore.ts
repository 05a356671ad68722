/** `restore`: makes a container from a checkpoint. */

import { listenForNotify } from "../container/notify-socket.ts";
import { holdSignals } from "../container/rest.ts";
import { type Restored, restoreContainer } from "../container/restore.ts";
import { finishSupervised, type SupervisedRest, superviseContainer } from "../container/supervise.ts";
import { imageDirectory, warnOfRootless } from "../criu/options.ts";
import { native } from "../native/call.ts";
import type { CommandContext, Handler, VerbOptions } from "../verbs/verbs.ts";

export const run: Handler<"restore"> = (options, [id], context) => {
  // Before there is a container: a signal that comes in between must reach it, not orphan it.
  const ended = options.detach ? undefined : holdSignals<SupervisedRest>();
  if (ended !== undefined) return finishSupervised(ended, context);
  warnOfRootless(context.log);
  if (options.subreaper !== false) native("become_subreaper", {});
  const restored = restoreContainer(
    {
      id,
      bundle: options.bundle,
      noPivot: options.pivot === false,
      detach: options.detach,
      pidFile: options.pidFile,
      consoleSocket: options.consoleSocket,
      flags: {
        ...options,
        imagePath: imageDirectory(options.imagePath),
        lsmProfile: options.lsmProfile,
        lsmMountContext: options.lsmMountContext,
      },
    },
    context,
  );
  return supervise(restored, options, context);
};

function supervise(restored: Restored, { detach }: VerbOptions<"restore">, context: CommandContext): number {
  const { directory, record, pid, pidfd, console } = restored;
  const notify = detach ? undefined : listenForNotify(directory);
  directory.release();
  if (detach) return 0;
  return superviseContainer({ record, pid, pidfd, console, notify, keep: false }, context);
}
