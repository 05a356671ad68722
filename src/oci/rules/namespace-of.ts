/** The namespace of a type that a config names, to create or to join. */

import type { LinuxConfig, NamespaceType } from "../linux.ts";

export function namespaceOf(linux: LinuxConfig, type: NamespaceType) {
  return linux.namespaces.find((namespace) => namespace.type === type);
}
