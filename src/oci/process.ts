/** config.md, Process: `process` of config.json, and the whole document of `exec --process`. */

import * as v from "valibot";
import { IO_PRIORITY_CLASS, SCHEDULER_FLAG, SCHEDULER_POLICY, wordsIn } from "../kernel/scheduling.ts";
import { RLIMIT } from "../native/boundary.gen.ts";
import {
  absolutePath,
  boolean,
  described,
  id,
  int32,
  integer,
  listOf,
  oneOf,
  struct,
  structOf,
  text,
  texts,
  uint32,
  uint64,
} from "./primitives.ts";

/** getrlimit(2), the resources of Linux. */
export const RLIMIT_TYPES = wordsIn(RLIMIT)
  .map((name) => `RLIMIT_${name}` as const)
  .sort();

/** "NAME=VALUE" with a name. */
const environmentEntry = described(
  v.pipe(
    text,
    v.check((entry) => entry.indexOf("=") > 0, '"NAME=VALUE" with a name before the first "="'),
  ),
  { type: "string", pattern: "^[^=\\u0000]+=[^\\u0000]*$" },
);

export const CAPABILITY_SETS = ["bounding", "effective", "permitted", "inheritable", "ambient"] as const;

const CapabilitiesSchema = structOf(CAPABILITY_SETS, v.exactOptional(texts));
export type CapabilitiesConfig = v.InferOutput<typeof CapabilitiesSchema>;

const RlimitSchema = struct({
  type: oneOf(RLIMIT_TYPES),
  soft: uint64,
  hard: uint64,
});

const SchedulerSchema = struct({
  policy: oneOf(wordsIn(SCHEDULER_POLICY)),
  nice: v.exactOptional(int32),
  priority: v.exactOptional(int32),
  flags: v.exactOptional(listOf(oneOf(wordsIn(SCHEDULER_FLAG)), "an array of scheduler flags")),
  runtime: v.exactOptional(uint64),
  deadline: v.exactOptional(uint64),
  period: v.exactOptional(uint64),
});
export type SchedulerConfig = v.InferOutput<typeof SchedulerSchema>;

const UserSchema = struct({
  uid: v.optional(id, 0),
  gid: v.optional(id, 0),
  umask: v.exactOptional(uint32),
  additionalGids: v.exactOptional(listOf(id, "an array of group IDs")),
});

export const ProcessSchema = struct({
  terminal: v.optional(boolean, false),
  consoleSize: v.exactOptional(struct({ height: uint64, width: uint64 })),
  user: v.optional(UserSchema, {}),
  args: described(
    v.pipe(
      texts,
      v.check((args) => args.length > 0, "at least one string"),
    ),
    { minItems: 1 },
  ),
  env: v.optional(listOf(environmentEntry, "an array of strings"), []),
  cwd: absolutePath,
  capabilities: v.exactOptional(CapabilitiesSchema),
  rlimits: v.optional(listOf(RlimitSchema, "an array of rlimits"), []),
  noNewPrivileges: v.optional(boolean, false),
  apparmorProfile: v.optional(text, ""),
  oomScoreAdj: v.exactOptional(integer(-1000, 1000)),
  scheduler: v.exactOptional(SchedulerSchema),
  selinuxLabel: v.optional(text, ""),
  ioPriority: v.exactOptional(
    struct({ class: oneOf(wordsIn(IO_PRIORITY_CLASS)), priority: v.optional(integer(0, 7), 0) }),
  ),
  execCPUAffinity: v.exactOptional(struct({ initial: v.optional(text, ""), final: v.optional(text, "") })),
});
export type ProcessConfig = v.InferOutput<typeof ProcessSchema>;
