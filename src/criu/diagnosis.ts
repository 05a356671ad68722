/** Why CRIU gave up: the last errors of its log, and what to do about those that are known. */

import { RuntimeError } from "../failure/errors.ts";
import { hostText } from "../host/files.ts";
import type { CriuError } from "./session.ts";

const ERRORS_SHOWN = 5;

interface Cause {
  log: RegExp;
  hint: string;
}

/** By the text of CRIU's messages. The first match counts. */
export const CAUSES: readonly Cause[] = [
  {
    log: /consider using --tcp-established/i,
    hint: "the container has open TCP connections: give --tcp-established",
  },
  {
    log: /consider using --shell-job|Can't lookup mount=.* path=\/dev\/(pts\/|tty)/i,
    hint: "a process uses a terminal from outside of the container: give --shell-job",
  },
  {
    log: /consider using (the )?--ext-unix-sk|external (unix )?socket is used|Unix socket \d+ without peer/i,
    hint: "a process is connected to a UNIX socket outside of the container: give --ext-unix-sk",
  },
  { log: /file locks are hold by dumping tasks/, hint: "a process holds a file lock: give --file-locks" },
  { log: /--link-remap|Can't create link remap/, hint: "an open file was unlinked: give --link-remap" },
  {
    log: /Can't lookup mount=/,
    hint: "a process has a file open that is outside of the container (a standard stream that is a file of the host?)",
  },
  {
    log: /doesn't have a proper root mount|No mapping for .* mountpoint|mnt: .*unreachable/,
    hint: "a mount is not in config.json (made after the start?): CRIU cannot tell where it comes from",
  },
  {
    log: /Unexpected rt vDSO/,
    hint: "this criu does not support this kernel: see `criu check`, or try a newer criu",
  },
  {
    log: /CONFIG_CHECKPOINT_RESTORE|kcmp.*Function not implemented/,
    hint: "the kernel needs CONFIG_CHECKPOINT_RESTORE",
  },
  {
    log: /(uffd|userfaultfd).*(not supported|not implemented|not permitted)/i,
    hint: "the kernel needs CONFIG_USERFAULTFD, and vm.unprivileged_userfaultfd or CAP_SYS_PTRACE",
  },
  {
    log: /(soft.?dirty|dirty.?track|mem(ory)? track).*(n't|not |off\b)/i,
    hint: "the kernel needs CONFIG_MEM_SOFT_DIRTY",
  },
  {
    log: /(iptables|nft).*No such file/,
    hint: "locking the network needs iptables or nftables on this host",
  },
  {
    log: /can't restore .*lsm|(apparmor|selinux).*(no such|can't|cannot|not loaded|fail)/i,
    hint: "the security profile of the checkpoint must be loaded here, or give --lsm-profile",
  },
];

/** `error` with what `logFile` says about it. `version`: of CRIU. */
export function explainFailure(
  error: CriuError,
  logFile: string,
  version: string,
  kernel: string,
): RuntimeError {
  const log = hostText(logFile);
  const text = log === "" ? error.session.output : log;
  const lines = lastErrors(`${error.detail ?? ""}\n${text}`);
  const cause = CAUSES.find(({ log: pattern }) => lines.some((line) => pattern.test(line)));
  const where = log === "" ? "" : `; its log is ${logFile}`;
  const hint = `${cause === undefined ? "" : `${cause.hint}; `}CRIU ${version} on Linux ${kernel}${where}`;
  return new RuntimeError(error.message, {
    step: error.step,
    errno: error.errno,
    path: log === "" ? undefined : logFile,
    detail: lines.length === 0 ? undefined : lines.join("\n"),
    hint,
    cause: error,
  });
}

/** The last lines that CRIU marks as errors, without their time stamps, each once. */
export function lastErrors(log: string): string[] {
  const errors = log.split("\n").flatMap((line) => /\bError \(.*/.exec(line)?.[0].trim() ?? []);
  return [...new Set(errors)].slice(-ERRORS_SHOWN);
}
