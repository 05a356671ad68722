/** A failed creation whose cgroups were the trouble gets what `doctor` finds about their place as a hint. */

import { type CgroupLocation, locationOf } from "../cgroup/paths.ts";
import { diagnoseCgroup } from "../doctor/diagnosis.ts";
import { gatherCgroupFacts } from "../doctor/gather.ts";
import { RuntimeError } from "../errors.ts";
import { CGROUPS_NOT_APPLIED } from "../messages.ts";

/** → the error to throw: with a longer hint, or as it is. Looks at this host, changes nothing. */
export function withCgroupDiagnosis(error: unknown, locations: readonly CgroupLocation[]): unknown {
  if (!(error instanceof RuntimeError) || !isAboutCgroups(error)) return error;
  const unified = locationOf(locations, "");
  const parent = unified?.path.slice(0, unified.path.lastIndexOf("/")) || "/";
  const diagnosis = diagnoseCgroup(error, gatherCgroupFacts(parent));
  if (diagnosis === "") return error;
  return error.withHint(error.hint === undefined ? diagnosis : `${error.hint}. ${diagnosis}`);
}

function isAboutCgroups({ message, subject = "" }: RuntimeError): boolean {
  return message.includes(CGROUPS_NOT_APPLIED) || /^linux\.(resources|cgroupsPath)\b/.test(subject);
}
