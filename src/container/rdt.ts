/** The resctrl group (Intel RDT) of a container: for a new one, for a further process in it, and at its end. */

import { fileText } from "../cgroup/files.ts";
import { groupPath, monitoringPath, planRdt, rdtTasks } from "../cgroup/rdt.ts";
import { hasRdtResource, makeRdtGroup, removeRdtGroups, writeSchemata } from "../cgroup/rdt-group.ts";
import { join, rdtStats } from "../cgroup/stats/rdt.ts";
import { RuntimeError } from "../failure/errors.ts";
import { currentHost } from "../host/current.ts";
import type { Log } from "../log/log.ts";
import type { Placement } from "../native/boundary.gen.ts";
import { native } from "../native/call.ts";
import type { IntelRdtConfig } from "../oci/intel-rdt.ts";
import type { LinuxConfig } from "../oci/linux.ts";
import type { StateRecord } from "../state/record.ts";
import type { StateDirectory } from "../state/store.ts";
import type { UndoList } from "./undo-list.ts";

/** The members of a configuration that the group depends on. */
interface RdtConfig {
  linux: Pick<LinuxConfig, "intelRdt">;
}

interface NewRdt {
  config: RdtConfig;
  record: StateRecord;
  directory: StateDirectory;
  undo: UndoList;
  log: Log;
}

/**
 * Makes the group that the configuration asks for. Returns the tasks files for the container's first process.
 */
export function newRdtGroup({ config, record, directory, undo, log }: NewRdt): string[] {
  const { intelRdt } = config.linux;
  const { resctrl } = currentHost();
  // A missing resctrl is only a warning if no shares are asked for.
  if (intelRdt === undefined || resctrl === "") return [];
  const plan = planRdt(intelRdt, resctrl, record.id);
  const groups: string[] = [];
  record.intel_rdt_path = groupPath(plan);
  record.bunc.resctrlGroups = groups;
  undo.add(() => removeRdtGroupsOf(record));
  const { warnings } = makeRdtGroup(plan, (path) => {
    groups.push(path);
    directory.save(record);
  });
  log.warnings(warnings);
  return rdtTasks(groupPath(plan), monitoringPath(plan));
}

/** The tasks files for a further process. None if somebody has removed the group, as with runc. */
export function rdtTasksOf(record: StateRecord, config: RdtConfig): string[] {
  const { resctrl } = currentHost();
  const { intelRdt } = config.linux;
  if (intelRdt === undefined || resctrl === "" || record.intel_rdt_path === "") return [];
  const plan = planRdt(intelRdt, resctrl, record.id);
  const isThere = (group: string) => fileText({ mount: resctrl, path: group }, "cpus") !== undefined;
  if (!isThere(plan.group)) return [];
  const monitored = plan.monitoring !== "" && isThere(plan.monitoring);
  return rdtTasks(groupPath(plan), monitored ? monitoringPath(plan) : "");
}

/** The placement with these tasks files added. */
export function withTasks({ into, tasks }: Placement, more: readonly string[]): Placement {
  return { into, tasks: [...tasks, ...more] };
}

/** A change of a container's shares. */
export interface RdtChange {
  /** The members of `linux` that have changed. */
  changed: { intelRdt?: IntelRdtConfig };
  /** Writes the group's shares. Throws RuntimeError. */
  write(): void;
}

/**
 * For `update`: new shares of cache and bandwidth. Throws RuntimeError if the container or the host has none.
 */
export function changeRdt(
  record: StateRecord,
  { linux }: RdtConfig,
  { l3CacheSchema = "", memBwSchema = "" }: { l3CacheSchema?: string; memBwSchema?: string },
): RdtChange {
  if (l3CacheSchema === "" && memBwSchema === "") return { changed: {}, write() {} };
  const { resctrl } = currentHost();
  const isEnabled = (resource: "L3" | "MB") => resctrl !== "" && hasRdtResource(resctrl, resource);
  if (l3CacheSchema !== "" && !isEnabled("L3")) {
    throw new RuntimeError("Intel RDT/CAT: l3 cache schema is not enabled", {
      hint: notEnabledHint(resctrl),
    });
  }
  if (memBwSchema !== "" && !isEnabled("MB")) {
    throw new RuntimeError("Intel RDT/MBA: memory bandwidth schema is not enabled", {
      hint: notEnabledHint(resctrl),
    });
  }
  if (linux.intelRdt === undefined) {
    throw new RuntimeError("updating a non-existent Intel RDT configuration is not supported", {
      hint: "only a container whose config.json has linux.intelRdt is in a resctrl group",
    });
  }
  const intelRdt = {
    ...linux.intelRdt,
    ...(l3CacheSchema === "" ? {} : { l3CacheSchema }),
    ...(memBwSchema === "" ? {} : { memBwSchema }),
  };
  const { mount, group, schemata } = planRdt(intelRdt, resctrl, record.id);
  return { changed: { intelRdt }, write: () => writeSchemata(mount, group, schemata) };
}

function notEnabledHint(resctrl: string): string {
  return resctrl === ""
    ? "the resctrl file system is not mounted: mount -t resctrl resctrl /sys/fs/resctrl (Intel RDT CPUs)"
    : `the processor or the kernel's rdt= parameter has no such resource: see ${resctrl}/info`;
}

/** For `events`; empty where the container is in no resctrl group. */
export function rdtStatsOf(record: StateRecord, config: RdtConfig): object {
  const { resctrl } = currentHost();
  const { intelRdt } = config.linux;
  if (intelRdt === undefined || resctrl === "") return {};
  const { group, monitoring } = planRdt(intelRdt, resctrl, record.id);
  const monitored = monitoring === "" ? group : monitoring;
  const data = `${resctrl}/${join(monitored, "mon_data")}`;
  const domains = native("list_directory", { path: data }).entries.filter(({ directory }) => directory);
  return rdtStats(
    (path, file) => fileText({ mount: resctrl, path }, file),
    group,
    monitored,
    domains.map(({ name }) => name).sort(),
  );
}

/** Removes the groups that were made for a container. */
export function removeRdtGroupsOf(record: StateRecord): void {
  const { resctrlGroups = [] } = record.bunc;
  if (resctrlGroups.length > 0) removeRdtGroups(currentHost().resctrl, resctrlGroups);
}
