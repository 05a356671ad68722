/** How bunc itself started (docs/decisions/0007-image.md). Pure. */

import type { StartKind } from "../host/start-record.ts";
import type { DoctorFacts } from "./facts.ts";
import { type Finding, finding, stated } from "./finding.ts";

const WHY_NOT: Readonly<Record<Exclude<StartKind, "image">, readonly [found: string, fix: string]>> = {
  none: ["this executable was built without an image", "a build that says nothing of a missing image"],
  asked: ["the normal one: the environment has BUNC_START=normal", "unset BUNC_START"],
  processor: [
    "the normal one: this processor lacks what the image was made with",
    "a build on a machine like this one",
  ],
  page_size: ["the normal one: memory has pages of another size here", "a build on a machine like this one"],
  memory: [
    "the normal one: the memory of the image cannot be mapped",
    "a higher limit of the address space (ulimit -v)",
  ],
  recording: ["the one of which the image is taken", "the executable that the build made of it"],
};

/** Run from its sources, bunc has no start record. */
export function findStart({ start }: DoctorFacts): Finding[] {
  if (start === undefined) return [];
  if (start === "image") return [stated("programs", "start", "from its image")];
  const [found, fix] = WHY_NOT[start];
  const without = "each command starts slower; all else is the same";
  return [finding("programs", "start", { ok: false, found, without, fix })];
}
