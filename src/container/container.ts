/** An existing container, found by its id. */

import { RuntimeError } from "../failure/errors.ts";
import { type ContainerStatus, containerDoesNotExist, containerIsCreated } from "../failure/messages.ts";
import type { StateRecord } from "../state/record.ts";
import { currentStatuses, type Recorded } from "../state/status.ts";
import { loadRecords, StateDirectory, stateRoot } from "../state/store.ts";
import type { ContainerContext } from "./context.ts";

/** A container with its record and its status when it was loaded. */
export interface Container {
  directory: StateDirectory;
  record: StateRecord;
  status: ContainerStatus;
}

/** Throws "container does not exist". */
export function openContainer(id: string, context: ContainerContext): Container {
  return loadContainer(new StateDirectory(stateRoot(context.root), id));
}

/** Throws "container does not exist", or what is wrong with the record. */
export function loadContainer(directory: StateDirectory): Container {
  const [container] = loadContainers([directory]);
  if (container instanceof Error) throw container;
  return container as Container;
}

/** The first of these containers, in a few calls of the core: each, or why it cannot be loaded. None only where none is given. */
export function loadContainers(directories: readonly StateDirectory[]): (Container | Error)[] {
  const records = loadRecords(directories);
  const recorded = records.flatMap((record, index) =>
    record === undefined || record instanceof Error
      ? []
      : [{ directory: directories[index] as StateDirectory, record }],
  );
  const statuses = currentStatuses(recorded);
  let next = 0;
  return records.map((record, index) => {
    if (record instanceof Error) return record;
    if (record === undefined) return containerDoesNotExist((directories[index] as StateDirectory).id);
    const container = recorded[next] as Recorded;
    const status = statuses[next++] as ContainerStatus | Error;
    return status instanceof Error ? status : { ...container, status };
  });
}

/** Runs `change` with the container locked and loaded under the lock. */
export async function changeContainer<Result>(
  id: string,
  context: ContainerContext,
  change: (container: Container) => Result | Promise<Result>,
): Promise<Result> {
  const directory = new StateDirectory(stateRoot(context.root), id);
  if (!directory.tryLock()) {
    // What its creation waits for may never come.
    if (loadContainer(directory).status === "creating") throw containerIsCreated(id);
    directory.lock();
  }
  try {
    return await change(loadContainer(directory));
  } finally {
    directory.release();
  }
}

/** Locks a container that may have been deleted meanwhile, or made anew under its id. False: it is not there any more. */
export function lockStill(directory: StateDirectory, record: StateRecord): boolean {
  if (!directory.lockIfThere()) return false;
  if (holds(directory, record)) return true;
  directory.release();
  return false;
}

function holds(directory: StateDirectory, record: StateRecord): boolean {
  const { init_process_pid: pid, init_process_start: start } = record;
  try {
    const now = directory.tryLoad();
    return now?.init_process_pid === pid && now.init_process_start === start;
  } catch (error) {
    // Damaged meanwhile: nothing says that it is another's.
    if (error instanceof RuntimeError) return true;
    throw error;
  }
}
