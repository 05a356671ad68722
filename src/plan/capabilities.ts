/** Capability names to sets. capabilities(7). */

import type { Capabilities } from "../native/boundary.gen.ts";
import { CAP } from "../native/boundary.gen.ts";
import type { CapabilitiesConfig } from "../oci/process.ts";

export interface PlannedCapabilities {
  /** 64-bit set as a decimal string. */
  bounding: string;
  sets: Capabilities;
  warnings: string[];
}

export function planCapabilities(config: CapabilitiesConfig): PlannedCapabilities {
  const unknown = new Set<string>();
  const set = (names: readonly string[] = []) => String(capabilitySet(names, unknown));
  const bounding = set(config.bounding);
  const sets = {
    effective: set(config.effective),
    permitted: set(config.permitted),
    inheritable: set(config.inheritable),
    ambient: set(config.ambient),
  };
  const names = [...unknown].sort();
  const warnings =
    names.length === 0 ? [] : [`ignoring unknown or unavailable capabilities: [${names.join(" ")}]`];
  return { bounding, sets, warnings };
}

function capabilitySet(names: readonly string[], unknown: Set<string>): bigint {
  let set = 0n;
  for (const name of names) {
    const bit = name.startsWith("CAP_") ? capabilityNumber(name.slice("CAP_".length)) : undefined;
    if (bit === undefined) unknown.add(name);
    else set |= 1n << BigInt(bit);
  }
  return set;
}

/** `LAST_CAP` is the kernel's name for a bound, not a capability. */
function capabilityNumber(name: string): number | undefined {
  if (name === "LAST_CAP" || !Object.hasOwn(CAP, name)) return undefined;
  return CAP[name as keyof typeof CAP];
}
