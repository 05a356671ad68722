/** A Failure of the core (zig/failure.zig) in runc's words. */

import { capabilityName } from "../kernel/capability.ts";
import { errnoText } from "../kernel/errno.ts";
import { ERRNO, type Failure } from "../native/boundary.gen.ts";
import { type FailureContext, type MountFacts, NO_PROCESS } from "./context.ts";
import { RuntimeError } from "./errors.ts";
import { hintFor } from "./hints.ts";
import { CGROUPS_NOT_APPLIED, holdsTriggerText, initOomKilled } from "./messages.ts";

export { type FailureContext, NO_PROCESS } from "./context.ts";
export type { Failure };

/** The error to throw for a Failure. Its message lacks the command's own prefix (wrapCommandError). */
export function failureError(failure: Failure, context: FailureContext = NO_PROCESS): RuntimeError {
  const mount = mountOf(failure.subject, context);
  const inner = context.oomKilled ? initOomKilled().message : innerMessage(failure, context, mount);
  return new RuntimeError(`${prefixFor(failure, context)}${inner}`, {
    step: failure.op,
    path: failure.code === "died" ? undefined : present(failure.target),
    subject: present(failure.subject),
    detail: present(failure.detail),
    hint: hintFor({ failure, context, mount }),
    // With other codes, errno is left over from something earlier.
    errno: ERRNO_CODES.includes(failure.code) && failure.errno !== 0 ? failure.errno : undefined,
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
 * Go's os/exec: a missing program is one not found in PATH. A program that exists but cannot be executed (its
 * interpreter is missing, its format unknown) fails in execve(2), with other words.
 */
function executableMessage(failure: Failure): string {
  const text = errnoText(failure.errno);
  if (failure.op.startsWith("exec")) return `exec ${failure.target}: ${text}`;
  const name = JSON.stringify(failure.target);
  if (failure.errno === 0) return `exec: ${name}: ${failure.detail}`;
  if (failure.errno !== ERRNO.NOENT) return `exec: ${name}: ${text}`;
  if (!failure.target.includes("/")) return `exec: ${name}: executable file not found in $PATH`;
  return `exec: ${name}: stat ${failure.target}: ${text}`;
}

/** `hooks.createRuntime[1]` → `error running createRuntime hook #1: /hook: exit status 1 after 3 ms: its output`. */
function hookMessage(failure: Failure): string {
  const [, kind, index] = /^hooks\.([A-Za-z]+)\[([0-9]+)\]/.exec(failure.subject) ?? [];
  const error = failure.errno === 0 ? "" : `: ${errnoText(failure.errno)}`;
  const what = kind === undefined ? failure.op : `${kind} hook #${index}`;
  return `error running ${what}: ${failure.target}: ${failure.detail}${error}`;
}

type SubjectMessage = (error: string, failure: Failure, context: FailureContext) => string;

/** How runc introduces a failure, by config path and operation. The first that matches is taken. */
const subjectMessages = (): readonly (readonly [subject: RegExp, op: RegExp, message: SubjectMessage])[] => [
  [/^process$/, /^keyctl/, (error) => `unable to join session keyring: ${error}`],
  [
    /^process\.cwd/,
    /^chdir/,
    (_, f, c) =>
      `chdir to cwd (${JSON.stringify(c.workingDirectory)}) set in config.json failed: ${reason(f)}`,
  ],
  [/^process\.capabilities\.bounding/, ANY, (error) => `unable to apply bounding set: ${error}`],
  [
    /^process\.capabilities/,
    /AMBIENT_RAISE/,
    (_, f) =>
      `can't raise ambient capability ${capabilityName(Number(/[0-9]+/.exec(f.target)?.[0]))}: ${reason(f)}`,
  ],
  [/^process\.capabilities/, ANY, (error) => `unable to apply caps: ${error}`],
  [/^process\.user/, ANY, userMessage],
  [/^process\.rlimits/, ANY, (error) => `error setting rlimits for ready process: ${error}`],
  [/^process\.execCPUAffinity\.initial/, ANY, (error) => `error setting initial CPU affinity: ${error}`],
  [/^process\.execCPUAffinity/, ANY, (error) => `error setting final CPU affinity: ${error}`],
  [
    /^process\.scheduler/,
    ANY,
    (error, f, c) =>
      f.errno === ERRNO.PERM && c.limitsCpus
        ? "process scheduler can't be used together with AllowedCPUs"
        : `error setting scheduler: ${error}`,
  ],
  [/^process\.ioPriority/, ANY, (error) => `failed to set io priority: ${error}`],
  [/^process\.apparmorProfile/, ANY, (error) => `unable to apply apparmor profile: ${error}`],
  [/^process\.selinuxLabel/, ANY, (error) => `can't set process label: ${error}`],
  [
    /^(linux\.seccomp|annotations\["run\.oci\.seccomp\.receiver"\])/,
    /^(socket|connect|sendmsg)/,
    (error) => `failed to connect with seccomp agent specified in the seccomp profile: ${error}`,
  ],
  [/^linux\.seccomp/, ANY, (error) => `unable to init seccomp: ${error}`],
  [/^linux\.devices/, ANY, (error) => `error creating device nodes: ${error}`],
  [/^linux\.maskedPaths/, ANY, (_, f) => `can't mask path ${JSON.stringify(f.target)}: ${reason(f)}`],
  [/^linux\.readonlyPaths/, ANY, (_, f) => `can't make ${JSON.stringify(f.target)} read-only: ${reason(f)}`],
  [/^linux\.rootfsPropagation/, ANY, (error) => `unable to apply root propagation flags: ${error}`],
  [/^linux\.netDevices/, ANY, (error) => `error creating network interfaces: ${error}`],
  [/^linux\.(cgroupsPath|resources)/, ANY, (error) => `${CGROUPS_NOT_APPLIED}: ${error}`],
  [/^linux\.intelRdt/, ANY, (error) => `unable to apply Intel RDT configuration: ${error}`],
  [/^root\.readonly/, ANY, (error) => `error setting rootfs as readonly: ${error}`],
  [/^root/, /^(pivot_root|chroot|umount2)/, (error) => `error jailing process inside rootfs: ${error}`],
  [/^root/, ANY, (error) => `error preparing rootfs: ${error}`],
];

function subjectMessage(failure: Failure, context: FailureContext, mount: MountFacts | undefined): string {
  if (mount !== undefined) return mountMessage(failure, mount);
  const error = withDetail(operationFailed(failure), failure);
  const known = subjectMessages().find(
    ([subject, op]) => subject.test(failure.subject) && op.test(failure.op),
  );
  return known === undefined ? error : known[2](error, failure, context);
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
  if (failure.errno === ERRNO.INVAL && context.user !== undefined) {
    if (failure.op === "setresgid") {
      return `cannot setgid to unmapped gid ${context.user.gid} in user namespace`;
    }
    if (failure.op === "setresuid")
      return `cannot setuid to unmapped uid ${context.user.uid} in user namespace`;
  }
  return `unable to setup user: ${error}`;
}

/** `mounts[3]` and what is below it: the mount. */
function mountOf(subject: string, context: FailureContext): MountFacts | undefined {
  const entry = /^mounts\[[0-9]+\]/.exec(subject)?.[0];
  return context.mounts.find((mount) => mount.subject === entry);
}

function operation(failure: Failure): string {
  return failure.target === "" ? failure.op : `${failure.op} ${failure.target}`;
}

function operationFailed(failure: Failure): string {
  return `${operation(failure)}: ${reason(failure)}`;
}

/** The errno in words; for an unsafe path what is unsafe about it. */
function reason(failure: Failure): string {
  if (failure.code === "unsafe_path") return "unsafe path in the container's root file system";
  return failure.errno === 0 ? "failed" : errnoText(failure.errno);
}

/** The detail is in the message only if no caller can misread it; the log record always has it. */
function withDetail(message: string, failure: Failure): string {
  return failure.detail === "" || holdsTriggerText(failure.detail)
    ? message
    : `${message} (${failure.detail})`;
}

function present(text: string): string | undefined {
  return text === "" ? undefined : text;
}

const ANY = /(?:)/;
const ERRNO_CODES: readonly Failure["code"][] = ["system", "executable", "hook"];
