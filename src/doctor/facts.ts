/** What `doctor` looks at, as texts of the kernel and as answers to "is it there". Gathering it changes nothing. */

import type { HostFacts } from "../host/host.ts";
import type { StartKind } from "../host/start-record.ts";
import type { ProbedCall } from "../native/boundary.gen.ts";

/** Those about cgroups. */
export interface CgroupDoctorFacts {
  host: HostFacts;
  /** The cgroups of v2 from the root down to the one in which a container's is made. */
  cgroupPath: readonly CgroupLevel[];
  /** /proc/cgroups: controllers that the kernel has, and whether they are switched on. */
  controllers: ReadonlyMap<string, boolean>;
  /** A mount of cgroups that a container needs may not be written to: its mount point; "": none. */
  readOnlyCgroups: string;
  /** systemd runs as pid 1 (sd_booted(3)). */
  systemd: boolean;
}

/** Everything that findings depend on. */
export interface DoctorFacts extends CgroupDoctorFacts {
  /** How this process started; undefined: run from its sources. */
  start: StartKind | undefined;
  /** Name of a system call → errno of a call that no kernel accepts (zig/host_probe.zig). */
  calls: readonly ProbedCall[];
  /** CapEff of /proc/self/status: a mask of 64 bits. */
  capabilities: bigint;
  /** Of /proc/filesystems. */
  fileSystems: readonly string[];
  /** Names in /proc/self/ns. */
  namespaces: readonly string[];
  /** Whether cgroup.kill is there (Linux 5.14). */
  cgroupKill: boolean;
  /** Whether the kernel counts pressure: /proc/pressure. */
  pressure: boolean;
  /** /sys/kernel/security/lsm, or "". */
  securityModules: readonly string[];
  /** /proc/sys/kernel/seccomp/actions_avail; empty: no seccomp. */
  seccompActions: readonly string[];
  userNamespaces: {
    /** /proc/sys/user/max_user_namespaces; undefined: the kernel has none. */
    max: number | undefined;
    /** Debian's kernel.unprivileged_userns_clone is 0. */
    switchedOff: boolean;
    /** Ubuntu's kernel.apparmor_restrict_unprivileged_userns is 1. */
    restrictedByApparmor: boolean;
  };
  /** The name of the user in /etc/passwd, or "#uid". */
  user: string;
  /** Whether the user has a line in /etc/subuid and in /etc/subgid. */
  subordinateIds: { uid: boolean; gid: boolean };
  /** Absolute path; "" where it is not on PATH. */
  programs: { newuidmap: string; newgidmap: string; criu: string; ps: string };
  /** Paths of D-Bus sockets that are there; "". */
  systemBus: string;
  userBus: string;
  xdgRuntimeDirectory: string;
  /** Whether the host's /dev/null is there. */
  nullDevice: boolean;
}

/** One cgroup of v2. */
export interface CgroupLevel {
  path: string;
  /** cgroup.controllers: what the cgroup above has passed on. */
  controllers: readonly string[];
  /** cgroup.subtree_control: what this one passes on. */
  passedOn: readonly string[];
  /** uid of the directory's owner; -1: not known. */
  owner: number;
}
