/**
 * What to do about a Failure, for the person who reads the log. A hint never holds a text that callers
 * match on (messages.ts, TRIGGER_TEXTS); hints.test.ts checks every one.
 */

import { errnoNumber } from "./errno.ts";
import type { Failure } from "./native/boundary.gen.ts";

export interface HintFacts {
  failure: Failure;
  /** File system type of the mount concerned. */
  mountType: string | undefined;
  mountOptions: readonly string[];
  oomKilled: boolean;
  rootless: boolean;
}

interface HintRule {
  /** The config path the failure belongs to. */
  subject?: RegExp;
  op?: RegExp;
  code?: Failure["code"];
  /** Names of errno values; none: any. */
  errno?: readonly string[];
  mountType?: readonly string[];
  /** Some mount option matches. */
  option?: RegExp;
  rootless?: boolean;
  oomKilled?: boolean;
  hint: string;
}

/** The first rule that fits gives the hint: the more exact ones stand first. */
export const HINT_RULES: readonly HintRule[] = [
  {
    oomKilled: true,
    hint: "raise linux.resources.memory.limit: the process was killed for want of memory before it started",
  },
  {
    code: "executable",
    op: /^exec/,
    errno: ["ENOENT"],
    hint: "the file is there, but the interpreter its first line or ELF header names is not: add it to the root file system",
  },
  {
    code: "executable",
    errno: ["ENOENT"],
    hint: "process.args[0] is looked up in the container's root file system, in the PATH of process.env",
  },
  {
    code: "executable",
    errno: ["EACCES"],
    hint: "process.args[0] needs execute permission for process.user, on a mount without noexec",
  },
  {
    code: "executable",
    errno: ["ENOEXEC"],
    hint: "the program is not for this machine's architecture, or a script without a #! line",
  },
  {
    code: "unsafe_path",
    hint: "a symbolic link in the image leads elsewhere: the mount needs a plain directory or file there",
  },
  {
    code: "hook",
    hint: "the hook's program gets the container's state on its standard input; run it by hand to see why it fails",
  },
  {
    mountType: ["devpts"],
    errno: ["EINVAL"],
    option: /^gid=/,
    hint: "the gid of the devpts option gid= is not mapped: add it to linux.gidMappings, or remove the option",
  },
  {
    mountType: ["proc", "sysfs"],
    errno: ["EPERM"],
    hint: "the host's own mount of this file system has masked or read-only parts, which a user namespace may not uncover: bind the host's mount instead, or run without a nested user namespace",
  },
  {
    mountType: ["sysfs"],
    errno: ["EACCES"],
    hint: "a user namespace may mount sysfs only with a network namespace of its own: add one, or bind /sys",
  },
  {
    mountType: ["cgroup", "cgroup2"],
    errno: ["EPERM", "EBUSY"],
    hint: 'a user namespace may mount cgroup only with a cgroup namespace of its own: add {"type": "cgroup"} to linux.namespaces',
  },
  {
    mountType: ["overlay"],
    errno: ["EINVAL"],
    hint: "upperdir and workdir must be on one file system that can hold overlay layers, and lowerdir must not overlap them",
  },
  {
    mountType: ["overlay"],
    errno: ["EPERM"],
    hint: "in a user namespace an overlay needs the option userxattr",
  },
  { mountType: ["mqueue"], errno: ["EPERM"], hint: "mqueue needs an ipc namespace of the container's own" },
  {
    subject: /^mounts/,
    errno: ["ENODEV"],
    hint: "the kernel has no such file system: load its module, or correct mounts[].type",
  },
  {
    subject: /^mounts/,
    errno: ["ENOENT"],
    hint: "the source of a bind mount must be there before the container is made",
  },
  { subject: /^mounts/, errno: ["EINVAL"], hint: "the file system refuses one of mounts[].options" },
  {
    subject: /^mounts/,
    errno: ["EPERM"],
    hint: "the mount needs privileges over its file system, or clears a flag that the host's mount has locked (nosuid, nodev, noexec, ro)",
  },
  {
    op: /^pivot_root$/,
    errno: ["EINVAL"],
    hint: "the root file system is on a ramdisk or on the host's root mount: use --no-pivot",
  },
  {
    // Of /proc/self/fd, which is there wherever /proc is.
    op: /^readlink$/,
    errno: ["ENOENT"],
    hint: "the proc file system is wanted for this: mount -t proc proc /proc",
  },
  {
    op: /^mknod/,
    errno: ["EPERM"],
    hint: "device nodes cannot be made in a user namespace: mount them from the host instead",
  },
  {
    subject: /^process\.user/,
    errno: ["EINVAL"],
    hint: "process.user is not mapped: extend linux.uidMappings and linux.gidMappings",
  },
  {
    subject: /^process\.user/,
    errno: ["EPERM"],
    hint: "supplementary groups need a gid mapping that newgidmap has written; without it leave process.user.additionalGids out",
  },
  {
    subject: /^process\.rlimits/,
    errno: ["EPERM"],
    hint: "raising a hard limit needs CAP_SYS_RESOURCE, which the caller of the runtime has not: lower process.rlimits[].hard",
  },
  {
    subject: /^process\.capabilities/,
    errno: ["EPERM"],
    hint: "a container cannot have more capabilities than the caller of the runtime: see CapBnd in /proc/self/status",
  },
  { subject: /^process\.cwd/, errno: ["EACCES"], hint: "process.user may not enter process.cwd" },
  {
    subject: /^process\.apparmorProfile/,
    errno: ["ENOENT"],
    hint: "load the profile first: apparmor_parser -r FILE",
  },
  {
    subject: /^linux\.sysctl/,
    errno: ["ENOENT"],
    hint: "the kernel has no such sysctl: is its module loaded?",
  },
  {
    subject: /^linux\.(cgroupsPath|resources)/,
    errno: ["EACCES", "EPERM", "EROFS"],
    rootless: true,
    hint: "the cgroup is not delegated to this user: run in a systemd user session with Delegate=yes, or leave limits and cgroupsPath out",
  },
  {
    subject: /^linux\.(cgroupsPath|resources)/,
    errno: ["ENOENT"],
    hint: "the controller is not enabled here: see cgroup.controllers of the parent cgroup",
  },
  {
    subject: /^linux\.(cgroupsPath|resources)/,
    errno: ["EBUSY"],
    hint: "cgroup v2 allows processes or enabled controllers in one cgroup, not both: choose a cgroupsPath without processes in its parents",
  },
  {
    subject: /^linux\.(namespaces|uidMappings|gidMappings)/,
    errno: ["EPERM", "ENOSPC", "EUSERS"],
    hint: "user namespaces may be restricted here: see /proc/sys/user/max_user_namespaces and kernel.apparmor_restrict_unprivileged_userns",
  },
  {
    subject: /^linux\.namespaces/,
    errno: ["ENOENT"],
    hint: "linux.namespaces[].path must name a namespace file, as /proc/PID/ns/net",
  },
  {
    subject: /^linux\.seccomp/,
    errno: ["EINVAL"],
    hint: "the kernel refuses the filter: a flag or action of the profile is newer than it",
  },
  {
    subject: /^linux\.seccomp/,
    op: /^connect/,
    hint: "the seccomp agent must listen on linux.seccomp.listenerPath before the container starts",
  },
  { code: "protocol", hint: "this is a fault in bunc: please report it with the whole log record" },
];

/** The hint for a Failure, if there is one. */
export function hintFor(facts: HintFacts): string | undefined {
  return HINT_RULES.find((rule) => fits(rule, facts))?.hint;
}

function fits(rule: HintRule, facts: HintFacts): boolean {
  const { failure } = facts;
  return (
    (rule.subject === undefined || rule.subject.test(failure.subject)) &&
    (rule.op === undefined || rule.op.test(failure.op)) &&
    (rule.code === undefined || rule.code === failure.code) &&
    (rule.errno === undefined || rule.errno.some((name) => errnoNumber(name) === failure.errno)) &&
    (rule.mountType === undefined || rule.mountType.includes(facts.mountType ?? "")) &&
    (rule.option === undefined || facts.mountOptions.some((option) => rule.option?.test(option))) &&
    (rule.rootless === undefined || rule.rootless === facts.rootless) &&
    (rule.oomKilled === undefined || rule.oomKilled === facts.oomKilled)
  );
}
