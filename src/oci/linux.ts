/** config-linux.md: `linux` of config.json. */

import * as v from "valibot";
import { MEMORY_POLICY_FLAG, MEMORY_POLICY_MODE, PERSONALITY, wordsIn } from "../kernel/scheduling.ts";
import { idMappings } from "./mounts.ts";
import {
  boolean,
  described,
  id,
  int64,
  integer,
  listOf,
  mapOf,
  oneOf,
  struct,
  text,
  texts,
  uint32,
} from "./primitives.ts";
import { PROPAGATIONS } from "./resolved/mount-options.ts";
import { ResourcesSchema } from "./resources.ts";
import { SeccompSchema } from "./seccomp.ts";

export const NAMESPACE_TYPES = ["pid", "network", "mount", "ipc", "uts", "user", "cgroup", "time"] as const;
export type NamespaceType = (typeof NAMESPACE_TYPES)[number];

/** An empty path is the same as none: a new namespace. */
const namespacePath = described(
  v.custom<string>(
    (value) =>
      typeof value === "string" && (value === "" || (value.startsWith("/") && !value.includes("\0"))),
    "an absolute path",
  ),
  { type: "string", pattern: "^(/[^\\u0000]*)?$" },
);

const NamespaceSchema = struct({
  type: oneOf(NAMESPACE_TYPES),
  path: v.optional(namespacePath, ""),
});

const DeviceSchema = struct({
  /** Relative paths start at the container's root. "": no node is made. */
  path: text,
  type: oneOf(["c", "b", "u", "p"]),
  major: v.optional(integer(0, 0xfff), 0),
  minor: v.optional(integer(0, 0xfffff), 0),
  fileMode: v.exactOptional(uint32),
  uid: v.exactOptional(id),
  gid: v.exactOptional(id),
});
export type DeviceConfig = v.InferOutput<typeof DeviceSchema>;

const IntelRdtSchema = struct({
  closID: v.optional(text, ""),
  schemata: v.exactOptional(texts),
  l3CacheSchema: v.optional(text, ""),
  memBwSchema: v.optional(text, ""),
  enableMonitoring: v.optional(boolean, false),
});

const MemoryPolicySchema = struct({
  mode: oneOf(wordsIn(MEMORY_POLICY_MODE)),
  nodes: v.optional(text, ""),
  flags: v.optional(listOf(oneOf(wordsIn(MEMORY_POLICY_FLAG)), "an array of memory policy flags"), []),
});
export type MemoryPolicyConfig = v.InferOutput<typeof MemoryPolicySchema>;

export const LinuxSchema = struct({
  uidMappings: v.exactOptional(idMappings),
  gidMappings: v.exactOptional(idMappings),
  sysctl: v.exactOptional(mapOf(text, "an object of strings")),
  resources: v.exactOptional(ResourcesSchema),
  cgroupsPath: v.optional(text, ""),
  namespaces: v.optional(listOf(NamespaceSchema, "an array of namespaces"), []),
  devices: v.optional(listOf(DeviceSchema, "an array of devices"), []),
  netDevices: v.exactOptional(mapOf(struct({ name: v.optional(text, "") }), "an object of {name}")),
  seccomp: v.exactOptional(SeccompSchema),
  rootfsPropagation: v.optional(oneOf(["", ...PROPAGATIONS.keys()]), ""),
  /** Relative paths start at the container's root. "" is ignored. */
  maskedPaths: v.optional(texts, []),
  readonlyPaths: v.optional(texts, []),
  mountLabel: v.optional(text, ""),
  intelRdt: v.exactOptional(IntelRdtSchema),
  memoryPolicy: v.exactOptional(MemoryPolicySchema),
  personality: v.exactOptional(struct({ domain: oneOf(wordsIn(PERSONALITY)), flags: v.optional(texts, []) })),
  timeOffsets: v.exactOptional(
    mapOf(
      struct({ secs: v.optional(int64, 0), nanosecs: v.optional(integer(0, 999_999_999), 0) }),
      "an object of {secs, nanosecs}",
    ),
  ),
});
export type LinuxConfig = v.InferOutput<typeof LinuxSchema>;

/** The namespace of a type that the configuration names, to create or to join. */
export function namespaceOf(linux: LinuxConfig, type: NamespaceType) {
  return linux.namespaces.find((namespace) => namespace.type === type);
}
