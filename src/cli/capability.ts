/** A capability as `--cap` takes it. */

import { capabilityNumber } from "../capability.ts";
import { quote, ValueError } from "./value-error.ts";

/** `net_admin`, `CAP_NET_ADMIN` → `CAP_NET_ADMIN`. Throws ValueError for a name the kernel does not have. */
export function parseCapability(text: string): string {
  const name = `CAP_${text.toUpperCase().replace(/^CAP_/, "")}`;
  if (capabilityNumber(name) === undefined) {
    throw new ValueError(`${quote(text)} is not a capability such as CAP_NET_ADMIN`);
  }
  return name;
}
