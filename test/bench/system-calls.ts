/** The number of system calls of a command, by thread. strace(1) counts them, which does not change the calls. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export const straceMissing = (): string | null =>
  Bun.which("strace") === null ? "strace is not installed, so system calls are not counted" : null;

/** `run` measures a command through `wrapper`. → the number of calls of each thread, in the order of their first calls. */
export function countCalls(run: (wrapper: string[]) => void): number[] {
  const directory = mkdtempSync(join(tmpdir(), "bunc-bench-"));
  const output = join(directory, "calls");
  try {
    // Lines about signals and exits are not calls. Strings may be short, because only lines are counted.
    run(["/usr/bin/strace", "-f", "-qq", "-s", "0", "-e", "signal=none", "-o", output]);
    return callsByThread(readFileSync(output, "utf8"));
  } finally {
    rmSync(directory, { recursive: true });
  }
}

/** Counts calls in the output of strace -f: one line per call, and a second one if another thread interrupted it. */
export function callsByThread(text: string): number[] {
  const calls = new Map<string, number>();
  for (const [, pid = ""] of text.matchAll(/^(\d+) +\w+\(/gm)) calls.set(pid, (calls.get(pid) ?? 0) + 1);
  return [...calls.values()];
}
