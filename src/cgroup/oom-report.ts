/**
 * Whether the OOM killer has ended a process, and at which limit, by what the kernel has counted or logged. Apart from
 * oom.ts, because `exec` counts before each process and needs this only after a failure.
 */

import { native } from "../native/call.ts";
import { fileText, fileTexts } from "./files.ts";
import { countOf, isV1 } from "./oom.ts";
import { findOomKill, isReached } from "./oom-log.ts";
import { type CgroupLocation, type CgroupLocations, locationOf } from "./paths.ts";

export interface OomReport {
  /** How many processes of the container the OOM killer has ended; 0 if unknown. */
  kills: number;
  /** The limit that the container itself has reached, in bytes; "": none, so that memory ran out further up. */
  limit: string;
}

/** A process of the container. */
interface EndedProcess {
  /** As seen from here. */
  pid: number;
  /** OOM kills that were counted before it began; undefined: nobody counted. */
  earlierKills: number | undefined;
}

/**
 * What the kernel has killed since `ended` began. If nobody counted before, the kernel's log must name the process, where
 * it may be read: to count first would cost every detached exec another read. The log also tells of a scope's cgroup,
 * which systemd removes, with its counts, when its last process has ended.
 */
export function oomReport(locations: CgroupLocations, ended: EndedProcess): OomReport {
  const memory = locationOf(locations, "memory");
  if (memory === undefined) return NOTHING;
  const { pid, earlierKills } = ended;
  if (earlierKills === undefined) return loggedKill(memory, pid);
  const counted = isV1(memory) ? countedV1(memory) : countedV2(memory);
  if (counted === undefined) return loggedKill(memory, pid);
  const kills = counted.kills - earlierKills;
  return kills > 0 ? { kills, limit: counted.limit } : NOTHING;
}

const NOTHING: OomReport = { kills: 0, limit: "" };

/** By the kernel's log. `memory`: the cgroup of the process. */
export function loggedKill({ path }: CgroupLocation, pid: number): OomReport {
  const { text, pids_are_ours } = native("kernel_log", {});
  return (pids_are_ours ? findOomKill(text, pid, path) : undefined) ?? NOTHING;
}

/** cgroup-v2.rst, memory.events.local. Undefined: the cgroup is gone. */
function countedV2({ mount, path }: CgroupLocation): OomReport | undefined {
  const files = ["memory.events", "memory.events.local", "memory.max"];
  const [events, local, max] = native("cgroup_read", { groups: [{ mount, path, files }] }).files;
  if (events?.errno !== 0 || max?.errno !== 0) return undefined;
  const isOwn = countOf(local?.text ?? "", "oom") > 0;
  return { kills: countOf(events.text, "oom_kill"), limit: isOwn ? max.text.trim() : "" };
}

/** cgroup-v1/memory.rst, oom_control. Undefined: the cgroup is gone. */
function countedV1(memory: CgroupLocation): OomReport | undefined {
  const control = fileText(memory, "memory.oom_control");
  if (control === undefined) return undefined;
  return { kills: countOf(control, "oom_kill"), limit: limitReachedV1(memory) };
}

/**
 * Of two limits, memory alone and with swap, the one that something was refused for. Where both are the same, the kernel
 * counts no failure of either; the highest usage tells then. cgroup-v1/memory.rst, failcnt.
 */
function limitReachedV1(memory: CgroupLocation): string {
  for (const kind of ["memory", "memory.memsw"]) {
    const files = ["failcnt", "max_usage_in_bytes", "limit_in_bytes"].map((name) => `${kind}.${name}`);
    const [failures = "", highest = "", limit = ""] = fileTexts(memory, files);
    if (limit === "") continue;
    if (Number(failures) > 0 || isReached(Number(highest), Number(limit))) return limit.trim();
  }
  return "";
}
