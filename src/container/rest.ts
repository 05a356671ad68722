/**
 * What a foreground command still has to do when the process that it waits for has ended. While it waits for long, the core gives
 * Bun's memory back, and begins the command anew for the rest (zig/parent/forget.zig).
 */

import type { SuperviseRequest } from "../native/boundary.gen.ts";
import { native } from "../native/call.ts";
import { parseExactly, stringifyJson } from "../oci/json.ts";
import type { ContainerContext } from "./context.ts";

/** As long as a command may last that is not worth another start. */
const AFTER_MS = 100;

/** How the process ended, and what the command wrote down for this. */
export interface Ended<Rest> {
  rest: Rest;
  status: number;
  signaled: boolean;
}

/** Catches signals. → what there is to finish; undefined: this is a new command. */
export function holdSignals<Rest>(): Ended<Rest> | undefined {
  const { rest } = native("hold_signals", {});
  return rest === null ? undefined : { ...rest, rest: parseExactly(rest.text) as Rest };
}

/** Waits for the end of a process, and passes signals and its streams on. `rest`: what is to be finished then. */
export function awaitEnd<Rest>(
  process: Omit<SuperviseRequest, "forget">,
  rest: Rest,
  { log }: ContainerContext,
): Ended<Rest> {
  // The calls of a command that is watched (--debug) belong to one process.
  const forget = log.debugging ? null : { after_ms: AFTER_MS, rest: stringifyJson(rest) };
  return { ...native("supervise", { ...process, forget }), rest };
}
