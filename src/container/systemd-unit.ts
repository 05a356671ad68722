/** The systemd unit of a container that has one. A part of its own (build/parts.ts): most containers have none. */

import type { CgroupLocation } from "../cgroup/paths.ts";
import { systemdResources } from "../cgroup/systemd/container.ts";
import { Systemd } from "../cgroup/systemd/driver.ts";
import type { SystemdResources } from "../cgroup/systemd/properties.ts";
import { currentHost } from "../host/current.ts";
import { native } from "../native/call.ts";
import type { ResourcesConfig } from "../oci/resources.ts";
import type { StateRecord } from "../state/record.ts";
import { systemdEnvironment } from "./cgroups.ts";

/**
 * Tells systemd about new limits of a container that it manages, so that it does not put back the old ones.
 * The resources as they are to be written to the cgroup's files afterwards.
 */
export function tellSystemd(record: StateRecord, resources: ResourcesConfig): SystemdResources {
  const { systemdUnit } = record.bunc;
  if (systemdUnit === "") return { properties: [], resources, warnings: [] };
  const systemd = Systemd.connect(native, systemdEnvironment(record.rootless));
  const converted = systemdResources(currentHost().cgroup, resources, systemd);
  systemd.setProperties(systemdUnit, converted.properties);
  systemd.close();
  return converted;
}

/**
 * Moves a process into one of a container's cgroups through systemd: a user may not move it there himself, because
 * his session and his services have only root's cgroups in common.
 */
export function attachThroughSystemd(record: StateRecord, { path }: CgroupLocation, pid: number): void {
  const { systemdUnit } = record.bunc;
  const parts = path.split("/");
  const systemd = Systemd.connect(native, systemdEnvironment(record.rootless));
  systemd.attach(systemdUnit, parts.slice(parts.indexOf(systemdUnit) + 1).join("/"), [pid]);
  systemd.close();
}

/** With the cgroups that systemd has made for it. */
export function stopUnit(record: StateRecord): void {
  const systemd = Systemd.connect(native, systemdEnvironment(record.rootless));
  systemd.stopUnit(record.bunc.systemdUnit);
  systemd.close();
}
