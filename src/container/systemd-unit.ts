/** The systemd unit of a container that has one. A part of its own (build/parts.ts): most containers have none. */

import type { CgroupLocation } from "../cgroup/paths.ts";
import { systemdResources } from "../cgroup/systemd/container.ts";
import { Systemd, type SystemdEnvironment } from "../cgroup/systemd/driver.ts";
import { currentHost } from "../host/current.ts";
import type { ResourcesConfig } from "../oci/resources.ts";
import type { StateRecord } from "../state/record.ts";

interface UnitUpdate {
  /** The resources as they are to be written to the cgroup's files. */
  resources: ResourcesConfig;
  /**
   * Tells systemd of them, so that it does not put back the old ones, and returns when it has carried them out. It
   * writes all files of a controller then, and of all controllers when one is new to the unit, with what it knows; it
   * has no period without a quota, for one. What stood in them has to be written once more, whether this update speaks
   * of it or not.
   */
  tell(): void;
  close(): void;
}

/** For new limits of a container that systemd manages. */
export function updateUnit(
  record: StateRecord,
  resources: ResourcesConfig,
  environment: SystemdEnvironment,
): UnitUpdate {
  const systemd = Systemd.connect(environment);
  const converted = systemdResources(currentHost().cgroup, resources, systemd);
  return {
    resources: converted.resources,
    tell() {
      systemd.setProperties(record.bunc.systemdUnit, converted.properties);
      systemd.settle();
    },
    close: () => systemd.close(),
  };
}

/**
 * Moves a process into one of a container's cgroups through systemd: a user may not move it, because only
 * root's cgroups contain both the user's session and services.
 */
export function attachThroughSystemd(
  record: StateRecord,
  { path }: CgroupLocation,
  pid: number,
  environment: SystemdEnvironment,
): void {
  const { systemdUnit } = record.bunc;
  const parts = path.split("/");
  const systemd = Systemd.connect(environment);
  systemd.attach(systemdUnit, parts.slice(parts.indexOf(systemdUnit) + 1).join("/"), [pid]);
  systemd.close();
}

/** With the cgroups that systemd has made for it. */
export function stopUnit(record: StateRecord, environment: SystemdEnvironment): void {
  const systemd = Systemd.connect(environment);
  systemd.stopUnit(record.bunc.systemdUnit);
  systemd.close();
}
