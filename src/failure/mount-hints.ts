/** Hints for mounts that the kernel refused. hints.ts says what a hint must be. */

import { errnoName } from "../kernel/errno.ts";
import { isMapped } from "../kernel/id.ts";
import {
  type FailureContext,
  type HintFacts,
  hasNamespace,
  isNewUserNamespace,
  type MountFacts,
} from "./context.ts";
import { didYouMean } from "./suggestion.ts";

/** "": nothing that was checked explains it. */
export function mountHint(facts: HintFacts): string {
  const { failure, mount, context } = facts;
  if (mount === undefined || failure.code !== "system") return "";
  switch (errnoName(failure.errno)) {
    case "ENODEV":
      return failure.op === "fsopen" ? missingFileSystem(mount, context) : "";
    case "ENOENT":
      return failure.op === "open_tree" && failure.target === mount.source
        ? "the source of a bind mount must exist before the container is made"
        : "";
    case "EINVAL":
      return failure.op === "fsconfig" ? refusedOption(mount, context) : "";
    case "EPERM":
      return isInUserNamespace(context) ? forbiddenInUserNamespace(mount, facts) : "";
    default:
      return "";
  }
}

function missingFileSystem({ type }: MountFacts, { host }: FailureContext): string {
  const known = host.text("/proc/filesystems");
  if (known === "" || known.split("\n").some((line) => line.split("\t")[1] === type)) return "";
  return `the kernel has no file system ${JSON.stringify(type)} (/proc/filesystems): load its module, or correct mounts[].type`;
}

/** Words that are not mount options go to the file system, misspelt options among them. */
function refusedOption({ type, data }: MountFacts, context: FailureContext): string {
  if (type === "devpts" && isNewUserNamespace(context)) {
    for (const { key: kind, value } of data) {
      if ((kind !== "uid" && kind !== "gid") || value === null || !/^\d+$/.test(value)) continue;
      const mappings = kind === "uid" ? context.uidMappings : context.gidMappings;
      if (isMapped(Number(value), mappings)) continue;
      return `the ${kind} of the devpts option ${kind}=${value} is in no range of linux.${kind}Mappings: add it there, or remove the option`;
    }
  }
  const known = context.mountOptionNames();
  for (const { key, value } of data) {
    const suggestion = value === null ? didYouMean(key, known) : "";
    if (suggestion !== "") return `${JSON.stringify(key)} is not a mount option${suggestion}`;
  }
  return "";
}

function isInUserNamespace(context: FailureContext): boolean {
  return hasNamespace(context, "user") || context.host.inUserNamespace;
}

/** mount_namespaces(7), user_namespaces(7): which namespace must be the container's own for a file system. */
const OWN_NAMESPACE: Readonly<Record<string, string>> = {
  sysfs: "network",
  proc: "pid",
  mqueue: "ipc",
  cgroup: "cgroup",
  cgroup2: "cgroup",
};

function forbiddenInUserNamespace({ type }: MountFacts, { failure, context }: HintFacts): string {
  const needed = OWN_NAMESPACE[type];
  const joined = needed === undefined ? undefined : context.namespaces.get(needed)?.path;
  // Here the kernel requires rights over that namespace; fsmount(2) fails because of the host's mounts.
  const asks =
    failure.op === (type === "sysfs" ? "fsopen" : "fsconfig") && !failure.detail.startsWith("option");
  if (joined && asks) {
    return `in a user namespace ${type} needs a ${needed} namespace that belongs to it, which the one at ${joined} does not`;
  }
  if (needed !== undefined && !hasNamespace(context, needed)) {
    return `in a user namespace ${type} needs a new ${needed} namespace as well: add {"type": "${needed}"} to linux.namespaces`;
  }
  if (type !== "proc" && type !== "sysfs") return "";
  const covered = coveredPart(type, context.host.text("/proc/self/mountinfo"));
  return covered === ""
    ? ""
    : `${covered} of the host is masked or read-only, which a user namespace may not uncover: bind the host's mount instead, or run without a nested user namespace`;
}

/** Directories that the kernel keeps empty as mount points: a mount there covers nothing. */
const MOUNT_POINTS_OF_KERNEL =
  /^\/proc\/sys\/fs\/binfmt_misc|^\/sys\/(?:fs\/(?:cgroup|bpf|pstore|selinux|smackfs|fuse\/connections|resctrl)|kernel\/(?:debug|tracing|security|config)|firmware\/efi\/efivars)/;

/** A mount point on the host that covers a part of its proc or sysfs; "": none. */
function coveredPart(type: "proc" | "sysfs", mountinfo: string): string {
  const top = type === "proc" ? "/proc" : "/sys";
  for (const line of mountinfo.split("\n")) {
    const [, , , , point = "", options = ""] = line.split(" ");
    if (point.startsWith(`${top}/`) && !MOUNT_POINTS_OF_KERNEL.test(point)) return point;
    if (point === top && options.split(",").includes("ro")) return point;
  }
  return "";
}
