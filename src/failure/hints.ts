/**
 * What to do about a Failure, for the person who reads the log. A hint is given where its cause is certain:
 * errno and operation leave no other, or the configuration and the machine were checked. A hint never holds a
 * text that callers match on (messages.ts, TRIGGER_TEXTS).
 */

import { capabilityNumber } from "../kernel/capability.ts";
import { errnoNumber } from "../kernel/errno.ts";
import { type IdRange, isMapped } from "../kernel/id.ts";
import type { Failure } from "../native/boundary.gen.ts";
import { type FailureContext, type HintFacts, hasNamespace, isNewUserNamespace } from "./context.ts";
import { holdsTriggerText } from "./messages.ts";
import { mountHint } from "./mount-hints.ts";

interface HintRule {
  /** The config path the failure belongs to. */
  subject?: RegExp;
  op?: RegExp;
  /** None: system. */
  code?: Failure["code"];
  /** Names of errno values; none: any. */
  errno?: readonly string[];
  /** What was checked besides. */
  when?: (facts: HintFacts) => boolean;
  /** The hint; "": the cause is another. */
  hint: string | ((facts: HintFacts) => string);
}

/** The first rule that matches and has a hint wins. */
export const HINT_RULES: readonly HintRule[] = [
  {
    code: "executable",
    op: /^execve$/,
    errno: ["ENOENT"],
    // The file itself was found before.
    hint: "the file is there, but the interpreter that its first line or ELF header names is not: add it to the root file system",
  },
  { code: "executable", op: /^lookup$/, errno: ["ENOENT"], hint: whereItWasLookedFor },
  {
    code: "executable",
    op: /^execve$/,
    errno: ["ENOEXEC"],
    hint: "the kernel cannot run this file: is it for another architecture, or a script without a #! line?",
  },
  {
    code: "unsafe_path",
    when: ({ failure }) => failure.detail.includes("symbolic link"),
    hint: "a symbolic link in the image leads elsewhere: the mount needs a plain directory or file there",
  },
  {
    code: "hook",
    // Other programs that run like hooks (newuidmap) get nothing on standard input.
    subject: /^hooks\./,
    when: ({ failure }) => failure.detail.startsWith("exit status"),
    hint: "the hook's program gets the container's state on its standard input; run it by hand to see why it fails",
  },
  { subject: /^mounts\[/, hint: mountHint },
  {
    op: /^pivot_root$/,
    errno: ["EINVAL"],
    // pivot_root(2): the file system that the kernel starts with cannot be moved.
    when: ({ context }) => / - rootfs /.test(lastLineOf(context.host.text("/proc/self/mountinfo"), " / / ")),
    hint: "the host's root is the kernel's initial ramdisk, which pivot_root cannot replace: use --no-pivot",
  },
  {
    // Of /proc/self/fd, which is there wherever /proc is.
    op: /^readlink$/,
    errno: ["ENOENT"],
    when: ({ failure, context }) =>
      failure.target.startsWith("/proc/") && context.host.text("/proc/self/status") === "",
    hint: "this needs the proc file system: mount -t proc proc /proc",
  },
  {
    op: /^mknodat$/,
    errno: ["EPERM"],
    when: ({ context }) => hasNamespace(context, "user") || context.host.inUserNamespace,
    hint: "device nodes cannot be made in a user namespace: mount them from the host instead",
  },
  { subject: /^process\.user/, op: /^set/, errno: ["EINVAL"], hint: unmappedId },
  {
    subject: /^process\.user/,
    op: /^setgroups$/,
    errno: ["EPERM"],
    // user_namespaces(7): mapping only one's own id requires denying setgroups.
    when: ({ context }) =>
      context.host.euid !== 0 && isNewUserNamespace(context) && sizeOf(context.gidMappings) === 1,
    hint: "supplementary groups need a gid mapping that newgidmap has written; otherwise remove process.user.additionalGids",
  },
  { subject: /^process\.rlimits/, op: /^prlimit/, errno: ["EPERM"], hint: rlimitHint },
  { subject: /^process\.capabilities/, errno: ["EPERM"], hint: missingCapabilities },
  {
    subject: /^process\.cwd/,
    op: /^chdir$/,
    errno: ["EACCES"],
    hint: "process.user may not enter process.cwd",
  },
  {
    subject: /^process\.apparmorProfile/,
    op: /^write/,
    errno: ["ENOENT"],
    hint: "no such profile is loaded: apparmor_parser -r FILE",
  },
  {
    subject: /^linux\.sysctl/,
    op: /^open/,
    errno: ["ENOENT"],
    hint: "the kernel has no such sysctl: is its module loaded?",
  },
  {
    subject: /^linux\.(namespaces|uidMappings|gidMappings)/,
    errno: ["EPERM", "ENOSPC", "EUSERS"],
    hint: forbiddenNamespaces,
  },
  {
    subject: /^linux\.namespaces/,
    op: /^open$/,
    errno: ["ENOENT"],
    hint: "linux.namespaces[].path must name a namespace file, as /proc/PID/ns/net",
  },
  {
    // exec, or another container that joins them.
    subject: /^linux\.namespaces/,
    op: /^(stat|open)$/,
    errno: ["EACCES"],
    when: ({ failure, context }) => {
      const process = /^(\/proc\/\d+)\/ns\//.exec(failure.target)?.[1];
      return process !== undefined && context.host.text(`${process}/cmdline`).startsWith("bunc-init\0");
    },
    hint: "this container was not started yet, and until then its namespaces are closed to callers without CAP_SYS_PTRACE: start it first",
  },
  { subject: /^linux\.seccomp/, op: /^seccomp$/, errno: ["EINVAL"], hint: missingSeccompAction },
  {
    subject: /^linux\.seccomp/,
    op: /^connect/,
    errno: ["ENOENT", "ECONNREFUSED"],
    hint: "the seccomp agent must listen on linux.seccomp.listenerPath before the container starts",
  },
  {
    code: "protocol",
    when: ({ failure }) => failure.op !== "allocate",
    hint: "this is a fault in bunc: please report it with the whole log record",
  },
];

/** The hint for a Failure; undefined: there is none. */
export function hintFor(facts: HintFacts): string | undefined {
  const { oomKilled, oomLimit } = facts.context;
  if (oomKilled) {
    // Memory may have run out elsewhere, and not because of the container's limit.
    return oomLimit === ""
      ? undefined
      : `its cgroup reached the limit of ${oomLimit} bytes: raise linux.resources.memory.limit`;
  }
  for (const rule of HINT_RULES) {
    if (!fits(rule, facts)) continue;
    const hint = typeof rule.hint === "string" ? rule.hint : rule.hint(facts);
    // Texts of the configuration may contain anything.
    if (hint !== "" && !holdsTriggerText(hint)) return hint;
  }
  return undefined;
}

function fits(rule: HintRule, facts: HintFacts): boolean {
  const { failure } = facts;
  return (
    (rule.subject === undefined || rule.subject.test(failure.subject)) &&
    (rule.op === undefined || rule.op.test(failure.op)) &&
    (rule.code ?? "system") === failure.code &&
    (rule.errno === undefined || rule.errno.some((name) => errnoNumber(name) === failure.errno)) &&
    (rule.when === undefined || rule.when(facts))
  );
}

function whereItWasLookedFor({ failure, context }: HintFacts): string {
  if (failure.target === "") return "";
  if (failure.target.includes("/")) return "process.args[0] is looked up in the container's root file system";
  return context.searchPath === undefined
    ? "process.env has no PATH, in which process.args[0] would be looked up"
    : `process.args[0] is looked up in the container's root file system, in the PATH of process.env: ${context.searchPath}`;
}

function sizeOf(mappings: readonly IdRange[]): number {
  return mappings.reduce((sum, { size }) => sum + size, 0);
}

function unmappedId({ failure, context }: HintFacts): string {
  const { user, uidMappings, gidMappings } = context;
  if (user === undefined || !isNewUserNamespace(context)) return "";
  const isUid = failure.op === "setresuid";
  const ids = isUid ? [user.uid] : failure.op === "setgroups" ? (user.additionalGids ?? []) : [user.gid];
  const kind = isUid ? "uid" : "gid";
  const unmapped = ids.find((id) => !isMapped(id, isUid ? uidMappings : gidMappings));
  return unmapped === undefined ? "" : `${kind} ${unmapped} is in no range of linux.${kind}Mappings`;
}

function rlimitHint({ failure, context }: HintFacts): string {
  const index = /^process\.rlimits\[(\d+)\]/.exec(failure.subject)?.[1];
  const rlimit = index === undefined ? undefined : context.rlimits[Number(index)];
  const openMax = context.host.text("/proc/sys/fs/nr_open").trim();
  // getrlimit(2): nobody may exceed this one.
  if (rlimit?.type === "RLIMIT_NOFILE" && openMax !== "" && BigInt(rlimit.hard) > BigInt(openMax)) {
    return `the hard limit is above fs.nr_open (${openMax}): lower it, or raise that sysctl`;
  }
  if (!context.host.inUserNamespace && holdsCapability(context, "CapEff", "CAP_SYS_RESOURCE")) return "";
  return "raising a hard limit needs CAP_SYS_RESOURCE, which the runtime's caller lacks: lower process.rlimits[].hard";
}

/** `set`: of /proc/self/status. If it cannot be read, all capabilities are assumed. */
function holdsCapability({ host }: FailureContext, set: string, name: string): boolean {
  const mask = new RegExp(`^${set}:\\s*([0-9a-f]+)$`, "m").exec(host.text("/proc/self/status"))?.[1];
  const number = capabilityNumber(name);
  if (mask === undefined || number === undefined) return true;
  return ((BigInt(`0x${mask}`) >> BigInt(number)) & 1n) === 1n;
}

function missingCapabilities({ context }: HintFacts): string {
  // A new user namespace has all of them.
  if (isNewUserNamespace(context)) return "";
  const missing = [...new Set(context.capabilities)].filter(
    (name) => !holdsCapability(context, "CapBnd", name),
  );
  return missing.length === 0
    ? ""
    : `the runtime's caller lacks ${missing.join(", ")} (CapBnd in /proc/self/status), so its containers cannot have it either`;
}

/** Namespaces that this machine does not let us make, because their limit is 0. */
function forbiddenNamespaces({ failure, context }: HintFacts): string {
  const { host } = context;
  const kinds = [...context.namespaces.keys()].filter((type) => context.namespaces.get(type)?.path === null);
  if (failure.errno !== errnoNumber("EPERM")) {
    const none = kinds
      .map((type) => `user.max_${KERNEL_NAMES[type] ?? type}_namespaces`)
      .filter((name) => host.text(`/proc/sys/${name.replace(".", "/")}`).trim() === "0");
    return none.length === 0 ? "" : `the host allows no such namespace: ${none.join(", ")} is 0`;
  }
  if (host.euid === 0 || !kinds.includes("user")) return "";
  const switches = [
    ["kernel.unprivileged_userns_clone", "0"],
    ["kernel.apparmor_restrict_unprivileged_userns", "1"],
  ] as const;
  const found = switches.find(
    ([name, value]) => host.text(`/proc/sys/${name.replace(".", "/")}`).trim() === value,
  );
  return found === undefined
    ? ""
    : `the host denies user namespaces to ordinary users: ${found[0]} is ${found[1]}`;
}

/** Their names in sysctls, if they differ. */
const KERNEL_NAMES: Readonly<Record<string, string>> = { network: "net", mount: "mnt" };

function missingSeccompAction({ context }: HintFacts): string {
  const available = context.host.text("/proc/sys/kernel/seccomp/actions_avail").trim().split(/\s+/);
  if (available[0] === "") return "";
  const missing = [...new Set(context.seccompActions)].filter((action) => {
    const name = SECCOMP_KERNEL_NAMES[action];
    return name !== undefined && !available.includes(name);
  });
  return missing.length === 0
    ? ""
    : `this kernel has no ${missing.join(", ")}: its actions are ${available.join(" ")}`;
}

/** seccomp(2), /proc/sys/kernel/seccomp/actions_avail. */
const SECCOMP_KERNEL_NAMES: Readonly<Record<string, string>> = {
  SCMP_ACT_KILL: "kill_thread",
  SCMP_ACT_KILL_THREAD: "kill_thread",
  SCMP_ACT_KILL_PROCESS: "kill_process",
  SCMP_ACT_TRAP: "trap",
  SCMP_ACT_ERRNO: "errno",
  SCMP_ACT_TRACE: "trace",
  SCMP_ACT_ALLOW: "allow",
  SCMP_ACT_LOG: "log",
  SCMP_ACT_NOTIFY: "user_notif",
};

/** The last line with a text in it: a later mount covers an earlier one. */
function lastLineOf(text: string, part: string): string {
  return text.split("\n").findLast((line) => line.includes(part)) ?? "";
}
