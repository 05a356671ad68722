/** config.md, POSIX-platform Hooks. */

import * as v from "valibot";
import { absolutePath, integer, listOf, struct, texts } from "./primitives.ts";

/** The longest timeout in seconds whose milliseconds fit 32 bits. */
const TIMEOUT_SECONDS_MAX = 4_294_967;

export const HOOK_KINDS = [
  "prestart",
  "createRuntime",
  "createContainer",
  "startContainer",
  "poststart",
  "poststop",
] as const;
export type HookKindName = (typeof HOOK_KINDS)[number];

export const HookSchema = struct({
  path: absolutePath,
  args: v.exactOptional(texts),
  env: v.exactOptional(texts),
  /** Seconds. */
  timeout: v.exactOptional(integer(1, TIMEOUT_SECONDS_MAX)),
});

const hooks = v.exactOptional(listOf(HookSchema, "an array of hooks"));

export const HooksSchema = struct({
  prestart: hooks,
  createRuntime: hooks,
  createContainer: hooks,
  startContainer: hooks,
  poststart: hooks,
  poststop: hooks,
});
