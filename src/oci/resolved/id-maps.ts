/**
 * Lines of id maps: those of the configuration as the kernel takes them, and those of a mount's option.
 *
 * Mappings within the option itself, as crun takes them: `idmap=uids=0-1-10#10-11-10;gids=0-100-10`. Each
 * triplet is a line of a user namespace's map: id on the file system, id seen, number of ids. With "@" the
 * ids seen are those of the container's own user namespace.
 */

import { hostIdOf } from "../../kernel/id.ts";
import type { IdMap } from "../../native/boundary.gen.ts";
import type { IdMapping } from "../mounts.ts";

/** The mappings that the option gives. */
interface IdMapOption {
  uidMappings: IdMapping[];
  gidMappings: IdMapping[];
}

/** Those of `linux`. */
export interface ContainerMappings {
  uidMappings?: readonly IdMapping[];
  gidMappings?: readonly IdMapping[];
}

const ID_MAX = 0xffffffff;

/** `text`: after "idmap=". undefined: not of the form above, or an id that the container does not have. */
export function parseIdMapOption(text: string, container: ContainerMappings): IdMapOption | undefined {
  let uids: IdMapping[] | undefined;
  let gids: IdMapping[] | undefined;
  for (const part of text.split(";")) {
    if (part.startsWith("uids=") && uids === undefined)
      uids = parseRanges(part.slice(5), container.uidMappings ?? []);
    else if (part.startsWith("gids=") && gids === undefined)
      gids = parseRanges(part.slice(5), container.gidMappings ?? []);
    else return undefined;
  }
  if (uids === undefined || gids === undefined) return undefined;
  return { uidMappings: uids, gidMappings: gids };
}

function parseRanges(text: string, container: readonly IdMapping[]): IdMapping[] | undefined {
  const mappings: IdMapping[] = [];
  const relative = text.startsWith("@");
  for (const range of (relative ? text.slice(1) : text).split("#")) {
    const match = /^(\d{1,10})-(\d{1,10})-(\d{1,10})$/.exec(range);
    if (match === null) return undefined;
    const [containerID, seen, size] = match.slice(1).map(Number) as [number, number, number];
    const hostID = relative ? hostIdOf(seen, container) : seen;
    if (hostID === undefined || size === 0) return undefined;
    if (containerID + size > ID_MAX || hostID + size > ID_MAX) return undefined;
    mappings.push({ containerID, hostID, size });
  }
  return mappings;
}

export function idMap(mappings: readonly IdMapping[]): IdMap[] {
  return mappings.map(({ containerID, hostID, size }) => ({
    container_id: containerID,
    host_id: hostID,
    size,
  }));
}
