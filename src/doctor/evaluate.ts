/** Facts to findings, in the order in which they are shown. Pure. */

import { findCgroups } from "./cgroups.ts";
import type { DoctorFacts } from "./facts.ts";
import type { Finding } from "./finding.ts";
import { findPrivileges, findPrograms, findSecurity, findStart, findUserNamespaces } from "./host.ts";
import { findKernel } from "./kernel.ts";

/** All findings. */
export function evaluate(facts: DoctorFacts): Finding[] {
  return [
    ...findKernel(facts),
    ...findPrivileges(facts),
    ...findCgroups(facts),
    ...findSecurity(facts),
    ...findUserNamespaces(facts),
    ...findPrograms(facts),
    ...findStart(facts),
  ];
}

/** Whether a default container can run: the exit status. */
export function canRun(findings: readonly Finding[]): boolean {
  return findings.every(({ verdict }) => verdict !== "missing");
}
