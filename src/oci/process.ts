/** config.md, Process: `process` of config.json, and the whole document of `exec --process`. */

import * as v from "valibot";
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
  text,
  texts,
  uint32,
  uint64,
} from "./primitives.ts";

/** getrlimit(2), the resources of Linux. */
export const RLIMIT_TYPES = [
  "RLIMIT_AS",
  "RLIMIT_CORE",
  "RLIMIT_CPU",
  "RLIMIT_DATA",
  "RLIMIT_FSIZE",
  "RLIMIT_LOCKS",
  "RLIMIT_MEMLOCK",
  "RLIMIT_MSGQUEUE",
  "RLIMIT_NICE",
  "RLIMIT_NOFILE",
  "RLIMIT_NPROC",
  "RLIMIT_RSS",
  "RLIMIT_RTPRIO",
  "RLIMIT_RTTIME",
  "RLIMIT_SIGPENDING",
  "RLIMIT_STACK",
] as const;

const SCHEDULER_POLICIES = [
  "SCHED_OTHER",
  "SCHED_FIFO",
  "SCHED_RR",
  "SCHED_BATCH",
  "SCHED_ISO",
  "SCHED_IDLE",
  "SCHED_DEADLINE",
] as const;

const SCHEDULER_FLAGS = [
  "SCHED_FLAG_RESET_ON_FORK",
  "SCHED_FLAG_RECLAIM",
  "SCHED_FLAG_DL_OVERRUN",
  "SCHED_FLAG_KEEP_POLICY",
  "SCHED_FLAG_KEEP_PARAMS",
  "SCHED_FLAG_UTIL_CLAMP_MIN",
  "SCHED_FLAG_UTIL_CLAMP_MAX",
] as const;

const IO_PRIORITY_CLASSES = ["IOPRIO_CLASS_RT", "IOPRIO_CLASS_BE", "IOPRIO_CLASS_IDLE"] as const;

/** "NAME=VALUE" with a name. */
const environmentEntry = described(
  v.pipe(
    text,
    v.check((entry) => entry.indexOf("=") > 0, '"NAME=VALUE" with a name before the first "="'),
  ),
  { type: "string", pattern: "^[^=\\u0000]+=[^\\u0000]*$" },
);

const CapabilitiesSchema = struct({
  bounding: v.exactOptional(texts),
  effective: v.exactOptional(texts),
  inheritable: v.exactOptional(texts),
  permitted: v.exactOptional(texts),
  ambient: v.exactOptional(texts),
});
export type CapabilitiesConfig = v.InferOutput<typeof CapabilitiesSchema>;

const RlimitSchema = struct({
  type: oneOf(RLIMIT_TYPES),
  soft: uint64,
  hard: uint64,
});

const SchedulerSchema = struct({
  policy: oneOf(SCHEDULER_POLICIES),
  nice: v.exactOptional(int32),
  priority: v.exactOptional(int32),
  flags: v.exactOptional(listOf(oneOf(SCHEDULER_FLAGS), "an array of scheduler flags")),
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
    struct({ class: oneOf(IO_PRIORITY_CLASSES), priority: v.optional(integer(0, 7), 0) }),
  ),
  execCPUAffinity: v.exactOptional(struct({ initial: v.optional(text, ""), final: v.optional(text, "") })),
});
export type ProcessConfig = v.InferOutput<typeof ProcessSchema>;
