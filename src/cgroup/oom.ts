/** How many processes of a container the OOM killer has ended. */

import { fileTexts } from "./files.ts";
import { type CgroupLocation, type CgroupLocations, locationOf } from "./paths.ts";

/** 0 if unknown. */
export function oomKills(locations: CgroupLocations): number {
  const memory = locationOf(locations, "memory");
  if (memory === undefined) return 0;
  const [events = ""] = fileTexts(memory, [isV1(memory) ? "memory.oom_control" : "memory.events"]);
  return countOf(events, "oom_kill");
}

export const isV1 = ({ controller }: CgroupLocation) => controller === "memory";

/** From lines such as "oom_kill 2"; 0: there is none of this name. */
export function countOf(text: string, name: string): number {
  return Number(new RegExp(`^${name} (\\d+)$`, "m").exec(text)?.[1] ?? 0);
}
