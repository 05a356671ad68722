/**
 * How every new container begins, whether bunc-init or CRIU makes its processes: the claim on its id, and its
 * cgroups. Each step is added to the undo list.
 */

import type { MadeCgroups, PlacedCgroups, PlannedCgroups } from "../cgroup/manager.ts";
import { cgroupPaths } from "../cgroup/paths.ts";
import { currentHost } from "../host/current.ts";
import type { StateRecord } from "../state/record.ts";
import { ownStartTime } from "../state/status.ts";
import { StateDirectory, stateRoot } from "../state/store.ts";
import type { Bundle } from "./bundle.ts";
import type { ContainerContext } from "./context.ts";
import { removeRecordedCgroups } from "./destroy.ts";
import { initialRecord } from "./initial-record.ts";
import { UndoList } from "./undo-list.ts";

export interface Claim {
  directory: StateDirectory;
  /** Not saved yet. */
  record: StateRecord;
  /** Collects what undoes each step. */
  undo: UndoList;
}

interface ClaimRequest {
  id: string;
  bundle: Bundle;
  rootless: boolean;
  cgroups: PlannedCgroups;
}

/**
 * Takes the id and its lock, and makes the container with `body`. When that throws, everything in the undo list is
 * taken back; when it returns, `directory` is still locked. Throws "container with given ID already exists".
 */
export function claimContainer<Made>(
  { id, bundle, rootless, cgroups }: ClaimRequest,
  context: ContainerContext,
  body: (claim: Claim) => Made,
): Made {
  const root = stateRoot(context.root);
  const directory = new StateDirectory(root, id);
  directory.create(root);
  const undo = new UndoList(context.log);
  try {
    const record = initialRecord(id, bundle, {
      driver: context.driver,
      rootless,
      cgroupPaths: cgroupPaths(cgroups.claimed),
      streams: currentHost().streams,
      creator: ownProcess(),
    });
    return body({ directory, record, undo });
  } catch (error) {
    // The cgroups show what is wrong with them only while they exist.
    const told = diagnosed(error, cgroups);
    const undone = undo.run(() => directory.remove());
    if (!undone) context.log.warning(`container ${id} could not be removed completely: use delete --force`);
    directory.release();
    // Hooks may take long, and the lock is free meanwhile. If something is left, `delete` runs them.
    if (undone) undo.afterwards();
    throw told;
  }
}

function ownProcess(): { pid: number; startTime: number } {
  return { pid: process.pid, startTime: ownStartTime() };
}

function diagnosed(error: unknown, { locations }: PlannedCgroups): unknown {
  // Loaded after a failure only.
  const diagnosis: typeof import("./cgroup-diagnosis.ts") = require("./cgroup-diagnosis.ts");
  return diagnosis.withCgroupDiagnosis(error, locations);
}

/** Refuses cgroups that are in use, makes those that need no process, and records what there is now. */
export function makeRecordedCgroups(
  cgroups: PlannedCgroups,
  { record, undo }: Pick<Claim, "record" | "undo">,
): MadeCgroups {
  const made = cgroups.make();
  if (made.state === "standing") {
    record.cgroup_paths = cgroupPaths(made.locations);
    undo.add(() => removeRecordedCgroups(record));
  }
  return made;
}

/** systemd makes the unit, with its cgroup, around a process that does nothing yet; it is recorded then. */
export function placeRecordedCgroups(
  made: MadeCgroups,
  { record, undo }: Pick<Claim, "record" | "undo">,
  pid: number,
): PlacedCgroups {
  const placed = made.place(pid);
  if (made.state === "awaiting") {
    record.cgroup_paths = cgroupPaths(placed.locations);
    record.bunc.systemdUnit = placed.unit?.unit ?? "";
    record.bunc.systemdSlice = placed.unit?.slice ?? "";
    undo.add(() => removeRecordedCgroups(record));
  }
  return placed;
}
