/** A Failure of the core (zig/failure.zig) in runc's words. */

import { errnoText } from "./errno.ts";
import { RuntimeError, type RuntimeErrorDetails } from "./errors.ts";
import { type HintFacts, hintFor } from "./hints.ts";
import { holdsTriggerText, initOomKilled } from "./messages.ts";

/** zig/failure.zig: what was tried, on what, for which config path, and errno. */
export interface Failure {
  code: "system" | "protocol" | "died" | "unsafe_path" | "executable" | "hook" | "limit" | "timeout";
  stage: "library" | "parent" | "join" | "init";
  op: string;
  errno: number;
  subject: string;
  target: string;
  detail: string;
}

/** What the command knows about the things a Failure names by config path. */
export interface FailureContext {
  /** `init`: the first process of a container; `exec`: a further one; `other`: no process is being made. */
  process: "init" | "exec" | "other";
  mounts: readonly MountFacts[];
  /** process.cwd */
  workingDirectory: string;
  user: { uid: number; gid: number } | undefined;
  /** The kernel killed a process of the container's cgroup for want of memory. */
  oomKilled: boolean;
  rootless: boolean;
}

export interface MountFacts {
  destination: string;
  type: string;
  source: string;
  options: readonly string[];
}

/** For calls of the core that make no process: files, cgroups, signals. */
export const NO_PROCESS: FailureContext = {
  process: "other",
  mounts: [],
  workingDirectory: "",
  user: undefined,
  oomKilled: false,
  rootless: false,
};

/** The error to throw for a Failure. Its message lacks the command's own prefix (wrapCommandError). */
export function failureError(failure: Failure, context: FailureContext = NO_PROCESS): RuntimeError {
  const mount = mountOf(failure.subject, context);
  const inner = context.oomKilled ? initOomKilled().message : innerMessage(failure, context, mount);
  const facts: HintFacts = {
    failure,
    mountType: mount?.type,
    mountOptions: mount?.options ?? [],
    oomKilled: context.oomKilled,
    rootless: context.rootless,
  };
  return new RuntimeError(`${prefixFor(failure, context)}${inner}`, {
    step: failure.op,
    ...present("path", failure.target),
    ...present("subject", failure.subject),
    ...present("detail", failure.detail),
    ...present("hint", hintFor(facts)),
    ...(failure.errno === 0 ? {} : { errno: failure.errno }),
  });
}

/** runc says where it happened: while starting the process, and there, in the process itself. */
function prefixFor(failure: Failure, context: FailureContext): string {
  if (context.process === "other") return "";
  const inInit = context.process === "init" && failure.stage === "init";
  return `unable to start container process: ${inInit ? "error during container init: " : ""}`;
}

function innerMessage(failure: Failure, context: FailureContext, mount: MountFacts | undefined): string {
  switch (failure.code) {
    case "executable":
      return executableMessage(failure);
    case "hook":
      return hookMessage(failure);
    case "died":
      return withDetail(`${failure.op}: the process ended unexpectedly`, failure);
    case "timeout":
      return withDetail(`${operation(failure)}: timed out`, failure);
    case "limit":
      return withDetail(`${operation(failure)}: limit exceeded`, failure);
    case "protocol":
      return withDetail(`internal error: ${operation(failure)}`, failure);
    case "unsafe_path":
    case "system":
      return subjectMessage(failure, context, mount);
  }
}

/**
 * Go's os/exec: a missing program is one that PATH does not lead to. A program that is there but cannot be
 * executed (its interpreter is missing, its format unknown) fails in execve(2), which says so differently.
 */
function executableMessage(failure: Failure): string {
  const text = errnoText(failure.errno);
  if (failure.op.startsWith("exec")) return `exec ${failure.target}: ${text}`;
  const name = JSON.stringify(failure.target);
  if (failure.errno !== ENOENT) return `exec: ${name}: ${text}`;
  if (!failure.target.includes("/")) return `exec: ${name}: executable file not found in $PATH`;
  return `exec: ${name}: stat ${failure.target}: ${text}`;
}

/** `hooks.createRuntime[1]` → `error running createRuntime hook #1: exit status 1`. */
function hookMessage(failure: Failure): string {
  const [, kind, index] = /^hooks\.([A-Za-z]+)\[([0-9]+)\]/.exec(failure.subject) ?? [];
  const what = failure.errno === 0 ? failure.detail : `${operation(failure)}: ${errnoText(failure.errno)}`;
  return kind === undefined ? `error running hook: ${what}` : `error running ${kind} hook #${index}: ${what}`;
}

type SubjectMessage = (error: string, failure: Failure, context: FailureContext) => string;

