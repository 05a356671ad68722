/** The state of a container as others see it. runtime.md, State; runc's `state` and `list` add members to it. */

import * as v from "valibot";
import { integer, mapOf, nonEmptyText, oneOf, struct, text } from "./primitives.ts";
import { OCI_VERSION } from "./version.ts";

export const CONTAINER_STATUSES = ["creating", "created", "running", "paused", "stopped"] as const;
export type ContainerStatus = (typeof CONTAINER_STATUSES)[number];

/** What `state` prints, and each entry of `list --format json`. */
export const StateSchema = struct({
  ociVersion: nonEmptyText,
  id: nonEmptyText,
  /** 0 when stopped. */
  pid: integer(0, 0x7fffffff),
  status: oneOf(CONTAINER_STATUSES),
  bundle: nonEmptyText,
  rootfs: nonEmptyText,
  /** RFC 3339 in UTC, with fractions of a second. */
  created: nonEmptyText,
  annotations: v.exactOptional(mapOf(text, "an object of strings")),
  /** User name of the owner of the state directory. */
  owner: text,
});
export type State = v.InferOutput<typeof StateSchema>;

/** A state with its members in the order that clients see from runc. Empty annotations are left out. */
export function makeState(members: Omit<State, "ociVersion">): State {
  const { id, pid, status, bundle, rootfs, created, annotations = {}, owner } = members;
  const head = { ociVersion: OCI_VERSION, id, pid, status, bundle, rootfs, created };
  const keys = Object.keys(annotations).sort();
  if (keys.length === 0) return { ...head, owner };
  const copy: Record<string, string> = Object.create(null);
  for (const key of keys) copy[key] = annotations[key] as string;
  return { ...head, annotations: copy, owner };
}
