/** The standard streams of a process: a terminal of its own, pipes that bunc carries on, or the caller's. */

import type { HostFacts } from "../host/host.ts";
import type { Stdio, Streams } from "../native/boundary.gen.ts";
import type { ProcessConfig } from "../oci/process.ts";
import type { ProcessOptions } from "./context.ts";

/** ioctl_tty(2), struct winsize. */
const TERMINAL_SIZE_MAX = 0xffff;

/** For a process that uses none, or a terminal. */
export const KEPT_STREAMS: Streams = { stdin: "kept", stdout: "kept", stderr: "kept" };

/** Terminal or streams, as the process and the caller ask for. */
export function planStdio(process: ProcessConfig, host: HostFacts, options: ProcessOptions): Stdio {
  const { terminal, consoleSize } = process;
  const sized = terminal && consoleSize !== undefined && consoleSize.height > 0 && consoleSize.width > 0;
  return {
    terminal,
    rows: sized ? Math.min(Number(consoleSize.height), TERMINAL_SIZE_MAX) : 0,
    columns: sized ? Math.min(Number(consoleSize.width), TERMINAL_SIZE_MAX) : 0,
    preserve_fds: options.listenFds + options.preserveFds,
    streams: terminal ? KEPT_STREAMS : planStreams(options.foreground, host.streams),
    owner_uid: process.user.uid,
  };
}

/**
 * A process that outlives this command needs the caller's streams themselves. `streams`: HostFacts.streams of the
 * command. The null device is not carried: it is replaced by the container's own.
 */
export function planStreams(foreground: boolean, streams: readonly string[]): Streams {
  if (!foreground) return { stdin: "given", stdout: "given", stderr: "given" };
  const [stdin, stdout, stderr] = streams.map((stream) => stream !== "" && stream !== "/dev/null");
  return {
    stdin: stdin ? "relayed" : "kept",
    stdout: stdout ? "relayed" : "kept",
    stderr: !stderr ? "kept" : stdout && streams[2] === streams[1] ? "with_stdout" : "relayed",
  };
}
