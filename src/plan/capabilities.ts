/** Capability names to sets. capabilities(7). */

import { didYouMean } from "../failure/suggestion.ts";
import type { Warning } from "../failure/warning.ts";
import { capabilityNames, capabilityNumber } from "../kernel/capability.ts";
import type { Capabilities } from "../native/boundary.gen.ts";
import { CAPABILITY_SETS, type CapabilitiesConfig } from "../oci/process.ts";

interface PlannedCapabilities {
  /** 64-bit set as a decimal string. */
  bounding: string;
  sets: Capabilities;
  warnings: Warning[];
}

/** The sets, with a warning for each name that is left out. */
export function planCapabilities(config: CapabilitiesConfig): PlannedCapabilities {
  const set = (name: (typeof CAPABILITY_SETS)[number]) => capabilitySet(config[name]);
  const ambient = set("ambient");
  const warnings = unknownCapabilities(config);
  // Only capabilities that are permitted and inheritable can be raised; asking for more is common, and not an
  // error in runc.
  const raisable = ambient & set("permitted") & set("inheritable");
  for (const name of capabilityNames(ambient & ~raisable)) {
    warnings.push({
      path: "process.capabilities.ambient",
      message: `can't raise ambient capability ${name}: operation not permitted`,
    });
  }
  return {
    bounding: String(set("bounding")),
    sets: {
      effective: String(set("effective")),
      permitted: String(set("permitted")),
      inheritable: String(set("inheritable")),
      ambient: String(raisable),
    },
    warnings,
  };
}

function capabilitySet(names: readonly string[] = []): bigint {
  let set = 0n;
  for (const name of names) {
    const number = capabilityNumber(name);
    if (number !== undefined) set |= 1n << BigInt(number);
  }
  return set;
}

/** One warning for each name, at its first place. */
function unknownCapabilities(config: CapabilitiesConfig): Warning[] {
  const places = new Map<string, string>();
  for (const set of CAPABILITY_SETS) {
    for (const [index, name] of (config[set] ?? []).entries()) {
      if (capabilityNumber(name) !== undefined || places.has(name)) continue;
      places.set(name, `process.capabilities.${set}[${index}]`);
    }
  }
  return [...places].map(([name, path]) => {
    const suggestion = didYouMean(name, capabilityNames());
    return {
      path,
      found: JSON.stringify(name),
      message: `ignoring unknown or unavailable capabilities: [${name}]${suggestion}`,
    };
  });
}
