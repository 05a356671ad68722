/** What the kernel reports about OOM kills. */

import type { native } from "../native/call.ts";
import { fileTexts } from "./files.ts";
import { type CgroupLocation, locationOf } from "./paths.ts";

interface OomReport {
  /** How many processes of the container the OOM killer has ended; 0 if unknown. */
  kills: number;
  /** The limit that the container itself has reached, in bytes; "": none, so that memory ran out further up. */
  limit: string;
}

export const NO_OOM: OomReport = { kills: 0, limit: "" };

/** How many processes of the container the OOM killer has ended; 0 if unknown. */
export function oomKills(call: typeof native, locations: readonly CgroupLocation[]): number {
  const memory = locationOf(locations, "memory");
  if (memory === undefined) return 0;
  const [events = ""] = fileTexts(call, memory, [isV1(memory) ? "memory.oom_control" : "memory.events"]);
  return countOf(events, "oom_kill");
}

/** cgroup-v2.rst, memory.events.local; cgroup-v1/memory.rst, failcnt. */
export function oomReport(call: typeof native, locations: readonly CgroupLocation[]): OomReport {
  const kills = oomKills(call, locations);
  const memory = locationOf(locations, "memory");
  if (kills === 0 || memory === undefined) return NO_OOM;
  return { kills, limit: isV1(memory) ? limitReachedV1(call, memory) : limitReachedV2(call, memory) };
}

function limitReachedV2(call: typeof native, memory: CgroupLocation): string {
  const [events = "", limit = ""] = fileTexts(call, memory, ["memory.events.local", "memory.max"]);
  return countOf(events, "oom") > 0 ? limit.trim() : "";
}

/** Memory is charged in batches (MEMCG_CHARGE_BATCH, 64 pages): one that is refused leaves the usage so far below. */
const BATCH_BYTES = 64 * 4096;

/**
 * Of two limits, memory alone and with swap, the one that something was refused for. Where both are the same, the kernel
 * counts no failure of either; the highest usage tells then.
 */
function limitReachedV1(call: typeof native, memory: CgroupLocation): string {
  for (const kind of ["memory", "memory.memsw"]) {
    const files = ["failcnt", "max_usage_in_bytes", "limit_in_bytes"].map((name) => `${kind}.${name}`);
    const [failures = "", highest = "", limit = ""] = fileTexts(call, memory, files);
    if (limit === "") continue;
    if (Number(failures) > 0 || Number(highest) + BATCH_BYTES >= Number(limit)) return limit.trim();
  }
  return "";
}

const isV1 = ({ controller }: CgroupLocation) => controller === "memory";

function countOf(text: string, name: string): number {
  return Number(new RegExp(`^${name} (\\d+)$`, "m").exec(text)?.[1] ?? 0);
}
