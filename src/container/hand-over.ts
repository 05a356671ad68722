/** What a caller gets of a new process: its pid file, its terminal, its pidfd. */

import type { Spawned } from "../native/boundary.gen.ts";
import { native } from "../native/call.ts";

/** Where the caller wants them; undefined: nowhere. */
export interface HandOver {
  pidFile?: string | undefined;
  consoleSocket?: string | undefined;
  pidfdSocket?: string | undefined;
}

/** The name that goes with the terminal's master, as runc sends it. */
const CONSOLE_NAME = "/dev/ptmx";
const PIDFD_NAME = "pidfd";
const PID_FILE_MODE = 0o644;

/** A console that was handed over is the receiver's; `spawned` no longer has one. */
export function handOver(request: HandOver, spawned: Pick<Spawned, "pid" | "pidfd" | "console">): void {
  if (request.consoleSocket !== undefined && spawned.console !== null) {
    sendTo(request.consoleSocket, spawned.console, CONSOLE_NAME);
    native("close_fd", { fd: spawned.console });
    spawned.console = null;
  }
  if (request.pidfdSocket !== undefined) sendTo(request.pidfdSocket, spawned.pidfd, PIDFD_NAME);
  if (request.pidFile !== undefined) {
    // Decimal, no newline, written atomically: callers poll for it and parse its raw bytes.
    native("write_file", { path: request.pidFile, text: String(spawned.pid), mode: PID_FILE_MODE });
  }
}

/** `socket`: of a flag. */
function sendTo(socket: string, fd: number, payload: string): void {
  native("send_fd", { socket, subject: "", fd, payload });
}
