/**
 * The texts that callers of an OCI runtime search for. They are part of runc's interface: containerd,
 * Docker, Podman, CRI-O and BuildKit decide by them what has happened, and with which status they exit.
 * No other module writes them.
 */

import { errnoNumber, errnoText } from "../kernel/errno.ts";
import { ERRNO } from "../native/boundary.gen.ts";
import { RuntimeError } from "./errors.ts";

/**
 * Texts that clients look for anywhere in our output (Docker and Podman: exit status 126 or 127; containerd
 * and CRI-O: the container is gone). A hint or detail that held one would be misread.
 */
const TRIGGER_TEXTS = [
  "permission denied",
  "operation not permitted",
  "no such file or directory",
  "no such process",
  "does not exist",
  "is a directory",
  "not a directory",
  "executable file not found",
  "system cannot find the file specified",
  "open executable",
  "process already finished",
  "container not running",
  "invalid process",
  "/attr",
] as const;

/** Whether a client would find one of the texts in it; case does not matter. */
export function holdsTriggerText(text: string): boolean {
  const lower = text.toLowerCase();
  return TRIGGER_TEXTS.some((trigger) => lower.includes(trigger));
}

/**
 * Part of every error about a container's cgroups; src/container/cgroup-diagnosis.ts recognizes them by it.
 */
export const CGROUPS_NOT_APPLIED = "unable to apply cgroup configuration";

export type ContainerStatus = "creating" | "created" | "running" | "paused" | "stopped";

export const containerDoesNotExist = (id: string) =>
  new RuntimeError("container does not exist", { path: id });

export const containerExists = (id: string) =>
  new RuntimeError("container with given ID already exists", {
    path: id,
    hint: `choose another id, or remove the old container: delete ${id}`,
  });

/** A change of a container whose `create` is at work. */
export const containerIsCreated = (id: string) =>
  new RuntimeError(`container ${id} is being created`, {
    path: id,
    hint: "wait for its create to end, or end it with delete --force",
  });

/** `delete` has waited for another command on the container. */
export const containerIsLocked = (id: string, seconds: number) =>
  new RuntimeError(`container ${id} is in use: another command has held it for ${seconds} s`, {
    path: id,
    hint: "look for a runtime process that works on this container, and end it",
  });

export const containerNotRunning = () => new RuntimeError("container not running");

export const containerNotPaused = () => new RuntimeError("container not paused");

export const cgroupNotEmpty = (path: string, processes: number) =>
  new RuntimeError(`container's cgroup is not empty: ${processes} process(es) found`, {
    path,
    hint: "another container or service uses this cgroup: choose another linux.cgroupsPath",
  });

/** `path`: what is frozen, the container's cgroup or one above it. */
export const cgroupFrozen = (path: string) =>
  new RuntimeError("container's cgroup unexpectedly frozen", {
    path,
    hint: `thaw ${path} first: write 0 to its cgroup.freeze (v2) or THAWED to its freezer.state (v1)`,
  });

/** `start` of a container that is not in the created state. */
export function cannotStart(status: ContainerStatus): RuntimeError {
  if (status === "stopped") return new RuntimeError("cannot start a container that has stopped");
  if (status === "running") return new RuntimeError("cannot start an already running container");
  return new RuntimeError(`cannot start a container in the ${status} state`);
}

export const cannotDelete = (id: string, status: ContainerStatus) =>
  new RuntimeError(`cannot delete container ${id} that is not stopped: ${status}`, {
    hint: "delete --force kills it first",
  });

/** `exec` in a container that is not there for it. */
export function cannotExec(status: "creating" | "stopped" | "paused"): RuntimeError {
  // Its root is the host's until it has been created.
  if (status === "creating") return new RuntimeError("cannot exec in a container that is being created");
  if (status === "stopped") return new RuntimeError("cannot exec in a stopped container");
  return new RuntimeError("cannot exec in a paused container (use --ignore-paused to override)");
}

export const cannotCheckpoint = (status: ContainerStatus) =>
  new RuntimeError(`Container cannot be checkpointed in ${status} state`);

