/** What every part of the planner gets, and where it puts its decisions. */

import type { Warning } from "../failure/warning.ts";
import type { HostFacts } from "../host/host.ts";
import type { Op, Placement, Start, Step } from "../native/boundary.gen.ts";
import type { NamespaceType } from "../oci/linux.ts";
import { isNew, type ResolvedConfig } from "../oci/resolved/config.ts";

/** A seccomp profile compiled to BPF by the core. */
export interface CompiledSeccomp {
  /** base64 of the instructions. */
  program: string;
  /** SECCOMP_FILTER_FLAG_*. */
  flags: number;
}

/**
 * What a process of a container gets besides its config, from the command line and from other parts of bunc.
 */
export interface ProcessOptions {
  id: string;
  placement: Placement;
  /** `--preserve-fds`. */
  preserveFds: number;
  /** Sockets passed by systemd (LISTEN_FDS). */
  listenFds: number;
  noNewKeyring: boolean;
  /** bunc stays with the process, and carries its terminal or its streams. */
  foreground: boolean;
  /** The caller's RLIMIT_NOFILE, if this process has changed its own. null: it has not. */
  inheritedNoFile: { soft: string; hard: string } | null;
  /** null: the config has no seccomp profile. */
  seccomp: CompiledSeccomp | null;
  /** `--debug`: bunc-init reports what it does. */
  trace: boolean;
}

/** What mounts need to be planned. */
export interface MountingOptions {
  /** Absolute path. */
  bundle: string;
  /**
   * The container's own cgroup directories on the host: by v1 controller ("memory", "name=systemd"), and
   * "" for v2. Where one is missing the container stays in the caller's cgroup of that hierarchy.
   */
  cgroupDirectories: ReadonlyMap<string, string>;
}

/** For the container's init. */
export interface CreateOptions extends ProcessOptions, MountingOptions {
  /** `--no-pivot`. */
  noPivot: boolean;
  start: Extract<Start, "parent" | "socket">;
  /** Absolute path of the start socket, for start "socket"; otherwise "". */
  startSocket: string;
  /** Absolute paths of newuidmap(1) and newgidmap(1); null where they are not installed. */
  newuidmap: string | null;
  newgidmap: string | null;
}

/** The container's init, by which its namespaces are joined. */
export interface InitProcess {
  /** In the caller's pid namespace. */
  pid: number;
  /** Clock ticks since boot, of proc_pid_stat(5): another process that has the pid by now is not joined. */
  startTime: number;
}

/** For a further process. */
export interface ExecOptions extends ProcessOptions {
  init: InitProcess;
  /** Whether its user namespace refuses setgroups(2). */
  setgroupsDenied: boolean;
}

/** Collects steps and warnings. */
export class PlanContext {
  readonly steps: Step[] = [];
  readonly warnings: Warning[] = [];
  readonly config: ResolvedConfig;
  readonly host: HostFacts;

  constructor(config: ResolvedConfig, host: HostFacts) {
    this.config = config;
    this.host = host;
  }

  /** `subject`: the config path that asks for the step. */
  add(subject: string, op: Op): void {
    this.steps.push({ subject, op });
  }

  has(type: NamespaceType): boolean {
    return this.config.linux.namespaces.has(type);
  }

  /** Whether a namespace is made for the container, not joined. */
  creates(type: NamespaceType): boolean {
    return isNew(this.config.linux.namespaces, type);
  }
}

/** A plan, and warnings for the caller. */
export interface Planned<T> {
  plan: T;
  warnings: Warning[];
}
