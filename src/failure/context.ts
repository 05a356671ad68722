/** What a command knows about the config paths that a Failure of the core names. */

import type { IdRange } from "../kernel/id.ts";
import type { Failure, MountOption } from "../native/boundary.gen.ts";

/** The configuration and the host, as far as messages and hints need them. */
export interface FailureContext {
  /** `init`: the first process of a container; `exec`: a further one; `other`: no process is being made. */
  process: "init" | "exec" | "other";
  mounts: readonly MountFacts[];
  /** Names of the mount options that are not data for the file system. */
  mountOptionNames: () => readonly string[];
  /** process.cwd */
  workingDirectory: string;
  user: { uid: number; gid: number; additionalGids?: readonly number[] } | undefined;
  /** PATH of process.env; undefined: there is none. */
  searchPath: string | undefined;
  rlimits: readonly { type: string; hard: number | bigint }[];
  /** Every name in process.capabilities. */
  capabilities: readonly string[];
  /** The OOM killer has killed a process of the container's cgroup. */
  oomKilled: boolean;
  /** The cgroup's limit that was reached, in bytes; "": it was not the cgroup's own. */
  oomLimit: string;
  /** linux.resources.cpu.cpus is set. */
  limitsCpus: boolean;
  /** By type. `path` null: a new namespace. */
  namespaces: ReadonlyMap<string, { path: string | null }>;
  uidMappings: readonly IdRange[];
  gidMappings: readonly IdRange[];
  /** linux.seccomp: its actions, the default one among them. */
  seccompActions: readonly string[];
  host: HostView;
}

/** An entry of `mounts`. */
export interface MountFacts {
  /** `mounts[3]` */
  subject: string;
  destination: string;
  type: string;
  /** Of a bind: an absolute path. */
  source: string;
  /** Options of the file system itself. */
  data: readonly MountOption[];
}

/** Access to this machine, for hints that need to check it first. */
interface HostView {
  euid: number;
  /** bunc runs in a user namespace. */
  inUserNamespace: boolean;
  /** Contents of a file of the kernel's; "": it is not there, or may not be read. */
  text: (path: string) => string;
}

/** What a hint is decided by. */
export interface HintFacts {
  failure: Failure;
  context: FailureContext;
  /** The mount concerned. */
  mount: MountFacts | undefined;
}

/** Whether the configuration names a namespace of this type. */
export function hasNamespace(context: FailureContext, type: string): boolean {
  return context.namespaces.has(type);
}

/** With the mappings of this configuration. */
export function isNewUserNamespace(context: FailureContext): boolean {
  return context.namespaces.get("user")?.path === null;
}

/** For calls of the core that make no process: files, cgroups, signals. */
export const NO_PROCESS: FailureContext = {
  process: "other",
  mounts: [],
  mountOptionNames: () => [],
  workingDirectory: "",
  user: undefined,
  searchPath: undefined,
  rlimits: [],
  capabilities: [],
  oomKilled: false,
  oomLimit: "",
  limitsCpus: false,
  namespaces: new Map(),
  uidMappings: [],
  gidMappings: [],
  seccompActions: [],
  host: { euid: 0, inUserNamespace: false, text: () => "" },
};
