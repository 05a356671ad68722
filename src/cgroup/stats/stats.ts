/**
 * What `events` prints about a container: the files to read, and their texts as runc's JSON, with its
 * members in its order (types/events.go of runc). Pure but for `readStats`.
 */

import type { CgroupFacts } from "../../host/cgroup.ts";
import { native } from "../../native/call.ts";
import { type CgroupLocations, locationOf } from "../paths.ts";
import { v1Files, v1Stats } from "./v1.ts";
import { v2Files, v2Stats } from "./v2.ts";
import type { Stats } from "./values.ts";

/**
 * Reads and converts. What a controller does not tell is left out.
 * `pageSizes`: of huge pages, as in file names: "2MB". `intelRdt`: the part of the resctrl group.
 */
export function readStats(
  facts: CgroupFacts,
  locations: CgroupLocations,
  pageSizes: readonly string[],
  intelRdt: object = {},
): Stats {
  const isV2 = facts.mode === "v2";
  const wanted = (isV2 ? v2Files(pageSizes) : v1Files(pageSizes)).flatMap(({ controller, files }) => {
    const location = locationOf(locations, controller);
    return location === undefined ? [] : [{ mount: location.mount, path: location.path, files }];
  });
  const replies = native("cgroup_read", { groups: wanted }).files;
  const texts = new Map<string, string>();
  for (const [index, file] of wanted.flatMap(({ files }) => files).entries()) {
    const reply = replies[index];
    if (reply !== undefined && reply.errno === 0) texts.set(file, reply.text);
  }
  const stats = isV2 ? v2Stats(texts, pageSizes) : v1Stats(texts, pageSizes);
  return { ...stats, intel_rdt: intelRdt, network_interfaces: null };
}

/** Sizes of huge pages by the names of /sys/kernel/mm/hugepages: "hugepages-2048kB" → "2MB". */
export function hugePageSizes(names: readonly string[]): string[] {
  const sizes: string[] = [];
  for (const name of names) {
    const match = /^hugepages-(\d+)kB$/.exec(name);
    if (match === null) continue;
    const size = Number(match[1]);
    if (size >= 1 << 20) sizes.push(`${size >> 20}GB`);
    else if (size >= 1 << 10) sizes.push(`${size >> 10}MB`);
    else sizes.push(`${size}KB`);
  }
  return sizes;
}
