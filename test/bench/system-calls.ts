/** How many system calls a command makes, by thread: counted by strace(1), which does not change what is called. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export const straceMissing = (): string | null =>
  Bun.which("strace") === null ? "strace is not installed, so system calls are not counted" : null;

/** `run` has a command measured through `wrapper`. → the calls of each thread, in the order in which they made their first. */
export function countCalls(run: (wrapper: string[]) => void): number[] {
  const directory = mkdtempSync(join(tmpdir(), "bunc-bench-"));
  const output = join(directory, "calls");
  try {
    // Signals and exits are not calls, and their strings may be short.
    run(["/usr/bin/strace", "-f", "-qq", "-s", "0", "-e", "signal=none", "-o", output]);
    return callsByThread(readFileSync(output, "utf8"));
  } finally {
    rmSync(directory, { recursive: true });
  }
}

/** Of strace's output with -f: one line for each call, and a second one where another thread came between. */
export function callsByThread(text: string): number[] {
  const calls = new Map<string, number>();
  for (const [, pid = ""] of text.matchAll(/^(\d+) +\w+\(/gm)) calls.set(pid, (calls.get(pid) ?? 0) + 1);
  return [...calls.values()];
}
