/** From created to running. The poststart hooks run when the program does (runtime-spec 1.3, Lifecycle). */

import { cannotStart } from "../failure/messages.ts";
import { native } from "../native/call.ts";
import type { Container } from "./container.ts";
import type { ContainerContext } from "./context.ts";
import { FailureFacts } from "./failure-facts.ts";
import { runPoststartHooks } from "./hooks.ts";
import { loadStoredConfig } from "./stored-config.ts";

export function startContainer({ directory, record, status }: Container, { log }: ContainerContext): void {
  if (status !== "created") throw cannotStart(status);
  const config = loadStoredConfig(directory, record);
  const { started } = new FailureFacts(config, record).explain("init", () =>
    native("start", { socket: directory.startSocket, trace: log.debugging }),
  );
  // Ended, or started by somebody else, since we looked.
  if (!started) throw cannotStart("stopped");
  native("remove_file", { path: directory.startSocket });
  runPoststartHooks(config, record);
}
