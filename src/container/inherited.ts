/** What the caller passes on to the container's process beside its stdio: descriptors and a terminal. */

import { consoleSocketNeedsTerminal, preservedFdMissing, terminalNeedsConsoleSocket } from "../messages.ts";
import { native } from "../native/call.ts";

/** The terminal of a process that outlives this command needs somebody to hold its master. */
export function checkTerminal(terminal: boolean, detach: boolean, consoleSocket: string | undefined): void {
  if (detach && terminal && consoleSocket === undefined) throw terminalNeedsConsoleSocket();
  if (!(detach && terminal) && consoleSocket !== undefined) throw consoleSocketNeedsTerminal();
}

/** LISTEN_FDS of the environment (sd_listen_fds(3)), and a check that the --preserve-fds are all open. */
export function inheritedDescriptors(preserveFds: number): { listenFds: number } {
  const listenFds = listenDescriptors();
  const first = 3 + listenFds;
  for (let fd = first; fd < first + preserveFds; fd++) {
    const open = native("resolve_path", { path: `/proc/self/fd/${fd}` }).path !== "";
    if (!open) throw preservedFdMissing(fd, fd - first, preserveFds);
  }
  return { listenFds };
}

/** They are ours only when LISTEN_PID says so. */
function listenDescriptors(): number {
  const { LISTEN_FDS, LISTEN_PID } = process.env;
  if (LISTEN_FDS === undefined || LISTEN_PID !== String(process.pid)) return 0;
  return /^[0-9]{1,5}$/.test(LISTEN_FDS) ? Number(LISTEN_FDS) : 0;
}
