/** config.md, Mounts. */

import * as v from "valibot";
import { explicit, listOf, nonEmptyText, struct, text, texts, uint32 } from "./primitives.ts";

/** user_namespaces(7), one line of a map; config-linux.md, User namespace mappings. */
const IdMappingSchema = struct({
  containerID: uint32,
  // 0 is the host's root, so it has to be given explicitly.
  hostID: explicit(uint32),
  size: uint32,
});
export type IdMapping = v.InferOutput<typeof IdMappingSchema>;

export const idMappings = listOf(IdMappingSchema, "an array of {containerID, hostID, size}");

export const MountSchema = struct({
  destination: nonEmptyText,
  type: v.optional(text, ""),
  source: v.optional(text, ""),
  options: v.optional(texts, []),
  uidMappings: v.exactOptional(idMappings),
  gidMappings: v.exactOptional(idMappings),
});
export type MountConfig = v.InferOutput<typeof MountSchema>;
