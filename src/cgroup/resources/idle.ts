/** An idle cgroup (cpu.idle) has no weight: the kernel refuses one with EINVAL. v1 and v2. Pure. */

import type { ResourcesConfig } from "../../oci/resources.ts";
import { type IgnoredResource, ignored, isSet } from "./setting.ts";

/** Files of `unified` that are the weight. */
export function isWeightFile(file: string): boolean {
  return file === "cpu.weight" || file === "cpu.weight.nice";
}

export function isIdle({ cpu, unified }: ResourcesConfig): boolean {
  const file = unified?.["cpu.idle"]?.trim();
  return file === undefined ? cpu?.idle === 1 : file === "1";
}

/** The weights that are left out. */
export function* ignoredWeights(resources: ResourcesConfig): Generator<IgnoredResource> {
  if (!isIdle(resources)) return;
  const { cpu, unified } = resources;
  const contradiction = (subject: string, field: string): IgnoredResource => ({
    ...ignored(subject, `unable to apply both ${field} and cpu.idle, an idle cgroup has no weight`),
    warn: true,
  });
  if (isSet(cpu?.shares)) yield contradiction("cpu.shares", "cpu.shares");
  for (const file of Object.keys(unified ?? {}).filter(isWeightFile)) {
    yield contradiction(`unified["${file}"]`, file);
  }
}