/** Config path → how runc introduces a failure there. The first that matches is taken. */
const SUBJECT_MESSAGES: readonly (readonly [RegExp, SubjectMessage])[] = [
  [
    /^process\.cwd/,
    (_, f, c) =>
      `chdir to cwd (${JSON.stringify(c.workingDirectory)}) set in config.json failed: ${errnoText(f.errno)}`,
  ],
  [/^process\.capabilities\.bounding/, (error) => `unable to apply bounding set: ${error}`],
  [
    /^process\.capabilities\.ambient/,
    (_, f) => `can't raise ambient capability ${f.target}: ${errnoText(f.errno)}`,
  ],
  [/^process\.capabilities/, (error) => `unable to apply caps: ${error}`],
  [/^process\.user/, userMessage],
  [/^process\.rlimits/, (error) => `error setting rlimits for ready process: ${error}`],
  [/^process\.scheduler/, (error) => `error setting scheduler: ${error}`],
  [/^process\.ioPriority/, (error) => `failed to set io priority: ${error}`],
  [/^process\.apparmorProfile/, (error) => `unable to apply apparmor profile: ${error}`],
  [/^process\.selinuxLabel/, (error) => `can't set process label: ${error}`],
  [/^linux\.seccomp/, (error) => `unable to init seccomp: ${error}`],
  [/^linux\.devices/, (error) => `error creating device nodes: ${error}`],
  [/^linux\.maskedPaths/, (_, f) => `can't mask path ${JSON.stringify(f.target)}: ${errnoText(f.errno)}`],
  [
    /^linux\.readonlyPaths/,
    (_, f) => `can't make ${JSON.stringify(f.target)} read-only: ${errnoText(f.errno)}`,
  ],
  [/^linux\.rootfsPropagation/, (error) => `unable to apply root propagation flags: ${error}`],
  [/^linux\.netDevices/, (error) => `error creating network interfaces: ${error}`],
  [/^linux\.(cgroupsPath|resources)/, (error) => `unable to apply cgroup configuration: ${error}`],
  [/^linux\.intelRdt/, (error) => `unable to apply Intel RDT configuration: ${error}`],
  [/^root\.readonly/, (error) => `error setting rootfs as readonly: ${error}`],
  [
    /^root/,
    (error, f) =>
      f.op === "pivot_root"
        ? `error jailing process inside rootfs: ${error}`
        : `error preparing rootfs: ${error}`,
  ],
];

function subjectMessage(failure: Failure, context: FailureContext, mount: MountFacts | undefined): string {
  if (mount !== undefined) return mountMessage(failure, mount);
  const error = withDetail(operationFailed(failure), failure);
  const known = SUBJECT_MESSAGES.find(([subject]) => subject.test(failure.subject));
  return known === undefined ? error : known[1](error, failure, context);
}

function mountMessage(failure: Failure, mount: MountFacts): string {
  const source = mount.source === "" ? mount.type : mount.source;
  const introduction = `error mounting ${JSON.stringify(source)} to rootfs at ${JSON.stringify(mount.destination)}`;
  if (failure.code === "unsafe_path" && (mount.type === "proc" || mount.type === "sysfs")) {
    return `${introduction}: filesystem ${JSON.stringify(mount.type)} must be mounted on ordinary directory`;
  }
  return `${introduction}: ${withDetail(`${failure.op} src=${source}, dst=${mount.destination}: ${reason(failure)}`, failure)}`;
}

function userMessage(error: string, failure: Failure, context: FailureContext): string {
  if (failure.errno === EINVAL && context.user !== undefined) {
    if (/gid|groups/.test(failure.op)) {
      return `cannot setgid to unmapped gid ${context.user.gid} in user namespace`;
    }
    return `cannot setuid to unmapped uid ${context.user.uid} in user namespace`;
  }
  return `unable to setup user: ${error}`;
}

/** `mounts[3]` and what is below it: the mount. */
function mountOf(subject: string, context: FailureContext): MountFacts | undefined {
  const index = /^mounts\[([0-9]+)\]/.exec(subject)?.[1];
  return index === undefined ? undefined : context.mounts[Number(index)];
}

function operation(failure: Failure): string {
  return failure.target === "" ? failure.op : `${failure.op} ${failure.target}`;
}

function operationFailed(failure: Failure): string {
  return `${operation(failure)}: ${reason(failure)}`;
}

function reason(failure: Failure): string {
  if (failure.errno !== 0) return errnoText(failure.errno);
  return failure.code === "unsafe_path" ? "unsafe path in the container's root file system" : "failed";
}

/** The detail stands in the message only where no caller can misread it; the log record always has it. */
function withDetail(message: string, failure: Failure): string {
  return failure.detail === "" || holdsTriggerText(failure.detail)
    ? message
    : `${message} (${failure.detail})`;
}

function present<Key extends keyof RuntimeErrorDetails>(
  key: Key,
  value: string | undefined,
): RuntimeErrorDetails {
  return value === undefined || value === "" ? {} : { [key]: value };
}

const ENOENT = 2;
const EINVAL = 22;
