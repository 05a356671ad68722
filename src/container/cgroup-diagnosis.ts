/** Adds a hint to a failure of the container's cgroup, if the cgroup shows the reason. */

import { type CgroupLocations, locationOf } from "../cgroup/paths.ts";
import { diagnoseCgroup, type RefusedCgroup } from "../doctor/diagnosis.ts";
import { gatherCgroupFacts } from "../doctor/gather.ts";
import { RuntimeError } from "../failure/errors.ts";
import { CGROUPS_NOT_APPLIED } from "../failure/messages.ts";
import { hostText, namesIn } from "../host/files.ts";

/**
 * → the error to throw: with a longer hint, or as it is. Looks at this host, changes nothing; to be called before the
 * cgroups are removed. Never throws.
 */
export function withCgroupDiagnosis(error: unknown, locations: CgroupLocations): unknown {
  if (!(error instanceof RuntimeError) || !isAboutCgroups(error)) return error;
  try {
    const unified = locationOf(locations, "");
    const parent = unified?.path.slice(0, unified.path.lastIndexOf("/")) || "/";
    const diagnosis = diagnoseCgroup(error, gatherCgroupFacts(parent), look(error.path ?? ""));
    if (diagnosis === "") return error;
    return error.withHint(error.hint === undefined ? diagnosis : `${error.hint}. ${diagnosis}`);
  } catch {
    // A look at the host that fails must not hide why the command does.
    return error;
  }
}

function isAboutCgroups({ message, subject = "" }: RuntimeError): boolean {
  return message.includes(CGROUPS_NOT_APPLIED) || /^linux\.(resources|cgroupsPath)\b/.test(subject);
}

/** Names of the kernel's own files in a cgroup; a cgroup may be called "a.slice". */
const FILE =
  /^(?:cgroup|cpu|cpuacct|cpuset|memory|io|blkio|pids|hugetlb|rdma|misc|devices|freezer|net_cls|net_prio)\.|^tasks$/;

/** `path`: of a cgroup's file, or of a cgroup. */
function look(path: string): RefusedCgroup {
  const name = path.slice(path.lastIndexOf("/") + 1);
  const directory = FILE.test(name) ? path.slice(0, path.lastIndexOf("/")) : path;
  const words = (file: string) => hostText(`${directory}/${file}`).trim().split(" ").filter(isNotEmpty);
  return {
    files: namesIn(directory),
    controllers: words("cgroup.controllers"),
    passedOn: words("cgroup.subtree_control"),
  };
}

const isNotEmpty = (text: string) => text !== "";
