/** Runs the program to the point where it stops for its image to be taken (src/image.ts). */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";

/** Settings of Bun that become part of the image: a single thread, because an image cannot have more. */
const settings = {
  BUN_JSC_numberOfGCMarkers: "1",
  BUN_JSC_useConcurrentGC: "0",
  // Compiled regular expressions would go into the compiler's memory, which is not writable in a started process.
  BUN_JSC_useRegExpJIT: "0",
};

const POLL_MS = 5;
const PATIENCE_MS = 60_000;

/**
 * Runs the program `name` in `directory`, which sees only its own name, to the point where its image can be taken. `take`
 * gets the process id while the program is stopped; afterwards the program is killed.
 */
export async function withStoppedProgram<T>(
  directory: string,
  name: string,
  take: (pid: number) => T,
): Promise<T> {
  const setarch = Bun.which("setarch");
  if (setarch === null) throw new Error("setarch (util-linux) is not installed");
  // Without random addresses, and bottom-up: where no normally started process has memory.
  const command = [setarch, "--addr-no-randomize", "--addr-compat-layout", `./${name}`];
  return await withStopped(directory, command, settings, take);
}

/** The same for any command that stops itself. */
export async function withStopped<T>(
  directory: string,
  [program = "", ...args]: readonly string[],
  env: Record<string, string>,
  take: (pid: number) => T,
): Promise<T> {
  const child = spawn(program, args, { env, stdio: ["ignore", "ignore", "pipe"], cwd: directory });
  let complaint = "";
  child.stderr?.on("data", (text: Buffer) => {
    complaint += text.toString();
  });
  const ended = once(child, "exit");
  try {
    await stopped(child, () => complaint);
    return take(child.pid as number);
  } finally {
    child.kill("SIGKILL");
    await ended;
  }
}

async function stopped(child: ChildProcess, complaint: () => string): Promise<void> {
  if (child.pid === undefined) throw new Error("the program does not start");
  for (let waited_ms = 0; waited_ms < PATIENCE_MS; waited_ms += POLL_MS) {
    await Bun.sleep(POLL_MS);
    if (child.exitCode !== null || child.signalCode !== null) {
      throw new Error(`the program ended (${child.signalCode ?? child.exitCode}): ${complaint().trim()}`);
    }
    const state = readFileSync(`/proc/${child.pid}/stat`, "latin1").split(") ").at(-1)?.[0];
    if (state === "T") return;
  }
  throw new Error("the program does not finish");
}
