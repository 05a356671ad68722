/** Which of the doctor's findings explains that a container's cgroup could not be made or limited. Pure. */

import type { RuntimeError } from "../errors.ts";
import { findPlace } from "./cgroups.ts";
import type { CgroupDoctorFacts } from "./facts.ts";

/** Findings about the whole place; the others are named after controllers. */
const PLACE = ["mode", "writable", "delegation"];

/** `facts` are those of the place concerned. "": the doctor finds nothing wrong there. */
export function diagnoseCgroup({ path = "", subject = "" }: RuntimeError, facts: CgroupDoctorFacts): string {
  const file = path.slice(path.lastIndexOf("/") + 1);
  // "memory.max"; a limit that was not written has only its config path: "linux.resources.memory.limit".
  const [controller = ""] = file.includes(".") ? file.split(".") : [];
  const [, resource = ""] = /^linux\.resources\.(\w+)/.exec(subject) ?? [];
  const names = new Set([...PLACE, controller, CONTROLLER_OF_RESOURCE[resource] ?? resource]);
  return findPlace(facts)
    .filter(({ name, verdict }) => verdict !== "ok" && names.has(name))
    .map(({ name, found, fix }) => `doctor: ${name}: ${found}; to mend it: ${fix}`)
    .join(". ");
}

/** Members of linux.resources that are not called like their controller. */
const CONTROLLER_OF_RESOURCE: Readonly<Record<string, string>> = {
  blockIO: "io",
  hugepageLimits: "hugetlb",
};
