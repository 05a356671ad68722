/** Capability names to sets. capabilities(7). */

import { capabilityNames, capabilityNumber } from "../capability.ts";
import type { Capabilities } from "../native/boundary.gen.ts";
import type { CapabilitiesConfig } from "../oci/process.ts";
import type { Warning } from "../warning.ts";

export interface PlannedCapabilities {
  /** 64-bit set as a decimal string. */
  bounding: string;
  sets: Capabilities;
  warnings: Warning[];
}

export function planCapabilities(config: CapabilitiesConfig): PlannedCapabilities {
  const unknown = new Set<string>();
  const set = (names: readonly string[] = []) => capabilitySet(names, unknown);
  const bounding = set(config.bounding);
  const effective = set(config.effective);
  const permitted = set(config.permitted);
  const inheritable = set(config.inheritable);
  const ambient = set(config.ambient);

  const warnings: Warning[] = [];
  const names = [...unknown].sort();
  if (names.length > 0) {
    warnings.push({
      path: "process.capabilities",
      message: `ignoring unknown or unavailable capabilities: [${names.join(" ")}]`,
    });
  }
  // Only what is permitted and inheritable can be raised; to ask for more is common, and no error in runc.
  const raisable = ambient & permitted & inheritable;
  for (const name of capabilityNames(ambient & ~raisable)) {
    warnings.push({
      path: "process.capabilities.ambient",
      message: `can't raise ambient capability ${name}: operation not permitted`,
    });
  }
  return {
    bounding: String(bounding),
    sets: {
      effective: String(effective),
      permitted: String(permitted),
      inheritable: String(inheritable),
      ambient: String(raisable),
    },
    warnings,
  };
}

function capabilitySet(names: readonly string[] | undefined, unknown: Set<string>): bigint {
  let set = 0n;
  for (const name of names ?? []) {
    const number = capabilityNumber(name);
    if (number === undefined) unknown.add(name);
    else set |= 1n << BigInt(number);
  }
  return set;
}
