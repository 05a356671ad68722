/** What the kernel tells about processes that it killed for want of memory. */

import type { native } from "../native/call.ts";
import { type CgroupLocation, locationOf } from "./paths.ts";

export interface OomReport {
  /** How many processes of the container the OOM killer has ended; 0 where that is not known. */
  kills: number;
  /** The limit that the container itself has reached, in bytes; "": none, so that memory ran out further up. */
  limit: string;
}

export const NO_OOM: OomReport = { kills: 0, limit: "" };

/** cgroup-v2.rst, memory.events.local; cgroup-v1/memory.rst, memory.failcnt. */
export function oomReport(call: typeof native, locations: readonly CgroupLocation[]): OomReport {
  const memory = locationOf(locations, "memory");
  if (memory === undefined) return NO_OOM;
  const { mount, path, controller } = memory;
  const isLegacy = controller === "memory";
  const files = isLegacy
    ? ["memory.oom_control", "memory.failcnt", "memory.limit_in_bytes"]
    : ["memory.events", "memory.events.local", "memory.max"];
  const [events = "", own = "", limit = ""] = call("cgroup_read", {
    groups: [{ mount, path, files }],
  }).files.map(({ text }) => text);
  const kills = countOf(events, "oom_kill");
  const reached = isLegacy ? Number(own) > 0 : countOf(own, "oom") > 0;
  return { kills, limit: kills > 0 && reached ? limit.trim() : "" };
}

function countOf(text: string, name: string): number {
  return Number(new RegExp(`^${name} (\\d+)$`, "m").exec(text)?.[1] ?? 0);
}
