/** From created to running. */

import { cannotStart } from "../failure/messages.ts";
import { native } from "../native/call.ts";
import type { ResolvedConfig } from "../oci/resolved/config.ts";
import { initOf } from "../state/record.ts";
import type { Container } from "./container.ts";
import type { ContainerContext } from "./context.ts";
import { failureExplainer } from "./failure-explainer.ts";
import { loadStoredConfig } from "./stored-config.ts";

/** → the container's configuration. Its poststart hooks are still to run (runtime-spec 1.3, Lifecycle). */
export function startContainer(
  { directory, record, status }: Container,
  { log }: ContainerContext,
): ResolvedConfig {
  if (status !== "created") throw cannotStart(status);
  const config = loadStoredConfig(directory, record);
  const explain = failureExplainer(config, record, 0);
  const { started } = explain("init", () =>
    native("start", {
      socket: directory.startSocket,
      ...initOf(record),
      trace: log.debugging,
    }),
  );
  // Ended, or started by somebody else, since we looked.
  if (!started) throw cannotStart("stopped");
  return config;
}
