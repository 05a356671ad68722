/** A capability as `--cap` takes it. */

import { capabilityNumber } from "../capability.ts";

/**
 * `net_admin`, `CAP_NET_ADMIN` → `CAP_NET_ADMIN`. A name that nobody knows stays as it is: the process gets a warning
 * about it, as for one of config.json.
 */
export function parseCapability(text: string): string {
  const name = `CAP_${text.toUpperCase().replace(/^CAP_/, "")}`;
  return capabilityNumber(name) === undefined ? text : name;
}
