/** Pipes of our own as the streams of a process that we stay with. */

import type { Streams } from "../native/boundary.gen.ts";
import { native } from "../native/call.ts";

/**
 * Makes them, before the process is made. → what the streams are called in /proc/pid/fd where they are ours, "pipe:[5]";
 * otherwise "".
 */
export function makeStreams(streams: Streams): readonly string[] {
  const { stdin, stdout, stderr } = streams;
  if (stdin !== "relayed" && stdout !== "relayed" && stderr !== "relayed") return ["", "", ""];
  return native("make_streams", { streams }).names;
}
