/**
 * Why a signal ended a foreground process, if the kernel tells: out of memory, or its seccomp filter.
 * Reported to a person at a terminal and in the log; exit status and streams are not changed.
 */

import type { CgroupLocations } from "../cgroup/paths.ts";
import type { Log } from "../log/log.ts";
import { SIG } from "../native/boundary.gen.ts";
import type { SeccompConfig } from "../oci/seccomp.ts";
import { seccompRefusal } from "./seccomp-refusal.ts";

interface Ending {
  what: "container" | "process";
  /** As seen from here. */
  pid: number;
  /** 128 + the signal. */
  status: number;
  /** Where its cgroups are, or were. */
  locations: CgroupLocations;
  /** OOM kills that were counted before it began. */
  earlierKills: number;
  /** When it was made, at the latest: milliseconds since 1970. */
  since: number;
  seccomp: () => SeccompConfig | undefined;
}

/** Logs why a signal ended the process. Says nothing if the kernel does not tell. */
export function tellEnding(ending: Ending, log: Log): void {
  const reason = reasonOf(ending);
  if (reason !== undefined) log.ending(`the ${ending.what} was ended by ${reason}`);
}

/** `SIGKILL: why`; undefined: the kernel does not say. */
function reasonOf(ending: Ending): string | undefined {
  try {
    if (ending.status === 128 + SIG.KILL) return outOfMemory(ending);
    if (ending.status === 128 + SIG.SYS) return seccompRefusal(ending.seccomp(), ending.pid, ending.since);
  } catch {
    // Another command may have removed the cgroup; the process has ended anyway.
  }
  return undefined;
}

function outOfMemory({ locations, pid, earlierKills }: Ending): string | undefined {
  // Loaded after such an end only.
  const { oomReport }: typeof import("../cgroup/oom-report.ts") = require("../cgroup/oom-report.ts");
  const { kills, limit } = oomReport(locations, { pid, earlierKills });
  if (kills === 0) return undefined;
  const who = kills === 1 ? "1 process" : `${kills} processes`;
  const where = limit === "" ? "" : `, at its limit of ${bytes(limit)}`;
  return `SIGKILL: the kernel killed ${who} in the container's cgroup because memory ran out${where}`;
}

/** `67108864 bytes (64 MiB)`. */
function bytes(text: string): string {
  const mebibytes = Number(text) / 2 ** 20;
  return Number.isInteger(mebibytes) ? `${text} bytes (${mebibytes} MiB)` : `${text} bytes`;
}