export const specificationNotFound = (path: string) =>
  new RuntimeError(`JSON specification file ${path} not found`, {
    path,
    hint: "name the bundle directory with --bundle, or make a config.json with the spec command",
  });

export const specificationExists = (path: string) =>
  new RuntimeError(`File ${path} exists. Remove it first`, { path });

export const execArgumentsEmpty = () => new RuntimeError("exec args cannot be empty");

export const cwdNotAbsolute = (found: string) =>
  new RuntimeError("Cwd must be an absolute path", { path: found, subject: "process.cwd" });

export const terminalNeedsConsoleSocket = () =>
  new RuntimeError("cannot allocate tty if runc will detach without setting console socket", {
    hint: "set process.terminal to false, or give --console-socket",
  });

export const consoleSocketNeedsTerminal = () =>
  new RuntimeError("cannot use console socket if runc will not detach or allocate tty", {
    hint: "set process.terminal to true and detach, or remove --console-socket",
  });

export const preservedFdMissing = (fd: number, index: number, count: number) =>
  new RuntimeError(`unable to stat preserved-fd ${index} (of ${count}): ${errnoText(ERRNO.NOENT)}`, {
    path: `/proc/self/fd/${fd}`,
    errno: ERRNO.NOENT,
    hint: `--preserve-fds ${count} needs the caller to leave file descriptor ${fd} open`,
  });

export const workingDirectoryDeleted = () =>
  new RuntimeError(`getwd: ${errnoText(ERRNO.NOENT)}`, {
    errno: ERRNO.NOENT,
    hint: "the working directory has been deleted; --bundle names a directory that holds a config.json",
  });

export const listenFdMissing = (fd: number, count: number) =>
  new RuntimeError(`unable to pass on socket ${fd - 3} (of ${count}): ${errnoText(ERRNO.BADF)}`, {
    path: `/proc/self/fd/${fd}`,
    errno: ERRNO.BADF,
    hint: `LISTEN_FDS=${count} needs the caller to leave file descriptor ${fd} open`,
  });

export const initOomKilled = () =>
  new RuntimeError("container init was OOM-killed (memory limit too low?)", {
    hint: "raise linux.resources.memory.limit",
  });

/** Go's os.PathError: `open /x: permission denied`. */
export function systemCallFailed(operation: string, path: string, errno: number): RuntimeError {
  const subject = path === "" ? operation : `${operation} ${path}`;
  return new RuntimeError(`${subject}: ${errnoText(errno)}`, { step: operation, path, errno });
}

/** Anything that was thrown, as a RuntimeError; Bun's and Node's system errors in Go's words. */
export function asRuntimeError(error: unknown): RuntimeError {
  if (error instanceof RuntimeError) return error;
  if (!(error instanceof Error)) return new RuntimeError(String(error));
  const { code, syscall, path } = error as Error & { code?: unknown; syscall?: unknown; path?: unknown };
  const errno = typeof code === "string" ? errnoNumber(code) : undefined;
  if (errno === undefined || typeof syscall !== "string")
    return new RuntimeError(error.message, { cause: error });
  return systemCallFailed(syscall, typeof path === "string" ? path : "", errno);
}

/**
 * `run` in the foreground, when execve(2) refuses the program (its interpreter is missing, its format unknown): runc's
 * init says so on the container's standard error and exits with 255. Other errors are left as they are.
 */
export function inForeground(error: unknown): unknown {
  if (!(error instanceof RuntimeError) || error.step !== "execve" || error.errno === undefined) return error;
  return error.forProgram(`exec ${error.path}: ${errnoText(error.errno)}`, 255);
}

/** What runc puts before the message of a failed command, and the exit status that goes with it. */
export function wrapCommandError(verb: string, error: unknown): RuntimeError {
  const inner = asRuntimeError(error);
  if (inner.inPlaceOfProgram) return inner;
  switch (verb) {
    case "create":
    case "run":
      return inner.wrap(`runc ${verb} failed: ${inner.message}`);
    case "exec":
      return inner.wrap(`exec failed: ${inner.message}`, 255);
    default:
      return inner;
  }
}
