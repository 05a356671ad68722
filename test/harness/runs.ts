/**
 * The runs of `npm test` on this machine. Each holds a lock while it is alive, however it ends; what a dead run has left
 * behind, the next one removes.
 */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import {
  cgroupsOf,
  environmentOf,
  mountsOf,
  processesOf,
  processIds,
  removeLeaks,
  unmountAll,
  unmountNamed,
} from "./leaks.ts";
import { runVariable, sandboxPrefixOf } from "./run-name.ts";

const directoryPrefix = "bunc-run-";

const lockOf = (directory: string) => join(directory, "lock");

/** A lock held by a separate process, which ends with the process that started it. flock(1). */
class Lock {
  readonly #holder;

  private constructor(file: string) {
    const held = ["sh", "-c", "echo held && exec cat"];
    this.#holder = Bun.spawn(["flock", "--nonblock", "--no-fork", file, ...held], {
      stdin: "pipe",
      stdout: "pipe",
      stderr: "ignore",
    });
  }

  /** Undefined if another process holds it, or the file cannot be opened. */
  static async take(file: string): Promise<Lock | undefined> {
    const lock = new Lock(file);
    const { done } = await lock.#holder.stdout.getReader().read();
    return done ? undefined : lock;
  }

  async release(): Promise<void> {
    this.#holder.stdin.end();
    await this.#holder.exited;
  }
}

/** A run in progress. */
export class Run {
  /** For files of the run. */
  readonly directory: string;
  readonly name: string;
  readonly #lock: Lock;

  private constructor(directory: string, lock: Lock) {
    this.directory = directory;
    this.name = nameOf(directory);
    this.#lock = lock;
  }

  static async begin(): Promise<Run> {
    for (;;) {
      const directory = mkdtempSync(join(tmpdir(), directoryPrefix));
      const lock = await Lock.take(lockOf(directory));
      // Another run's sweep may remove the file before it is locked.
      if (lock !== undefined && existsSync(lockOf(directory))) return new Run(directory, lock);
      await lock?.release();
    }
  }

  /** Environment variables that mark its tests. */
  get environment(): Record<string, string> {
    return { [runVariable]: this.name };
  }

  /** Removes what it has left behind. → a line for each thing. */
  async end(): Promise<string[]> {
    let left = leftOf(this.name);
    // The last test's processes may still be exiting.
    for (let attempt = 0; left.length > 0 && attempt < 50; attempt++) {
      await Bun.sleep(20);
      left = leftOf(this.name);
    }
    removeAll(this.name);
    rmSync(this.directory, { recursive: true, force: true });
    await this.#lock.release();
    return left;
  }
}

const nameOf = (directory: string) => basename(directory).slice(directoryPrefix.length);

/** Removes what runs that ended without cleaning up have left behind. → a line for each thing. */
export async function sweepDeadRuns(): Promise<string[]> {
  const removed: string[] = [];
  for (const entry of readdirSync(tmpdir()).filter((name) => name.startsWith(directoryPrefix))) {
    const directory = join(tmpdir(), entry);
    // A missing lock file proves nothing.
    if (!existsSync(lockOf(directory))) continue;
    const lock = await Lock.take(lockOf(directory));
    if (lock === undefined) continue;
    const name = nameOf(directory);
    removed.push(...leftOf(name));
    removeAll(name);
    rmSync(directory, { recursive: true, force: true });
    await lock.release();
  }
  return removed;
}

/** Everything of a run's sandboxes, whichever test made it. */
function leftOf(run: string): string[] {
  const prefix = sandboxPrefixOf(run);
  return [
    ...processesOfRun(run).map((pid) => `process ${pid}`),
    ...mountsOf(prefix).map((line) => `mount ${line}`),
    ...cgroupsOf(prefix).map((path) => `cgroup ${path}`),
    ...directoriesOf(run),
    ...usersOf(run).map((user) => `user ${user}`),
  ];
}

function removeAll(run: string): void {
  const prefix = sandboxPrefixOf(run);
  removeLeaks(prefix, () => processesOfRun(run));
  for (const user of usersOf(run)) {
    // A systemd session may have been started for the user.
    if (Bun.which("loginctl") !== null)
      Bun.spawnSync(["loginctl", "disable-linger", user], { stderr: "ignore" });
    Bun.spawnSync(["userdel", "--force", user], { stderr: "ignore" });
  }
  unmountNamed(prefix);
  // Never remove files through a mount: it may lead to the host's own.
  for (const directory of directoriesOf(run))
    if (unmountAll(directory)) rmSync(directory, { recursive: true, force: true });
}

/** Processes that carry the name of a sandbox, and the tests themselves. */
const processesOfRun = (run: string): number[] => [
  ...new Set([
    ...processesOf(sandboxPrefixOf(run)),
    ...processIds().filter((pid) => environmentOf(pid).includes(`${runVariable}=${run}`)),
  ]),
];

const directoriesOf = (run: string): string[] =>
  readdirSync(tmpdir())
    .filter((name) => name.startsWith(sandboxPrefixOf(run)))
    .map((name) => join(tmpdir(), name));

/** Users made by tests have the sandbox's name as their comment. */
const usersOf = (run: string): string[] =>
  readFileSync("/etc/passwd", "utf8")
    .split("\n")
    .map((line) => line.split(":"))
    .filter(([, , , , comment]) => comment?.startsWith(sandboxPrefixOf(run)))
    .map(([user = ""]) => user);
