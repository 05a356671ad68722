/** The cgroups of a container: those that a new one gets, and those of a recorded one. */

import { mountsDevices } from "../cgroup/devices.ts";
import { type CgroupDriver, type CgroupManager, type DriverOptions, openManager } from "../cgroup/manager.ts";
import { removeCgroups } from "../cgroup/operate.ts";
import { type CgroupLocation, locationsOfPaths } from "../cgroup/paths.ts";
import { systemdResources } from "../cgroup/systemd/container.ts";
import { Systemd, type SystemdEnvironment } from "../cgroup/systemd/driver.ts";
import type { SystemdResources } from "../cgroup/systemd/properties.ts";
import { currentHost } from "../host/current.ts";
import { native } from "../native/call.ts";
import type { Config } from "../oci/config.ts";
import type { ResourcesConfig } from "../oci/resources.ts";
import type { StateRecord } from "../state/record.ts";

export function cgroupsOf(record: StateRecord): CgroupLocation[] {
  return locationsOfPaths(currentHost().cgroup, record.cgroup_paths);
}

/** What the configuration and this host say about the cgroups of a new container. */
export function driverOptions(
  id: string,
  config: Config,
  driver: CgroupDriver,
  rootless: boolean,
): DriverOptions {
  const host = currentHost();
  return {
    driver,
    facts: host.cgroup,
    id,
    cgroupsPath: config.linux.cgroupsPath,
    resources: config.linux.resources,
    devicePaths: config.linux.devices.map(({ path }) => path),
    mountsDevices: mountsDevices(config.mounts),
    inUserNamespace: host.inUserNamespace,
    rootless,
    annotations: config.annotations,
  };
}

export function newCgroups(
  id: string,
  config: Config,
  driver: CgroupDriver,
  rootless: boolean,
): CgroupManager {
  const owner = cgroupOwner(config);
  return openManager(native, {
    ...driverOptions(id, config, driver, rootless),
    systemd: systemdEnvironment(rootless),
    owner: owner === currentHost().euid ? undefined : owner,
  });
}

/** The user of the host who runs in the container, where that one may manage the container's cgroup. */
function cgroupOwner({ process, mounts, linux }: Config): number | undefined {
  const own = linux.namespaces.some(({ type, path }) => type === "cgroup" && path === "");
  const writable = mounts.some(
    ({ type, destination, options }) =>
      type === "cgroup" && destination === "/sys/fs/cgroup" && !(options ?? []).includes("ro"),
  );
  if (!own || !writable || process === undefined) return undefined;
  const { uid } = process.user;
  if (!linux.namespaces.some(({ type }) => type === "user")) return uid;
  for (const { containerID, hostID, size } of linux.uidMappings ?? []) {
    if (uid >= containerID && uid < containerID + size) return hostID + uid - containerID;
  }
  return undefined;
}

export function systemdEnvironment(rootless: boolean): SystemdEnvironment {
  return { rootless, euid: currentHost().euid, variables: Bun.env };
}

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

/** Removes a recorded container's cgroups, whoever has made them; who is in them is dead already. */
export function removeCgroupsOf(record: StateRecord): void {
  const { systemdUnit } = record.bunc;
  if (systemdUnit !== "") {
    const systemd = Systemd.connect(native, systemdEnvironment(record.rootless));
    systemd.stopUnit(systemdUnit);
    systemd.close();
  }
  removeCgroups(native, cgroupsOf(record));
}
