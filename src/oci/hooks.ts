/** config.md, POSIX-platform Hooks. */

import * as v from "valibot";
import { absolutePath, integer, listOf, struct, structOf, texts } from "./primitives.ts";

export const HOOK_KINDS = [
  "prestart",
  "createRuntime",
  "createContainer",
  "startContainer",
  "poststart",
  "poststop",
] as const;
export type HookKindName = (typeof HOOK_KINDS)[number];

const HookSchema = struct({
  path: absolutePath,
  args: v.exactOptional(texts),
  env: v.exactOptional(texts),
  /** Seconds. 0: as long as it takes. */
  timeout: v.exactOptional(integer(0, Number.MAX_SAFE_INTEGER)),
});

export const HooksSchema = structOf(HOOK_KINDS, v.exactOptional(listOf(HookSchema, "an array of hooks")));
