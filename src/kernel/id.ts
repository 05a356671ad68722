/** User and group IDs. */

/**
 * 4294967295 is (uid_t)-1, which means "no change" to set*id(2) and chown(2): a process with that id would
 * stay root.
 */
export const ID_MAX = 4_294_967_294;

/** A line of the map of a user namespace, user_namespaces(7), without where it leads. */
export interface IdRange {
  containerID: number;
  size: number;
}

/** Whether a container has this id. */
export function isMapped(id: number, ranges: readonly IdRange[]): boolean {
  return rangeOf(id, ranges) !== undefined;
}

/** The host's id for one of a container; undefined: the container does not have it. */
export function hostIdOf(
  id: number,
  mappings: readonly (IdRange & { hostID: number })[],
): number | undefined {
  const range = rangeOf(id, mappings);
  return range === undefined ? undefined : range.hostID + id - range.containerID;
}

function rangeOf<Range extends IdRange>(id: number, ranges: readonly Range[]): Range | undefined {
  return ranges.find(({ containerID, size }) => id >= containerID && id < containerID + size);
}
