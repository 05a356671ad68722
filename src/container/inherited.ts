/** What the caller passes on to the container's process: descriptors, a terminal, its limit of open files. */

import {
  consoleSocketNeedsTerminal,
  listenFdMissing,
  preservedFdMissing,
  terminalNeedsConsoleSocket,
} from "../failure/messages.ts";
import { startRecord } from "../host/start-record.ts";
import { native } from "../native/call.ts";

/** If the process outlives this command, somebody else must hold its terminal's master. */
export function checkTerminal(terminal: boolean, detach: boolean, consoleSocket: string | undefined): void {
  if (detach && terminal && consoleSocket === undefined) throw terminalNeedsConsoleSocket();
  if (!(detach && terminal) && consoleSocket !== undefined) throw consoleSocketNeedsTerminal();
}

/**
 * LISTEN_FDS of the environment (sd_listen_fds(3)), checked with --preserve-fds: the caller must have all of
 * them open.
 */
export function inheritedDescriptors(preserveFds: number): { listenFds: number } {
  const listenFds = listenDescriptors();
  const first = 3 + listenFds;
  for (let fd = 3; fd < first; fd++) if (!isOpen(fd)) throw listenFdMissing(fd, listenFds);
  for (let fd = first; fd < first + preserveFds; fd++) {
    if (!isOpen(fd)) throw preservedFdMissing(fd, fd - first, preserveFds);
  }
  return { listenFds };
}

/** At the start, before Bun's own descriptors took the low numbers. */
function isOpen(fd: number): boolean {
  return startRecord?.isOpen(fd) ?? native("resolve_path", { path: `/proc/self/fd/${fd}` }).path !== "";
}

/** RLIMIT_NOFILE for a process whose config does not set it: what this one was started with. */
export function inheritedNoFile(): { soft: string; hard: string } | null {
  return startRecord?.noFile ?? null;
}

/** They are ours only when LISTEN_PID says so. */
function listenDescriptors(): number {
  const { LISTEN_FDS, LISTEN_PID } = process.env;
  if (LISTEN_FDS === undefined || LISTEN_PID !== String(process.pid)) return 0;
  return /^[0-9]{1,5}$/.test(LISTEN_FDS) ? Number(LISTEN_FDS) : 0;
}
