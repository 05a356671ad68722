/** Where the suites run: on this host, or in a test machine. */
import { chmodSync, cpSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { toolPath } from "../vm/availability.ts";
import { type Guest, GuestTimeoutError, guestScratch, guestShare, withGuest } from "../vm/guest.ts";
import { ownedDirectory } from "../vm/owned-directory.ts";

interface Finished {
  readonly output: string;
  readonly exitCode: number;
  /** Whether it was killed at its deadline. */
  readonly timedOut: boolean;
}

export interface Place {
  /** The path of a file or directory of the share in this place. */
  path(name: string): string;
  /** Runs a shell script with arguments as root; standard error is part of the output. */
  run(script: string, args: readonly string[], timeoutMs: number): Promise<Finished>;
  /** A directory for everyone, on a file system without mount flags. */
  readonly scratch: string;
}

/** Files and directories that are copied there, by their names in that place. */
export type Share = Readonly<Record<string, string>>;

export async function onHost<T>(share: Share, use: (place: Place) => Promise<T>): Promise<T> {
  const scratch = ownedDirectory(tmpdir(), "bunc-judges");
  // Containers with a user namespace must be able to read it.
  chmodSync(scratch, 0o755);
  try {
    return await use({ scratch, path: (name) => share[name] ?? name, run: runOnHost });
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

async function runOnHost(script: string, args: readonly string[], timeoutMs: number): Promise<Finished> {
  const child = Bun.spawn(["sh", "-c", `exec 2>&1\n${script}`, "sh", ...args], {
    stdio: ["ignore", "pipe", "ignore"],
    cwd: "/",
    env: { PATH: toolPath, HOME: "/root", LANG: "C.UTF-8", TERM: "dumb" },
  });
  let timedOut = false;
  const timer = setTimeout(() => {
    timedOut = true;
    child.kill("SIGKILL");
  }, timeoutMs);
  const output = await new Response(child.stdout).text();
  const exitCode = await child.exited;
  clearTimeout(timer);
  return { output, exitCode, timedOut };
}

/** Copies it so that the guest's ordinary user can read it: only its builder can read a product of the cache. */
function shareWithUser(source: string, target: string): void {
  cpSync(source, target, { recursive: true });
  if (statSync(target).isDirectory()) chmodSync(target, 0o755);
}

/** Like `withGuest`, but if the machine itself dies, `use` starts again in another guest, once. */
export async function inGuest<T>(share: Share, use: (place: Place) => Promise<T>): Promise<T> {
  const stage = mkdtempSync(join(tmpdir(), "bunc-judges-share-"));
  try {
    for (const [name, source] of Object.entries(share)) shareWithUser(source, join(stage, name));
    return await withGuest("judges", (guest) => use(placeIn(guest, share)), { share: stage });
  } finally {
    rmSync(stage, { recursive: true, force: true });
  }
}

function placeIn(guest: Guest, share: Share): Place {
  return {
    scratch: guestScratch,
    path: (name) => (name in share ? join(guestShare, name) : name),
    run: async (script, args, timeoutMs) => {
      const argv = ["sh", "-c", `exec 2>&1\n${script}`, "sh", ...args];
      try {
        const { stdout: output, exitCode } = await guest.run(argv, { cwd: "/", timeoutMs });
        return { output, exitCode, timedOut: false };
      } catch (error) {
        if (!(error instanceof GuestTimeoutError)) throw error;
        return { output: error.result.stdout, exitCode: error.result.exitCode, timedOut: true };
      }
    },
  };
}
