/**
 * The lock of a container that another command works on, which may wait for a hook, an agent or a program for ever. Only
 * `delete` comes here, and only when it found the lock taken.
 */

import { RuntimeError } from "../failure/errors.ts";
import { containerIsLocked } from "../failure/messages.ts";
import { native } from "../native/call.ts";
import type { StateRecord } from "../state/record.ts";
import type { StateDirectory } from "../state/store.ts";
import { killProcesses } from "./destroy.ts";

/** For a command to take back what it did, and to end. As long as runc waits for a killed init to be gone. */
const PATIENCE_MS = 10_000;
const PAUSE_MS = 10;

/** Throws "container does not exist", and where the lock does not come. */
export function waitForLock(directory: StateDirectory): void {
  if (!isLockedWithin(directory, () => {})) throw isLocked(directory, 1);
}

/**
 * Ends what the other command waits for: the container's processes. That ends a creation, which then takes back what it
 * has made and says so. A command that waits for something else is ended itself, with what it has started. False: the
 * container is gone.
 */
export function takeOver(directory: StateDirectory): boolean {
  try {
    if (isLockedWithin(directory, () => endProcesses(directory))) return true;
    const endHolder = () => native("end_lock_holder", { path: directory.path });
    if (isLockedWithin(directory, endHolder)) return true;
  } catch (error) {
    if (!directory.exists()) return false;
    throw error;
  }
  throw isLocked(directory, 2);
}

const isLocked = ({ id }: StateDirectory, waits: number) =>
  containerIsLocked(id, (waits * PATIENCE_MS) / 1000);

function isLockedWithin(directory: StateDirectory, meanwhile: () => void): boolean {
  const end = performance.now() + PATIENCE_MS;
  while (performance.now() < end) {
    if (directory.tryLock()) return true;
    meanwhile();
    Bun.sleepSync(PAUSE_MS);
  }
  return false;
}

/** Undefined: nothing is recorded yet, or the record is damaged, which is for later, under the lock. */
function readRecord(directory: StateDirectory): StateRecord | undefined {
  try {
    return directory.tryLoad();
  } catch (error) {
    if (error instanceof RuntimeError) return undefined;
    throw error;
  }
}

function endProcesses(directory: StateDirectory): void {
  const record = readRecord(directory);
  // Before there is a process, its cgroups may be somebody else's: whether they are in use is about to be looked at.
  if (record !== undefined && record.init_process_pid !== 0) killProcesses(record);
}
