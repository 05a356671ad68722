/** Why a container's cgroup could not be made or limited, if the facts show it. Pure. */

import type { RuntimeError } from "../failure/errors.ts";
import { ERRNO } from "../native/boundary.gen.ts";
import { findPlace } from "./cgroups.ts";
import type { CgroupDoctorFacts } from "./facts.ts";

/** The cgroup as the failure found it, before anything is undone. */
export interface RefusedCgroup {
  /** Names in the directory of the file or cgroup concerned; empty: there is no such directory. */
  files: readonly string[];
  /** Its cgroup.controllers; v2 only. */
  controllers: readonly string[];
  /** Its cgroup.subtree_control; with an entry it may not hold processes. v2 only. */
  passedOn: readonly string[];
}

/** `facts`: of the place in which the cgroup is made. "": the facts do not explain the error. */
export function diagnoseCgroup(
  error: RuntimeError,
  facts: CgroupDoctorFacts,
  refused: RefusedCgroup,
): string {
  switch (error.errno) {
    case ERRNO.ROFS:
      return findings(facts, ["writable"]);
    case ERRNO.ACCES:
    case ERRNO.PERM:
      return findings(facts, ["delegation"]);
    case ERRNO.BUSY:
      return refused.passedOn.length === 0
        ? ""
        : `the cgroup enables controllers for its children (${refused.passedOn.join(" ")}), so it cannot hold processes: choose another linux.cgroupsPath`;
    case ERRNO.NOENT:
      return whatIsMissing(error, facts, refused);
    case undefined:
      // No system call failed: there is no cgroup to write the limit to.
      if (error.path !== undefined || error.subject === undefined) return "";
      return findings(facts, [controllerOf(error)]) || findings(facts, ["delegation"]);
    default:
      return "";
  }
}

/** A file is not there, or already its directory. */
function whatIsMissing(error: RuntimeError, facts: CgroupDoctorFacts, refused: RefusedCgroup): string {
  const file = fileName(error.path);
  if (refused.files.length === 0 || refused.files.includes(file)) return findings(facts, ["mode"]);
  const sizes = hugePageSizes(refused.files);
  if (file.startsWith("hugetlb.") && sizes.length > 0)
    return `the sizes of huge pages here: ${sizes.join(", ")}`;
  const controller = controllerOf(error);
  if (controller === "") return "";
  const isV2 = facts.host.cgroup.mode === "v2";
  if (isV2 && !refused.controllers.includes(controller)) return findings(facts, [controller]);
  return `the ${controller} controller is there, but this kernel has no ${file}`;
}

function findings(facts: CgroupDoctorFacts, names: readonly string[]): string {
  return findPlace(facts)
    .filter(({ name, verdict }) => verdict !== "ok" && names.includes(name === "blkio" ? "io" : name))
    .map(({ name, found, fix }) => `doctor: ${name}: ${found}; to fix it: ${fix}`)
    .join(". ");
}

/** "memory.max"; a limit that was not written has only its config path: "linux.resources.memory.limit". */
function controllerOf({ path, subject = "" }: RuntimeError): string {
  const [controller, parameter] = fileName(path).split(".");
  if (parameter !== undefined) return controller === "cgroup" ? "" : (controller as string);
  const [, resource = ""] = /^linux\.resources\.(\w+)/.exec(subject) ?? [];
  return CONTROLLER_OF_RESOURCE[resource] ?? resource;
}

function fileName(path = ""): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

/** hugetlb.2MB.max, hugetlb.2MB.limit_in_bytes: "2MB". */
function hugePageSizes(files: readonly string[]): string[] {
  return files.flatMap((file) => /^hugetlb\.([^.]+)\.(?:max|limit_in_bytes)$/.exec(file)?.[1] ?? []).sort();
}

/** Members of linux.resources that are named differently from their controller. */
const CONTROLLER_OF_RESOURCE: Readonly<Record<string, string>> = {
  blockIO: "io",
  hugepageLimits: "hugetlb",
};
